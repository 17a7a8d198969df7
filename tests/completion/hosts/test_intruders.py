"""Who is not let in: garbage, strangers, other versions, other users."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from completion.hosts import control, messages
from completion.hosts.address import connect, listen
from completion.hosts.build import build_id
from completion.hosts.channel import Channel
from completion.hosts.errors import EngineError
from completion.hosts.finding import Finder
from completion.hosts.handshake import admit, introduce
from completion.hosts.messages import AskStatus, Complete, Malformed, Message, Proof, Welcome
from completion.hosts.remote import RemoteService
from completion.hosts.run_folder import EngineFiles, Record, run_folder
from completion.types import CompletionRequest, Document
from tests.completion.hosts.scripted_engine import SETTINGS

Front = Callable[..., RemoteService]
OnlyEngine = Callable[[], EngineFiles]

REQUEST = CompletionRequest(Document("/a.py", "echo fine"), 0, "/")
SECRET = secrets.token_hex(32)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0",
        b"\0\0\0\x05",
        b"\xff\xff\xff\xff" + bytes(100),
        b"\0\0\0\x02{}",
        b"\0\0\0\x09not json!",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0\0\0\x24" + b'{"message":"AskStatus"}             ',
        secrets.token_bytes(5000),
    ],
)
def test_garbage(front: Front, only_engine: OnlyEngine, data: bytes) -> None:
    """Before the handshake, whatever comes costs its own connection and nothing else."""
    service = front()
    record = only_engine().read_record()
    assert record is not None
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(record.address.removeprefix("unix:"))
        stranger.sendall(data)
        stranger.shutdown(socket.SHUT_WR)
        stranger.settimeout(5)
        while stranger.recv(10_000):
            pass
    assert service.complete_now(REQUEST).text == "fine"


def test_garbage_from_a_front(front: Front, only_engine: OnlyEngine) -> None:
    """Also a front that was let in loses only its own connection by it, or by a message too long."""
    service = front()
    record = only_engine().read_record()
    assert record is not None

    async def misbehave(data: bytes) -> None:
        channel = await connect(record.address)
        await introduce(channel, record.secret)
        channel._writer.write(data)
        while await channel.receive() is not None:
            pass
        channel.abort()

    for data in (b"\xff\xff\xff\xff", b"\0\0\0\x03[1]", frame(Welcome("x"))):
        asyncio.run(misbehave(data))
    assert service.complete_now(REQUEST).text == "fine"


def test_a_front_that_stands_still_keeps_no_engine_from_ending(front: Front, only_engine: OnlyEngine) -> None:
    """It takes nothing of what the engine has to say."""
    front()
    files = only_engine()
    record = files.read_record()
    assert record is not None

    async def stand_still() -> None:
        channel = await connect(record.address)
        await introduce(channel, record.secret)
        channel._writer.transport.pause_reading()
        for _ in range(5000):
            channel.send(AskStatus())
        await channel._writer.drain()
        os.kill(record.pid, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while files.is_running() and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        channel.abort()
        assert time.monotonic() < deadline

    asyncio.run(stand_still())


def frame(message: Message) -> bytes:
    data = messages.encode(message)
    return len(data).to_bytes(4, "big") + data


@pytest.mark.parametrize("path", ["s", "long" * 50])
def test_secrets(folder: Path, path: str) -> None:
    """On both kinds of address a side that does not know the secret is refused, and gets no source."""
    got: list[Message | None] = []

    async def main() -> None:
        listener, address = listen(folder / path)
        assert address.startswith("tcp:" if len(path) > 100 else "unix:")
        done = asyncio.Event()

        async def impostor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            channel = Channel(reader, writer)
            channel.send(messages.Challenge(messages.PROTOCOL, "", "00"))
            got.append(await channel.receive())
            channel.send(Welcome("00"))
            got.append(await channel.receive())
            await channel.close()
            done.set()

        async with await asyncio.start_server(impostor, sock=listener):
            channel = await connect(address)
            with pytest.raises(Malformed, match="an engine that does not know the secret"):
                await introduce(channel, SECRET)
            channel.abort()
            await done.wait()

    asyncio.run(main())
    assert isinstance(got[0], messages.Proof)
    assert got[1:] == [None]


@pytest.mark.parametrize("proof", [None, "é", "\ud800", ""])
def test_a_front_without_the_secret(folder: Path, proof: str | None) -> None:
    """It is not let in, whatever it sends for a proof; None: one that another secret makes."""

    async def main() -> None:
        listener, address = listen(folder / "s")
        refused = asyncio.get_running_loop().create_future()

        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            channel = Channel(reader, writer)
            try:
                await admit(channel, SECRET, "")
            except Malformed as error:
                refused.set_result(str(error))
            await channel.close()

        async with await asyncio.start_server(meet, sock=listener):
            channel = await connect(address)
            if proof is not None:
                channel.send(Proof("nonce", proof))
            with pytest.raises(ConnectionAbortedError):
                await introduce(channel, secrets.token_hex(32))
            channel.abort()
            assert await refused == "a front that does not know the secret"

    asyncio.run(main())


def test_a_dead_engines_port_that_another_program_has_now(front: Front, folder: Path) -> None:
    """What that one says is no reason to do without an engine."""
    with socket.create_server(("127.0.0.1", 0)) as stranger:

        def greet() -> None:
            with contextlib.suppress(OSError):
                while True:
                    visitor, _ = stranger.accept()
                    with visitor:
                        visitor.sendall(b"220 mail.example ESMTP\r\n")

        threading.Thread(target=greet, daemon=True).start()
        files = EngineFiles(folder, SETTINGS.key(build_id()))
        files.lock.touch()
        files.write_record(Record(1, f"tcp:{stranger.getsockname()[1]}", SECRET, 0.0))
        assert front().complete_now(REQUEST).text == "fine"


def test_another_version(front: Front, only_engine: OnlyEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine of another build is not found; if it were, it would get no source; status and stop reach it."""
    front()
    files = only_engine()
    newer = Finder(SETTINGS, ("false",), files.folder, "another build")
    assert asyncio.run(newer.find()) is None
    monkeypatch.setattr(Finder, "files", files)
    with pytest.raises(EngineError, match="another version"):
        asyncio.run(newer.find())
    monkeypatch.setattr("completion.hosts.handshake.PROTOCOL", messages.PROTOCOL + 1)
    assert control.status_of(files) is None
    assert control.stop(files)


