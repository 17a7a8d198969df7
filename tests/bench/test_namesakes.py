"""Which arguments are looked at, and how the rate is made."""

from __future__ import annotations

from pathlib import Path

from bench.namesakes import Outcome, as_table, places_of, summary

SOURCE = """\
outside(path)


def f(path, size):
    take(path, size + 1, *rest, late)
    take("a", mode=size, other=path)
    take(1, [path])
"""


def test_places_are_arguments_that_begin_with_names(tmp_path: Path) -> None:
    """Within functions, behind positional arguments alone; the rest of the line is left out."""
    file = tmp_path / "a.py"
    file.write_text(SOURCE, encoding="utf-8")
    found = list(places_of("group", file, tmp_path))
    assert sorted((place.typed.lstrip(), place.truth) for place in found) == [
        ("take(", "path"),
        ('take("a", ', "mode"),
        ("take(path, ", "size"),
    ]
    assert {place.below for place in found if place.truth == "mode"} == {"    take(1, [path])\n"}


def test_the_evaluation_packages_are_told_apart() -> None:
    """They change no rate that is used."""
    found = [Outcome("black", True)] * 9 + [Outcome("black", False)] + [Outcome("click", False)] * 5
    result = summary(found)
    assert (result["all together"]["sites"], result["all together"]["forbidden"]) == (10, 1)
    assert result["distributions"]["click"]["forbidden"] == 5
    assert "| click | 5 | 5 |" in as_table(result)
