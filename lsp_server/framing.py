"""Messages on a byte stream: headers, an empty line, a body (LSP 3.18, "Base Protocol").

Header names are compared without case and blanks around values are ignored, as in the HTTP
grammar the protocol refers to; pygls 2.1.1 knows one spelling only and has no size limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

# A 2 MB document needs at most 12 MB of JSON; whoever announces more than this is not an editor.
MAX_BODY = 64 * 2**20
# The two headers of the protocol take under a hundred bytes.
MAX_HEADER_LINE = 4096

# Searched, not matched: behind a body without a header the next header stands in mid-line.
_CONTENT_LENGTH = re.compile(rb"(?<![\w-])content-length[ \t]*:[ \t]*([0-9]{1,18})[ \t]*\r?\n\Z", re.IGNORECASE)
_CHUNK = 2**20


@dataclass(frozen=True)
class Malformed:
    """Bytes that are no message.

    Attributes:
        cause: What is wrong with them, without quoting them.
    """

    cause: str


def read_frames(stream: BinaryIO) -> Iterator[bytes | Malformed]:
    """Yield bodies until the stream ends; what cannot be one is skipped and named.

    A frame cut short by the end of the stream is dropped silently: its sender has died.
    """
    while (length := _read_header(stream)) is not None:
        if length < 0:
            yield Malformed("header without a valid Content-Length")
        elif length > MAX_BODY:
            _skip(stream, length)
            yield Malformed(f"message of {length} bytes, {MAX_BODY} are allowed")
        elif len(body := stream.read(length)) == length:
            yield body


def _read_header(stream: BinaryIO) -> int | None:
    """Return the announced length, -1 if the header has none, None at the end of the stream."""
    length, lines = -1, 0
    while line := _read_line(stream):
        if line in (b"\r\n", b"\n"):
            if lines:
                return length
            continue
        lines += 1
        if found := _CONTENT_LENGTH.search(line):
            length = int(found.group(1))
    return None


def _read_line(stream: BinaryIO) -> bytes:
    """Return the next line, or the end of one that is too long to be a header."""
    line = piece = stream.readline(MAX_HEADER_LINE)
    while piece and not piece.endswith(b"\n"):
        piece = stream.readline(MAX_HEADER_LINE)
        line = (line + piece)[-MAX_HEADER_LINE:]
    return line


def _skip(stream: BinaryIO, length: int) -> None:
    while length > 0 and (chunk := stream.read(min(length, _CHUNK))):
        length -= len(chunk)
