"""Fronts and a scripted engine, in real processes on a real socket."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from completion.hosts import control
from completion.hosts.build import build_id
from completion.hosts.errors import EngineError
from completion.hosts.finding import Finder
from completion.hosts.remote import MOST_ENGINES, RemoteService
from completion.hosts.run_folder import EngineFiles, engines
from completion.types import CancelToken, CompletionRequest, Document, Reason
from models.errors import ModelError
from tests.completion.hosts.conftest import SCRIPTED, pid_of
from tests.completion.hosts.scripted_engine import SETTINGS

Front = Callable[..., RemoteService]
OnlyEngine = Callable[[], EngineFiles]

PATIENCE_S = 20.0


def request(text: str) -> CompletionRequest:
    return CompletionRequest(Document("/project/a.py", text), 0, "/project")


def until(condition: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.01)


def heard(files: EngineFiles) -> dict[str, object]:
    """Return what the scripted service has heard."""
    values = control.status_of(files)
    assert values is not None
    return dict(values["service"])


def test_answers(front: Front) -> None:
    """Texts go to the engine and back as they are, also what no encoding likes."""
    service = front()
    for text in ("plain", "<|fim_middle|>\r\n\f\0", "\ud800 \U0001f600", "x" * 3_000_000):
        result = service.complete_now(request(f"echo {text}"))
        assert result.text == text
    assert (service.model, service.device, result.dtype) == ("scripted", "none", "words")


def test_fronts_that_race_get_one_engine(front: Front, only_engine: OnlyEngine) -> None:
    """However many windows open at once, one model is loaded, and all are served."""
    with ThreadPoolExecutor(5) as windows:
        services = list(windows.map(lambda _: front(), range(5)))
    answers = {service.complete_now(request("echo")).counters["pid"] for service in services}
    assert answers == {pid_of(only_engine())}
    values = control.status_of(only_engine())
    assert values is not None
    assert values["fronts"] == 5


@pytest.mark.parametrize(
    ("word", "kind", "text"),
    [
        ("value", ValueError, "offset 9 lies outside"),
        ("model", ModelError, "model x computes no numbers"),
        ("bug", EngineError, "internal error in the engine, KeyError in complete, line N; please report it"),
    ],
)
def test_errors(front: Front, word: str, kind: type[Exception], text: str) -> None:
    """Errors for users arrive as in one process; a bug's text, which may quote code, stays where it is."""
    with pytest.raises(kind) as caught:
        front().complete_now(request(f"{word} {text if kind is not EngineError else 'secret'}"))
    assert re.sub(r"line \d+", "line N", str(caught.value)) == text


def test_a_model_that_cannot_be_loaded(front: Front, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every front is told why, in the model's own words, and the engine ends."""
    monkeypatch.setenv("SCRIPTED_FAILURE", "no folder ./gone; give one")
    with pytest.raises(ModelError) as caught:
        front()
    assert str(caught.value) == "no folder ./gone; give one"
    until(lambda: not list(engines(folder)))


def test_killed_engine(front: Front, only_engine: OnlyEngine) -> None:
    """An engine that is killed costs a pause: open requests are sent to the next one, by every front."""
    services = [front() for _ in range(3)]
    first = pid_of(only_engine())

    async def main() -> list[object]:
        flag = str(only_engine().folder / "died")
        asked = [service.complete(request(f"die-once {flag}"), CancelToken()) for service in services]
        return [result.counters["pid"] for result in await asyncio.gather(*asked)]

    (second,) = set(asyncio.run(main()))
    assert second == pid_of(only_engine()) != first


def test_killed_while_nobody_asks(front: Front, only_engine: OnlyEngine) -> None:
    """Without a request no engine is started again; with the next one it is."""
    service = front()
    files = only_engine()
    os.kill(pid_of(files), signal.SIGKILL)
    until(lambda: not files.is_running())
    time.sleep(0.1)
    assert not files.is_running()
    assert service.complete_now(request("echo back")).text == "back"


def test_a_request_that_kills_engines(front: Front) -> None:
    """It is given up after some engines; others that were open then are answered."""
    service = front()
    with pytest.raises(EngineError, match=f"{MOST_ENGINES} engines have died over this request"):
        service.complete_now(request("die"))
    assert service.complete_now(request("echo alive")).text == "alive"


def test_cancel(front: Front, only_engine: OnlyEngine) -> None:
    """A cancelled request ends at the engine, too, and its answer comes."""

    async def main() -> None:
        cancel = CancelToken()
        asked = asyncio.create_task(front().complete(request("wait"), cancel))
        await asyncio.sleep(0.1)
        assert not asked.done()
        cancel.cancel()
        assert (await asked).reason is Reason.CANCELLED

    asyncio.run(main())
    assert heard(only_engine())["cancelled"] == 1


def test_a_front_that_leaves(front: Front, only_engine: OnlyEngine) -> None:
    """What a front still waits for is cancelled at the engine, which stays for the others."""
    service, other = front(), front()

    async def main() -> None:
        asked = asyncio.create_task(service.complete(request("wait"), CancelToken()))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(service.close)
        assert (await asked).reason is Reason.CANCELLED

    asyncio.run(main())
    until(lambda: heard(only_engine())["cancelled"] == 1)
    assert other.complete_now(request("echo here")).text == "here"
    assert service.complete_now(request("echo gone")).reason is Reason.CANCELLED


def test_warm(front: Front, only_engine: OnlyEngine) -> None:
    """A wish to prepare arrives; nobody waits for it."""
    front().warm(request("likely"))
    until(lambda: heard(only_engine())["warmed"] == ["likely"])


def test_while_the_model_loads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A front hears what is done meanwhile, and a request waits for it."""
    monkeypatch.setenv("SCRIPTED_LOADING", "0.5")
    said: list[str] = []
    finder = Finder(SETTINGS, SCRIPTED, folder, build_id())
    service = RemoteService(finder.find_or_start, said.append)
    assert service.complete_now(request("echo patient")).text == "patient"
    service.close()
    assert said == ["reading the script"]


def test_an_idle_engine_ends(front: Front, folder: Path) -> None:
    """It leaves nothing behind, and comes back when it is wanted, without the front's doing."""
    service = front("0.2")
    until(lambda: not list(engines(folder)))
    assert list(folder.iterdir()) == []
    assert service.complete_now(request("echo again")).text == "again"


def test_stop(front: Front, folder: Path, only_engine: OnlyEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A running engine can be ended, also one that hangs."""
    monkeypatch.setattr(control, "PATIENCE_S", 0.5)
    front()
    os.kill(pid_of(only_engine()), signal.SIGSTOP)
    assert control.stop(only_engine())
    assert list(engines(folder)) == []


def test_the_engine_is_not_the_fronts_child(front: Front, only_engine: OnlyEngine) -> None:
    """It has a session of its own, so neither Ctrl-C in a terminal nor the terminal's end reaches it."""
    front()
    pid = pid_of(only_engine())
    assert os.getsid(pid) == pid != os.getsid(0)


def test_nothing_of_the_code_is_logged(front: Front, only_engine: OnlyEngine) -> None:
    """Bugs and dying engines leave no word of a document in the log, which is the user's alone."""
    service = front()
    for text in ("bug topsecret", "value topsecret", "die topsecret"):
        with pytest.raises((EngineError, ValueError)):
            service.complete_now(request(text))
    service.complete_now(request("echo topsecret"))
    log = only_engine().log
    assert "topsecret" not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
