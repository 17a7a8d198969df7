"""Fronts and a scripted engine, in real processes on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from completion.hosts import control
from completion.hosts.build import build_id
from completion.hosts.channel import Channel
from completion.hosts.errors import EngineError
from completion.hosts.finding import Finder
from completion.hosts.flight import Flight
from completion.hosts.remote import MOST_ENGINES, RemoteService
from completion.hosts.run_folder import EngineFiles, engines
from completion.types import CancelToken, CompletionRequest, Document, Reason, Trigger
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


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


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
    assert (service.model, service.device, result.dtype, service.context) == ("scripted", "none", "words", 512)


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
        ("unspeakable", EngineError, "internal error in the engine, TypeError in default, line N; please report it"),
    ],
)
def test_errors(front: Front, word: str, kind: type[Exception], text: str) -> None:
    """Errors for users arrive as in one process; a bug's text, which may quote code, stays where it is."""
    with pytest.raises(kind) as caught:
        front().complete_now(request(f"{word} {text if kind is not EngineError else 'secret'}"))
    assert re.sub(r"line \d+", "line N", str(caught.value)) == text


@pytest.mark.parametrize("text", ["echo back", "value nonsense"])
def test_no_document_is_kept(front: Front, text: str) -> None:
    """Answered or not, none waits for the garbage collector."""
    service = front()
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            with contextlib.suppress(ValueError):
                asyncio.run(service.complete(request(text), CancelToken()))
        until(lambda: not any(type(thing) is Flight for thing in gc.get_objects()))
    finally:
        gc.enable()


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


