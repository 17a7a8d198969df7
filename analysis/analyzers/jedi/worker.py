"""The worker process around jedi: questions in, answers out, one JSON object a line.

Requests, in the order of the keys of ``BaseDocument`` and ``FactKey``::

    {"document": {"path": ..., "workspace": ..., "prefix": ..., "suffix": ..., "indent": ..., "environment": ...}}
    {"kind": ..., "document": DIGEST, "receiver": ..., "middle": ...}

The first has no reply.  Every question has exactly one: ``{"names": [...], "kind": ..., "origin": ...,
"signatures": [[[NAME, KIND, REQUIRED, STRINGS], ...], ...], "definitions": [[PATH, TEXT], ...]}`` or
``{"error": TYPE}``.  The first line ever written is ``{"ready": VERSION}``.  The end of standard input
ends the process.  Nothing of the user's code is executed, logged or written.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import sysconfig
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

import jedi
from parso.cache import parser_cache

from analysis.analyzers.jedi.definitions import definitions
from analysis.analyzers.jedi.exceptions import exceptions
from analysis.analyzers.jedi.literals import literals
from analysis.analyzers.jedi.modules import exports, modules
from analysis.analyzers.jedi.probe import Answer, Interpreter
from analysis.analyzers.jedi.query import attributes
from analysis.analyzers.jedi.scope import names
from analysis.analyzers.jedi.self_types import forget_inner_self
from analysis.analyzers.jedi.signature import signatures
from analysis.analyzers.origins import Origins, is_jedi
from analysis.facts import BaseDocument, FactKey

ANSWERS: Mapping[str, Callable[[BaseDocument, FactKey, Interpreter], Answer]] = {
    "attributes": attributes,
    "signatures": signatures,
    "literals": literals,
    "modules": modules,
    "exports": exports,
    "names": names,
    "exceptions": exceptions,
    "definitions": definitions,
}
"""What answers each kind of question."""

# Documents that the parent may refer to; it keeps count of the same number.
DOCUMENTS = 8

# Address space of the worker and of jedi's helper process; numpy with its thread pools needs about 2 GiB of it.
ADDRESS_SPACE = 4 << 30

WARM_UP = "import os\n\ndef f(a: str):\n    a"


def main() -> None:
    """Serve until standard input ends."""
    source, sink = claim_pipes()
    be_modest()
    configure(sys.argv[1] if len(sys.argv) > 1 else "")
    warm_up()
    say(sink, {"ready": jedi.__version__})
    for reply in serve(source):
        say(sink, reply)


def serve(lines: Iterator[str] | TextIO) -> Iterator[dict[str, Any]]:
    """Yield the replies to requests."""
    documents: OrderedDict[str, BaseDocument] = OrderedDict()
    asked_about = ""
    for line in lines:
        message = json.loads(line)
        if "kind" not in message:
            document = BaseDocument(**message["document"])
            documents[document.digest] = document
            while len(documents) > DOCUMENTS:
                documents.popitem(last=False)
            continue
        key = FactKey(**message)
        document = documents[key.document]
        if document.path != asked_about:
            forget(asked_about)
        asked_about = document.path
        yield reply_to(document, key)


def forget(path: str) -> None:
    """Have jedi take a file as it is saved again, now that another one is asked about.

    Its last parse stays in memory, to parse the next text of it faster, and is what other files would see of it as
    long as it is not saved: with the hole in it that the last question had.
    """
    for parsed in parser_cache.values():
        parsed.pop(Path(path).absolute(), None)


def reply_to(document: BaseDocument, key: FactKey) -> dict[str, Any]:
    """Answer one question."""
    try:
        answer = ANSWERS[key.kind](document, key, interpreter(document.environment))
    except Exception as error:  # noqa: BLE001  a process border, and jedi may raise anything
        return {"error": type(error).__name__}
    signatures = [[[p.name, p.kind, p.required, p.strings] for p in way.parameters] for way in answer.signatures]
    return {
        "names": sorted(answer.names),
        "kind": answer.kind,
        "origin": answer.origin,
        "signatures": signatures,
        "definitions": [[definition.path, definition.text] for definition in answer.definitions],
    }


@lru_cache(maxsize=2)
def interpreter(executable: str) -> Interpreter:
    """Start jedi's helper in the user's Python, or in the base Python for ``""``.

    The caller vouches for the interpreter (``analysis.environment`` decides what may run).
    Verifill's own packages are visible in neither.
    """
    environment = jedi.create_environment(executable or base_python(), safe=False, env_vars=clean_variables())
    version = f"{environment.version_info.major}.{environment.version_info.minor}"
    folders = standard_library()
    if executable:
        # The folder of jedi's helper script is on the path of the process that it asks.
        folders = tuple(folder for folder in environment.get_sys_path() if folder and not is_jedi(folder))
    return Interpreter(environment, folders, Origins(version, folders))


def base_python() -> str:
    """Return the Python that this one's virtual environment was made from."""
    return getattr(sys, "_base_executable", None) or sys.executable


def standard_library() -> tuple[str, ...]:
    """Return the folders of the standard library, without those of installed packages."""
    pure = sysconfig.get_path("stdlib")
    folders = (pure, os.path.join(pure, "lib-dynload"), os.path.join(sys.base_prefix, "DLLs"))
    return tuple(folder for folder in folders if os.path.isdir(folder))


def clean_variables() -> dict[str, str]:
    """Return the environment variables without those that would lend our import path to the user's Python."""
    ours = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONSAFEPATH", "VIRTUAL_ENV")
    return {**{k: v for k, v in os.environ.items() if k not in ours}, "PYTHONDONTWRITEBYTECODE": "1"}


def claim_pipes() -> tuple[TextIO, TextIO]:
    """Take standard input and output for the protocol; what libraries print goes nowhere."""
    source = os.fdopen(os.dup(0), encoding="utf-8", newline="\n")
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    os.dup2(quiet, 1)
    return source, sink


def be_modest() -> None:
    """Step behind everything else on the machine and limit memory, where the system can."""
    if hasattr(os, "nice"):
        os.nice(19)
    with contextlib.suppress(ImportError):
        import resource

        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def configure(cache: str) -> None:
    """Set jedi up: nothing is imported that is meant to be read, caches go to ``cache`` only."""
    forget_inner_self()
    jedi.settings.auto_import_modules = []
    jedi.settings.dynamic_params_for_other_modules = False
    if cache:
        os.makedirs(cache, mode=0o700, exist_ok=True)
        jedi.settings.cache_directory = cache


def warm_up() -> None:
    """Load jedi's grammar and its view of builtins, which is most of a first answer's time."""
    document = BaseDocument(os.path.join(sys.prefix, "warm_up.py"), sys.prefix, WARM_UP + ".x\n", "", "    ")
    reply_to(document, FactKey("attributes", document.digest, "a"))


def say(sink: TextIO, message: dict[str, Any]) -> None:
    """Write one line."""
    sink.write(json.dumps(message) + "\n")
    sink.flush()


if __name__ == "__main__":
    main()
