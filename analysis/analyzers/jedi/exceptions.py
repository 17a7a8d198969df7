"""Answer what may be raised or caught at the hole of a document, and what may be of a module there.

Runs inside a worker process only.  The file's own names are judged by the syntax tree
(``analysis.python.raising``): to infer them all takes jedi seconds.  In a module that is named, jedi looks
at the classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jedi.inference.helpers import infer_call_of_leaf

from analysis.analyzers.jedi import scope
from analysis.analyzers.jedi.classes import full_name, has_unknown_base, is_dynamic
from analysis.analyzers.jedi.modules import modules_in
from analysis.analyzers.jedi.probe import NOTHING, Answer, Interpreter, Probe, probes, script_of
from analysis.facts import BaseDocument, FactKey
from analysis.python.raising import BUILTINS, CALLED, OWNER, followers

DEFINED = ("class", "module", "namespace")
"""jedi's types of names that have to be inferred; what is imported is a module to it."""

ROOT = "builtins.BaseException"


def exceptions(document: BaseDocument, key: FactKey, interpreter: Interpreter) -> Answer:
    """Return what may stand where an exception is wanted, behind the module ``key.receiver`` or, for "", alone.

    A name that is no exception is listed with the byte that has to follow it.

    Raises:
        Exception: Anything that jedi raises.
    """
    if not key.receiver:
        return in_scope(document, interpreter)
    for probe in probes(document, document.indent, key.receiver, ".x"):
        answer = in_module(document, probe, interpreter)
        if answer.names:
            return answer
    return NOTHING


def in_scope(document: BaseDocument, interpreter: Interpreter) -> Answer:
    """Judge the names that can be read in the hole."""
    readable = scope.names(document, FactKey("names", document.digest, document.indent), interpreter)
    text = next(probes(document, document.indent, "x")).text
    own = followers(text.encode("utf-8", "surrogatepass"))
    shadowed = scope.look(text, len(document.prefix) + len(document.indent)).names
    builtin = {name: behind for name, behind in BUILTINS.items() if name not in shadowed}
    behind = {**builtin, **{name: own[name] for name in shadowed if name in own}}
    return Answer(frozenset(name + behind.get(name, "") for name in readable.names), readable.kind, readable.origin)


def in_module(document: BaseDocument, probe: Probe, interpreter: Interpreter) -> Answer:
    """Judge the names of the module that stands in a probe."""
    script = script_of(document, probe.text, interpreter)
    leaf = script._module_node.get_leaf_for_position((probe.line, probe.column))
    inferred = [] if leaf is None else infer_call_of_leaf(script._get_module_context().create_context(leaf), leaf)
    found = [value for value in inferred if not interpreter.origins.is_intruder(value)]
    if not found or not all(value.is_module() for value in found):
        return NOTHING
    names = frozenset(name for value in found for name in listed_in(value))
    kind = "dynamic" if any(is_dynamic(value, names) for value in found) else "module"
    return Answer(names, kind, interpreter.origins.of(found[0], document.path, document.workspace))


def listed_in(module: Any) -> Iterator[str]:
    """Yield the names of a module with what has to follow them."""
    for names in module.get_filters():
        yield from (name.string_name + behind(name) for name in names.values())
    yield from (name + OWNER for name in modules_in(module))


def behind(name: Any) -> str:
    """Return what has to follow one of jedi's names where an exception is wanted; constants are not looked at."""
    if name.api_type == "function":
        return CALLED
    values = name.infer() if name.api_type in DEFINED and not name.string_name.isupper() else ()
    if not values or any(may_be_raised(value) for value in values):
        return ""
    return CALLED if all(value.is_function() for value in values) else OWNER


def may_be_raised(value: Any) -> bool:
    """Whether a value is an exception class, or not known not to be one."""
    if value.is_class():
        return has_unknown_base(value) or any(full_name(ancestor) == ROOT for ancestor in value.py__mro__())
    return not (value.is_module() or value.is_function())
