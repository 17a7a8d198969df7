"""Which names a place can read, on small files with the place marked."""

from __future__ import annotations

import pytest

from analysis.python.scopes import Visible, visible_at

SOURCE = """\
from __future__ import annotations
import os.path, sys as system
from a import b as c, d
from e import *

EARLY = 1

class Account(Base):
    limit = 2
    $class

    def pay(self, amount: int, *rest, late=EARLY, **options) -> Result:
        before = 1
        with open(amount) as file, lock:
            for index, (key, *values) in rest:
                $loop
                inside = 2
        after = [$element for element in rest if (kept := element)]
        key_of = lambda item: $lambda
        self.attribute, table[0] = 1, 2
        match amount:
            case {"a": found, **others} | Point(x=captured) as whole:
                $case
        try:
            global shared
            shared = 1
        except* OSError as error:
            $except

    def other(self):
        hidden = 1
        def inner[T](parameter: T):
            $inner
        type Alias = int
        count: int = 3
        count += 1

$module
LATE = 2
def function(argument): pass
"""
MODULE = "annotations os system c d EARLY Account LATE function shared"
PAY = f"{MODULE} self amount rest late options before file index key values"


def visible(mark: str) -> Visible:
    """Look from a mark; the other marks are plain statements."""
    text = SOURCE
    for other in ("class", "loop", "element", "lambda", "case", "except", "inner", "module"):
        if other != mark:
            text = text.replace(f"${other}", "0")
    before, after = text.split(f"${mark}")
    return visible_at(f"{before}here{after}".encode(), len(before.encode()))


@pytest.mark.parametrize(
    ("mark", "names"),
    [
        ("module", "annotations os system c d EARLY Account shared"),
        ("class", "annotations os system c d EARLY Account shared limit"),
        ("loop", f"{PAY} inside"),
        ("element", f"{PAY} inside after element"),
        ("lambda", f"{PAY} inside after kept key_of found others Point x captured whole error item"),
        ("case", f"{PAY} inside after kept key_of found others Point x captured whole"),
        ("except", f"{PAY} inside after kept key_of found others Point x captured whole error"),
        ("inner", f"{MODULE} self hidden inner T parameter Alias count"),
    ],
)
def test_names(mark: str, names: str) -> None:
    """Scopes around are seen, the classes' own from inside functions are not; what is bound later only in loops."""
    found = visible(mark)
    assert found.names == set(names.split())
    assert found.stars == {"e"}


def test_where_the_place_is() -> None:
    """Whether it is in a class, or in a function that is."""
    assert [visible(mark).in_class for mark in ("module", "class", "lambda")] == [False, True, True]


def test_parts_of_a_header_belong_to_the_scope_around() -> None:
    """Defaults, bases and decorators are read outside; a name's own scope is not."""
    text = b"class A:\n    size = 1\n    def f(self, a=here): b = 1\n"
    assert visible_at(text, text.index(b"here")).names == {"A", "f", "size"}
    text = b"@here\ndef f(a): b = 1\n"
    assert visible_at(text, text.index(b"here")).names == set()
    text = b"class A(here): x = 1\n"
    assert visible_at(text, text.index(b"here")).names == {"A"}


@pytest.mark.parametrize("broken", ["def f(a, b:\n    here\n", "def f(a):\n  b = (\n  here\n", "class A(\n  here"])
def test_broken_code_is_no_error(broken: str) -> None:
    """What can be found is found."""
    visible_at(broken.encode(), broken.index("here"))


def test_walrus_binds_outside_the_comprehension() -> None:
    """Its name lives on; the comprehension's own does not."""
    text = b"x = [y for z in w if (y := z)]\nhere\n"
    assert visible_at(text, text.index(b"here")).names == {"x", "y"}
