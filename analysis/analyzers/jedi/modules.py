"""Ask jedi what can be imported: modules by their path, and names from a module.

Runs inside a worker process only.  The project's own modules are among the answers; where the
import stands in a ``try``, or inside a function, the fact says so: such a module may be missing on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from jedi.inference.gradual.conversion import convert_values
from jedi.inference.imports import Importer

from analysis.analyzers.jedi.classes import is_dynamic, left_out
from analysis.analyzers.jedi.probe import NOTHING, Answer, Interpreter, probes, script_of
from analysis.analyzers.origins import Origins
from analysis.facts import BaseDocument, FactKey

PACKAGES = ("module", "namespace")

# ``os`` is no package, and yet this is how everybody writes it.
MODULES_OF_MODULES = {"os": "path"}

TRY = re.compile(r"(?:try|except\b[^:]*|else)\s*:\s*(?:#.*)?\Z")


def modules(document: BaseDocument, key: FactKey, interpreter: Interpreter) -> Answer:
    """Return the modules in the package ``key.receiver`` (``a.b``, ``..a``, ``.``), or all top-level ones for "".

    Raises:
        Exception: Anything that jedi raises.
    """
    importer = importer_of(document, key.receiver, interpreter)
    origin = "the environment"
    if importer.import_path:
        found = [value for value in importer.follow() if value.api_type in PACKAGES]
        if not found:
            return NOTHING
        origin = interpreter.origins.of(found[0], document.path, document.workspace)
        names = {name for value in found for name in modules_in(value)}
    else:
        names = {name.string_name for name in importer.completion_names(importer._inference_state, only_modules=True)}
    names |= {MODULES_OF_MODULES[key.receiver]} if key.receiver in MODULES_OF_MODULES else set()
    return Answer(frozenset(names), kind_of(document, key.receiver), origin) if names else NOTHING


def exports(document: BaseDocument, key: FactKey, interpreter: Interpreter) -> Answer:
    """Return the names that can be imported from the module ``key.receiver``, its submodules included.

    Raises:
        Exception: Anything that jedi raises.
    """
    found = values_of(importer_of(document, key.receiver, interpreter), interpreter.origins)
    names = frozenset(exported(found))
    if not names:
        return NOTHING
    kind = "dynamic" if any(is_dynamic(value, names) for value in found) else kind_of(document, key.receiver)
    return Answer(names, kind, interpreter.origins.of(found[0], document.path, document.workspace))


def importer_of(document: BaseDocument, module: str, interpreter: Interpreter) -> Any:
    """Return jedi's importer of a module as it is written in an import statement of the document."""
    script = script_of(document, next(probes(document, document.indent, "x")).text, interpreter)
    path = module.lstrip(".")
    names = tuple(path.split(".")) if path else ()
    return Importer(script._inference_state, names, script._get_module_context(), len(module) - len(path))


def values_of(importer: Any, origins: Origins) -> list[Any]:
    """Return what a module may be; stub and source are two."""
    values = importer.follow()
    return [value for value in values | convert_values(values) if not origins.is_intruder(value)]


def exported(values: Iterable[Any]) -> Iterator[str]:
    """Yield the names that modules have."""
    for value in values:
        for names in value.get_filters():
            yield from (name.string_name for name in names.values())
        if value.api_type in PACKAGES:
            yield from modules_in(value)
            yield from left_out(value)


def modules_in(package: Any) -> Iterator[str]:
    """Yield the modules in a package."""
    if package.is_compiled():
        yield from left_out(package)
    else:
        yield from package.sub_modules_dict()


def kind_of(document: BaseDocument, module: str) -> str:
    """Return the fact class, most doubtful first."""
    if is_optional(document):
        return "optional"
    if module.startswith("."):
        return "relative"
    return "module" if module else "local" if document.indent else "top"


def is_optional(document: BaseDocument) -> bool:
    """Whether the hole stands right inside a ``try``, or in a clause that follows one."""
    for line in reversed(document.prefix.split("\n")):
        code = line.lstrip()
        if code and len(line) - len(code) < len(document.indent):
            return TRY.match(code) is not None
    return False
