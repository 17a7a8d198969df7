"""Frames on a byte stream."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server import framing
from lsp_server.framing import MAX_BODY, Malformed, read_frames

NO_LENGTH = Malformed("header without a valid Content-Length")


def check(data: bytes, *expected: bytes | Malformed) -> None:
    assert list(read_frames(io.BytesIO(data))) == list(expected)


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 2\r\n\r\n",
        b"content-length:2\r\n\r\n",
        b"CONTENT-LENGTH :  2 \r\n\r\n",
        b"Content-Length: 2\n\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\nX-Other: " + b"y" * 10_000 + b"\r\n\r\n",
        b"\r\n\r\nContent-Length: 2\r\n\r\n",
    ],
)
def test_headers_as_clients_spell_them(header: bytes) -> None:
    """Case, blanks, other headers and bare line feeds make no difference."""
    check(header + b"{}" + header + b"[]", b"{}", b"[]")


@pytest.mark.parametrize(
    "noise",
    [
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: two\r\n\r\n",
        b"Content-Length: 1000000000000000000000000\r\n\r\n",
        b"X-Content-Length: 2\r\n\r\n",
        b"hello\r\n\r\n",
        b"\xff" * 10_000 + b"\r\n\r\n",
        b"Content-Type: text\r\n\r\n{}Content-Type: text\r\n\r\n",
    ],
)
def test_what_is_no_header_is_named_once_and_skipped(noise: bytes) -> None:
    """The next message is read."""
    frames = list(read_frames(io.BytesIO(noise + b"Content-Length: 2\r\n\r\n{}")))
    assert frames[-1] == b"{}"
    assert set(frames[:-1]) == {NO_LENGTH}


def test_a_message_after_a_body_without_header() -> None:
    """A header is found behind the body of the message before, which had none."""
    check(b'Oops: 1\r\n\r\n{"a":1}Content-Length: 2\r\n\r\n{}', NO_LENGTH, b"{}")


def test_a_message_of_absurd_size_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never held in memory, and the one behind it is read."""
    monkeypatch.setattr(framing, "MAX_BODY", 10)
    data = b"Content-Length: 11\r\n\r\n" + b"x" * 11 + b"Content-Length: 10\r\n\r\n" + b"y" * 10
    check(data, Malformed("message of 11 bytes, 10 are allowed"), b"y" * 10)


def test_a_size_that_never_comes() -> None:
    """The stream ends, and so does the reading."""
    cause = f"message of {MAX_BODY + 1} bytes, {MAX_BODY} are allowed"
    check(b"Content-Length: %d\r\n\r\n{}" % (MAX_BODY + 1), Malformed(cause))


@pytest.mark.parametrize("data", [b"", b"Content-Le", b"Content-Length: 2\r\n", b"Content-Length: 2\r\n\r\n{"])
def test_a_stream_that_ends_in_the_middle(data: bytes) -> None:
    """What is cut short is dropped."""
    check(data)


@given(st.lists(st.binary(max_size=50)))
def test_any_bodies_come_through(bodies: list[bytes]) -> None:
    """Bodies are bytes: they may look like headers."""
    check(b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies), *bodies)
