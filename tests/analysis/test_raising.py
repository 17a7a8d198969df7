"""Which names of a file are known to be no exceptions."""

from __future__ import annotations

from analysis.python.raising import BUILTINS, CALLED, OWNER, followers

SOURCE = b"""\
import os.path
import numpy as np
from lib import Error, helper

def make(): pass
def twice(): pass
class Plain: pass
class Sub(Plain, object): pass
class Round(Round): pass
class Mine(ValueError): pass
class Deep(Mine): pass
class Theirs(lib.Base): pass
class Imported(Error): pass
class Meta(metaclass=type): pass
try:
    import fast
except ImportError:
    fast = None
twice = OSError
ERRORS = (OSError,)
for value in ERRORS:
    pass
"""


def test_followers() -> None:
    """Modules and plain classes own exceptions, functions make them; of all else nobody knows."""
    assert followers(SOURCE) == {"os": OWNER, "np": OWNER, "make": CALLED, "Plain": OWNER, "Sub": OWNER}


def test_builtins() -> None:
    """Of the builtins it is certain."""
    assert {BUILTINS[name] for name in ("ValueError", "Exception", "KeyboardInterrupt", "Warning")} == {""}
    assert {BUILTINS[name] for name in ("print", "int", "NotImplemented")} == {CALLED}


def test_broken_source() -> None:
    """A file that does not parse is read as far as it goes."""
    assert followers(b"import os\ndef f(:\n  x = (\nclass A: pass\n")["os"] == OWNER
    assert followers(b"") == {}
