"""``GET /metrics``: the statistics as Prometheus reads them.

No label is ever made of what a client sends: they are names of drafters, monitors, kinds of facts, reasons,
paths of this server, and statuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from http_api.statistics import BUCKETS, Statistics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_TOTALS = {
    "prompt_tokens": "Tokens of all prompts.",
    "prefilled_tokens": "Prompt tokens that were computed.",
    "reused_tokens": "Prompt tokens whose keys and values were still there.",
    "new_tokens": "Tokens written.",
    "forward_passes": "Forward passes behind the prompts.",
    "backtracks": "Lines that did not stand and were written again.",
}
_TALLIES = {
    "drafted": ("drafter", "Guessed tokens."),
    "accepted": ("drafter", "Guessed tokens that were right."),
    "denied": ("monitor", "Tokens that a monitor kept from being written."),
    "unknown": ("question", "Tokens at which a fact was lacking."),
    "facts": ("state", "Questions to the analysis, by what became of them."),
}


class _Collected(Collector):
    """Reads the statistics when it is asked."""

    def __init__(self, statistics: Statistics, active: int) -> None:
        self._statistics = statistics
        self._active = active

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        counts = self._statistics
        yield GaugeMetricFamily("verifill_uptime_seconds", "Seconds since the start.", counts.uptime)
        yield GaugeMetricFamily("verifill_active_requests", "Completions that are worked on.", self._active)
        yield _latencies(counts)
        replies = CounterMetricFamily("verifill_replies", "Replies.", labels=("path", "status"))
        for (path, status), count in sorted(counts.replies.items()):
            replies.add_metric((path, str(status)), count)
        yield replies
        yield _counter("silences", "reason", "Completions without text.", counts.reasons)
        yield _counter("shown", "event", "What clients told of completions that they have shown.", counts.events)
        for name, words in _TOTALS.items():
            yield CounterMetricFamily(f"verifill_{name}", words, counts.totals[name])
        for name, (label, words) in _TALLIES.items():
            yield _counter(name, label, words, counts.tallies[name])


def exposition(statistics: Statistics, active: int) -> bytes:
    """Return the metrics in Prometheus' text format.

    Args:
        statistics: The counts.
        active: Completions that are worked on.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(statistics, active))
    return bytes(generate_latest(registry))


def _counter(name: str, label: str, words: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"verifill_{name}", words, labels=(label,))
    for value, count in sorted(counts.items()):
        family.add_metric((value,), count)
    return family


def _latencies(counts: Statistics) -> Metric:
    family = HistogramMetricFamily("verifill_completion_seconds", "Seconds from request to result.")
    family.add_metric((), list(_cumulated(counts.classes)), counts.seconds)
    return family


def _cumulated(classes: Iterable[int]) -> Iterator[tuple[str, int]]:
    total = 0
    for limit, count in zip((*map(str, BUCKETS), "+Inf"), classes, strict=True):
        total += count
        yield limit, total
