"""What is counted, and what never is."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from http_api.metrics import exposition
from http_api.statistics import BUCKETS, RECENT, Statistics, percentile
from tests.verifill.samples import NOTHING, RESULT

SECRET = "hush_hush"


def read(statistics: Statistics, active: int = 0) -> dict[tuple[str, str], float]:
    """Return the samples of the metrics by name and label's value, as Prometheus reads them."""
    families = text_string_to_metric_families(exposition(statistics, active).decode())
    return {(s.name, ",".join(s.labels.values())): s.value for family in families for s in family.samples}


def test_percentiles() -> None:
    """Each is a latency that was there; of nothing there is none."""
    assert percentile([], 50) is None
    assert percentile([0.2], 99) == 200
    assert [percentile([n / 1000 for n in range(1, 101)], share) for share in (50, 90, 99)] == [50, 90, 99]


def test_results_add_up() -> None:
    """Counters of results are summed, by name where they have names, and silence is counted by its reason."""
    statistics = Statistics(clock=iter([10.0, 13.0, 13.0]).__next__)
    statistics.completed(RESULT, 0.2)
    statistics.completed(RESULT, 0.4)
    statistics.completed(NOTHING, 60.0)
    statistics.completed(replace(NOTHING, counters={}), None)
    summary = statistics.summary()
    assert summary["completions"] == 4
    assert summary["uptime_s"] == 3
    assert summary["latency_ms"] == {"p50": 400, "p90": 60000, "p99": 60000}
    assert summary["recent_ms"] == [200, 400, 60000]
    assert (summary["new_tokens"], summary["forward_passes"]) == (24, 12)
    assert summary["accepted"] == {"heal": 3, "monitor": 6, "copyspec": 3}
    assert summary["facts"]["on_time"] == 3
    assert summary["reasons"] == {"no_legal_continuation": 2}


def test_memory_is_bounded() -> None:
    """Only the newest latencies are kept."""
    statistics = Statistics()
    for _ in range(RECENT + 5):
        statistics.completed(NOTHING, 1.0)
    statistics.completed(NOTHING, 2.0)
    assert statistics.summary()["completions"] == RECENT + 6
    assert len(statistics._recent) == RECENT


def test_metrics() -> None:
    """Prometheus reads the same counts; the classes of latencies are cumulated and end at all of them."""
    statistics = Statistics()
    for seconds in (0.1, 0.15, 99.0):
        statistics.completed(RESULT, seconds)
    statistics.replies["/infill", 429] += 2
    statistics.events["select"] += 1
    found = read(statistics, active=3)
    assert found["verifill_active_requests", ""] == 3
    assert found["verifill_completion_seconds_count", ""] == 3
    assert found["verifill_completion_seconds_bucket", "0.1"] == 1
    assert found["verifill_completion_seconds_bucket", "0.2"] == 2
    assert found["verifill_completion_seconds_bucket", str(BUCKETS[-1])] == 2
    assert found["verifill_completion_seconds_bucket", "+Inf"] == 3
    assert found["verifill_replies_total", "/infill,429"] == 2
    assert found["verifill_denied_total", "dereference"] == 6
    assert found["verifill_shown_total", "select"] == 1


def test_nothing_of_a_request_is_in_them(client: TestClient) -> None:
    """Neither texts nor paths nor headers nor unknown addresses become labels or values."""
    client.post("/v1/complete", json={"path": f"{SECRET}.py", "text": SECRET, "offset": 4})
    client.post("/v1/completions", json={"prompt": SECRET, "suffix": SECRET, "user": SECRET})
    client.post("/v1/events", json={"type": SECRET, "completion_id": SECRET})
    client.get(f"/{SECRET}", headers={"User-Agent": SECRET})
    client.get("/v1/models", headers={"Authorization": f"Bearer {SECRET}"})
    metrics, stats = client.get("/metrics"), client.get("/v1/stats")
    assert SECRET not in metrics.text + stats.text
    assert metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert stats.json()["completions"] == 2
    assert stats.json()["replies"] == {"200": 4, "401": 1, "404": 1}
    assert stats.json()["events"] == {"view": 0, "select": 0, "dismiss": 0}
