"""Cut a text where it begins to go round in circles."""

from __future__ import annotations

from completion.layout import Layout

LONGEST_ROUND = 6
"""Lines of a round at most."""

ROUNDS = {1: 3}
"""How often a round of so many lines stands one after the other in what is cut; any longer one twice.

Two equal lines in a row are often meant: two calls of ``next``, two rows of a table."""

_LOOK_BACK = 12


def without_repeated_lines(text: str, layout: Layout) -> str:
    """Cut ``text`` behind the first round of lines that it then repeats, lines before the cursor included.

    Blank lines and lines without a letter or digit (brackets) are no round by themselves.
    """
    lines = text.split("\n")
    whole, first = _with_lines_above(text, layout)
    for end in range(first + 1, len(whole) + 1):
        for length in range(1, LONGEST_ROUND + 1):
            begun = _rounds_begin(whole[:end], length)
            if begun is not None:
                kept = max(0, begun + length - first)
                return "\n".join(lines[:kept])
    return text


def before_any_round(text: str, layout: Layout) -> str:
    """Return the lines of ``text`` that stay whatever lines follow: none that may be a repetition that has begun."""
    whole, first = _with_lines_above(text, layout)
    sure = min(len(whole) - _repeated(whole, length) for length in range(1, LONGEST_ROUND + 1))
    return "\n".join(without_repeated_lines(text, layout).split("\n")[: max(0, sure - first)])


def _with_lines_above(text: str, layout: Layout) -> tuple[list[str], int]:
    """Return the lines of ``text`` behind some of those before the cursor, and the number of these."""
    above = [line.rstrip() for line in layout.prefix.split("\n")[:-1][-_LOOK_BACK:]]
    return [*above, *(line.rstrip() for line in (layout.typed + text).split("\n"))], len(above)


def _repeated(lines: list[str], length: int) -> int:
    """Return how many lines at the end are each equal to the one ``length`` lines before."""
    place = len(lines)
    while place > length and lines[place - 1] == lines[place - 1 - length]:
        place -= 1
    return len(lines) - place


def _rounds_begin(lines: list[str], length: int) -> int | None:
    """Return where the rounds of ``length`` lines begin that ``lines`` end with; None if they end with none."""
    times = ROUNDS.get(length, 2)
    begun = len(lines) - times * length
    last = lines[-length:]
    if begun < 0 or not any(c.isalnum() for line in last for c in line) or not last[-1]:
        return None
    equal = all(lines[at : at + length] == last for at in range(begun, len(lines), length))
    return begun if equal else None
