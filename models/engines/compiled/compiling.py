"""How functions of this package are compiled, and where the machine code is kept.

None holds the interpreter's lock, and all divide as processors do.  Sums keep the order in which they are written.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import event
from numba.extending import intrinsic, overload

from models.progress import Say

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Some of what is used of it has no types.
_numba: Any = numba
_overload: Any = overload

_HOW = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}

_PACKAGE = Path(__file__).parent

# Folders of machine code, one for each state of the sources.
_PREFIX = "verifill-"


def compiled(function: _Function) -> _Function:
    """Compile a function for other compiled ones."""
    made: _Function = _numba.njit(**_HOW, no_cpython_wrapper=True)(function)
    return made


def in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function write the instructions of each call that compiled functions make of it.

    It is given a context and the types of the arguments, and returns the call's signature and what writes it.
    Numbers that are written in the call are literals to it.
    """
    made: Callable[..., Any] = intrinsic(prefer_literal=True)(function)
    return made


def by_types(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Let what is decorated say, given the types of the arguments, which function a call of ``function`` is.

    That one is compiled for other compiled ones.
    """
    how = {name: value for name, value in _HOW.items() if name != "no_cfunc_wrapper"}
    made: Callable[[Callable[..., Any]], Any] = _overload(function, jit_options=how)
    return made


def compiled_once(function: _Function) -> _Function:
    """Compile a function that Python calls; its machine code is kept on disk, for this processor.

    Raises:
        RuntimeError: There is no folder to keep it in.
    """
    before, _numba.config.CACHE_DIR = _numba.config.CACHE_DIR, str(_folder(_PACKAGE))
    try:
        made: _Function = _numba.njit(**_HOW, cache=True)(function)
    finally:
        _numba.config.CACHE_DIR = before
    return made


def _folder(package: Path) -> Path:
    """Return where machine code goes: beside the bytecode, or where that cannot be written, to the user's cache.

    Its name is that of the sources: numba looks only at the file of the function itself, not at those that it calls.
    """
    sources = hashlib.blake2b(digest_size=8)
    for file in sorted(package.glob("*.py")):
        sources.update(file.read_bytes())
    beside = package / "__pycache__"
    if not os.access(beside if beside.exists() else package, os.W_OK):
        beside = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "verifill" / "compiled"
        beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = beside / f"{_PREFIX}{sources.hexdigest()}"
    for other in beside.glob(f"{_PREFIX}*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder


@contextmanager
def telling(say: Say) -> Iterator[None]:
    """Tell a person who waits when something is compiled that was not on disk."""
    with event.install_listener("numba:compile", _Teller(say)):
        yield


class _Teller(event.Listener):
    def __init__(self, say: Say) -> None:
        self._say: Say | None = say

    def on_start(self, _: Any) -> None:
        if self._say is not None:
            self._say("compiling for this processor, once")
            self._say = None

    def on_end(self, _: Any) -> None:
        """Need nothing."""
