"""The text of a document by the letter of the protocol: one character after the other, no codecs."""

from __future__ import annotations

import random
from typing import Any

# Line ends, what only Python takes for line ends, and characters of every width.
ALPHABET = "ab_. \t\n\n\r\r\n\x0b\x0c\x1c\x85\u2028\u2029é\u0301漢\uffff😀𝒳\U0010ffff"
ENCODINGS = ("utf-8", "utf-16", "utf-32")


def width(character: str, encoding: str) -> int:
    """Return how many units a character has."""
    code = ord(character)
    if encoding == "utf-8":
        return 1 + (code >= 0x80) + (code >= 0x800) + (code >= 0x10000)
    return 1 + (encoding == "utf-16" and code >= 0x10000)


def lines(text: str) -> list[tuple[int, int]]:
    """Return start and end of every line, without its line end."""
    found, start, at = [], 0, 0
    while at < len(text):
        if text[at] not in "\r\n":
            at += 1
            continue
        found.append((start, at))
        at += 2 if text[at : at + 2] == "\r\n" else 1
        start = at
    return [*found, (start, len(text))]


def offset(text: str, line: int, character: int, encoding: str) -> int:
    """Return the offset of a position, clamped."""
    if line >= len(lines(text)):
        return len(text)
    at, end = lines(text)[line]
    while at < end and character >= width(text[at], encoding):
        character -= width(text[at], encoding)
        at += 1
    return at


def position(text: str, at: int, encoding: str) -> dict[str, int]:
    """Return the position of an offset."""
    line = max(number for number, (start, _) in enumerate(lines(text)) if start <= at)
    start = lines(text)[line][0]
    return {"line": line, "character": sum(width(c, encoding) for c in text[start:at])}


def random_text(chance: random.Random, longest: int) -> str:
    """Return a text of nasty characters."""
    return "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(longest)))


def random_edit(chance: random.Random, text: str, encoding: str) -> tuple[dict[str, Any], str]:
    """Return a change as a client would send it, and the client's text after it.

    One in five positions lies outside its line or behind the last one.
    """
    new = random_text(chance, 12)
    if chance.random() < 0.03:
        return {"text": new}, new
    ends = []
    for _ in range(2):
        place = position(text, chance.randrange(len(text) + 1), encoding)
        if chance.random() < 0.2:
            place["character"] += chance.randrange(5)
            place["line"] += chance.randrange(2)
        ends.append((place["line"], place["character"]))
    ends.sort()
    start, end = (offset(text, line, character, encoding) for line, character in ends)
    places = [{"line": line, "character": character} for line, character in ends]
    change = {"range": {"start": places[0], "end": places[1]}, "text": new}
    return change, text[:start] + new + text[end:]