def test_changed_program(folder: Path) -> None:
    """A front whose program has been replaced starts no engine of the new one."""
    outdated = Finder(SETTINGS, ("false",), folder, "what was imported")
    with pytest.raises(EngineError, match="changed while this program ran"):
        asyncio.run(outdated.find_or_start())


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_that_others_may_use(folder: Path, mode: int) -> None:
    """It is refused, before anything in it is read."""
    folder.chmod(mode)
    with pytest.raises(EngineError, match="may be used by others"):
        run_folder()
    folder.chmod(0o700)


def test_a_folder_of_another_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused, and so is a link to one."""
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    with pytest.raises(EngineError, match="may be used by others"):
        run_folder()
    monkeypatch.undo()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    (folder / "verifill").symlink_to(folder)
    with pytest.raises(EngineError, match="may be used by others"):
        run_folder()
    (folder / "verifill").unlink()


def test_files_are_the_users_alone(front: Front, only_engine: OnlyEngine) -> None:
    """Folder, record, lock, log and socket admit nobody else."""
    front()
    folder = only_engine().folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.suffix: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        (".json", ".lock", ".log", ".sock"), 0o600
    )


def test_every_message_arrives_as_sent() -> None:
    """Also with every field of a request away from its default."""
    request = dataclasses.replace(REQUEST, monitors=("a",), drafters=(), environment="/usr/bin/python", facts="live")
    sent = Complete(7, request)
    assert messages.decode(messages.encode(sent)) == sent