@pytest.mark.parametrize("suffix", ["lock", "sock", "json"])
def test_an_engine_that_cannot_be_found_any_more_makes_room(
    front: Front, only_engine: OnlyEngine, folder: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """Whatever tidied its files away: windows that are open and new ones share the next engine."""
    monkeypatch.setenv("SCRIPTED_LOOK", "0.05")
    service = front()
    first = pid_of(only_engine())
    (lost,) = folder.glob(f"*.{suffix}")
    lost.unlink()
    until(lambda: not is_alive(first))
    services = (front(), service)
    assert {one.complete_now(request("echo")).counters["pid"] for one in services} == {pid_of(only_engine())}


def test_an_engine_that_was_not_found_leaves_its_successors_files(
    front: Front, only_engine: OnlyEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have the names of its own."""
    monkeypatch.setenv("SCRIPTED_LOOK", "3600")
    front()
    first = pid_of(only_engine())
    for lost in folder.iterdir():
        lost.unlink()
    front()
    second = pid_of(only_engine())
    os.kill(first, signal.SIGTERM)
    until(lambda: not is_alive(first))
    assert front().complete_now(request("echo")).counters["pid"] == second


def test_a_text_is_told_while_it_is_written(front: Front) -> None:
    """Each front hears of its own texts, in order and before the answer; who did not ask hears nothing."""
    service = front()
    texts = ("\ud800\U0001f600", "abc", "secret")
    heard: list[list[str]] = [[] for _ in texts]

    async def main() -> list[str]:
        asked = [
            service.complete(request(f"tell {text}"), CancelToken(), None if text == "secret" else told.append)
            for text, told in zip(texts, heard, strict=True)
        ]
        return [result.text for result in await asyncio.gather(*asked)]

    assert asyncio.run(main()) == list(texts)
    assert heard == [["\ud800", "\ud800\U0001f600"], ["a", "ab", "abc"], []]


def test_traces(front: Front, only_engine: OnlyEngine) -> None:
    """What is remembered comes back whole; where the engine has ended, none is started to be asked."""
    service = front()
    wanted = replace(request("echo"), remembered=True)
    trace = asyncio.run(service.trace(wanted))
    assert trace is not None
    assert trace.rewritings[0].text == "echo"
    assert asyncio.run(service.trace(request("echo"))) is None
    files = only_engine()
    os.kill(pid_of(files), signal.SIGKILL)
    until(lambda: not files.is_running())
    time.sleep(0.1)
    assert asyncio.run(service.trace(wanted)) is None
    assert not files.is_running()


def test_an_engine_that_dies_while_it_tells(front: Front) -> None:
    """Another one might write something else: the request fails, and the next one has another engine."""
    service, told = front(), list[str]()
    with pytest.raises(EngineError, match="the engine has ended while it wrote; ask again"):
        asyncio.run(service.complete(request("tell-die abc"), CancelToken(), told.append))
    assert told == ["a", "ab", "abc"]
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


def test_asking_while_another_thread_closes(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is left without an answer."""
    service = front()
    hand_over = asyncio.run_coroutine_threadsafe

    def slowly(coroutine: Any, loop: asyncio.AbstractEventLoop) -> Any:
        closing.start()
        closing.join(0.2)
        return hand_over(coroutine, loop)

    closing = threading.Thread(target=service.close)
    monkeypatch.setattr("completion.hosts.remote.asyncio.run_coroutine_threadsafe", slowly)
    assert service.complete_now(request("wait")).reason is Reason.CANCELLED
    closing.join()


def test_warm(front: Front, only_engine: OnlyEngine) -> None:
    """A wish to prepare arrives; nobody waits for it."""
    front().warm(request("likely"))
    until(lambda: heard(only_engine())["warmed"] == ["likely"])


def test_while_the_model_loads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A front hears what is done meanwhile, and a request waits for it."""
    monkeypatch.setenv("SCRIPTED_LOADING", "0.5")
    said: list[str] = []
    finder = Finder(SETTINGS, SCRIPTED, folder, build_id())
    service = RemoteService(finder.find_or_start, lambda: None, said.append)
    assert service.complete_now(request("echo patient")).text == "patient"
    service.close()
    assert said == ["reading the script"]


def test_an_idle_engine_ends(front: Front, folder: Path) -> None:
    """It leaves nothing behind, and comes back when it is wanted, without the front's doing."""
    service = front("0.2")
    until(lambda: not list(engines(folder)))
    assert list(folder.iterdir()) == []
    assert service.complete_now(request("echo again")).text == "again"


class Counting:
    """A front that counts how often it reaches for an engine."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.finder = Finder(SETTINGS, (*SCRIPTED, *arguments), folder, build_id())
        self.reached = 0
        self.service = RemoteService(self._reach, lambda: control.stop(self.finder.files))
        self.service.wait()

    async def _reach(self) -> Channel:
        self.reached += 1
        return await self.finder.find_or_start()


def test_an_engine_that_ended_for_being_idle_is_left_at_rest(folder: Path) -> None:
    """It was asked before, which is no reason to have another; preparing is none either, a user who comes back is."""
    front = Counting(folder, "0.5")
    assert front.service.complete_now(request("echo first")).text == "first"
    reached = front.reached
    until(lambda: not front.finder.files.is_running())
    time.sleep(0.3)
    front.service.warm(request("likely"))
    ahead = front.service.complete_now(replace(request("echo ahead"), trigger=Trigger.AHEAD))
    assert (front.reached, ahead.reason) == (reached, Reason.CANCELLED)
    front.service.wake()
    until(lambda: front.reached == reached + 1)
    front.service.close()


def test_an_engine_that_the_user_stopped_comes_back_for_a_request_alone(folder: Path) -> None:
    """Fronts that are connected do not start it again by themselves, not even for a user who comes back."""
    front = Counting(folder)
    front.service.complete_now(request("echo first"))
    assert control.stop(front.finder.files)
    time.sleep(0.3)
    front.service.wake()
    front.service.warm(request("likely"))
    time.sleep(0.3)
    assert front.reached == 1
    assert front.service.complete_now(request("echo again")).text == "again"
    assert front.reached == 2
    front.service.close()


def test_an_engine_that_is_stopped_while_it_loads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the model is told, and not left waiting."""
    monkeypatch.setenv("SCRIPTED_LOADING", "60")
    finder = Finder(SETTINGS, SCRIPTED, folder, build_id())
    service = RemoteService(finder.find_or_start, lambda: None)
    for _ in range(3):  # who asks is no front, and has left
        until(lambda: (control.status_of(finder.files) or {}).get("fronts") == 1)
    assert control.stop(finder.files)
    with pytest.raises(EngineError, match="the engine has ended while it loaded the model"):
        service.wait()
    service.close()


def test_an_engine_that_dies_while_it_loads_has_a_successor(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the model gets it from that one."""
    monkeypatch.setenv("SCRIPTED_LOADING", "0.5")
    finder = Finder(SETTINGS, SCRIPTED, folder, build_id())
    service = RemoteService(finder.find_or_start, lambda: None)
    until(lambda: (control.status_of(finder.files) or {}).get("fronts") == 1)
    os.kill(pid_of(finder.files), signal.SIGKILL)
    service.wait()
    assert service.complete_now(request("echo here")).text == "here"
    service.close()


def test_end(front: Front, only_engine: OnlyEngine) -> None:
    """The engine ends for all; others have another when they ask something."""
    service, other = front(), front()
    first = pid_of(only_engine())
    service.end()
    assert other.complete_now(request("echo here")).text == "here"
    assert pid_of(only_engine()) != first


def test_a_warning_about_the_model_reaches_the_fronts(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is, also later ones."""
    monkeypatch.setenv("SCRIPTED_WARNING", "this model cannot fill in")
    assert [front().warning, front().warning] == ["this model cannot fill in"] * 2


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
