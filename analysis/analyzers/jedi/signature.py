"""Ask jedi how something can be called, and how far the answer can be trusted.

Runs inside a worker process only, beneath jedi's public interface, like ``query``.  Forwarded
``*args`` and ``**kwargs`` are not followed: a signature that has them takes anything there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jedi.inference.base_value import ValueSet
from jedi.inference.helpers import infer_call_of_leaf
from jedi.inference.value.decorator import Decoratee
from jedi.inference.value.klass import DataclassSignature, get_dataclass_param_names

from analysis.analyzers.jedi.classes import distinct, full_name, has_unknown_base, is_plain_parameter
from analysis.analyzers.jedi.literals import strings_of
from analysis.analyzers.jedi.probe import NOTHING, Answer, Interpreter, Probe, probes, script_of
from analysis.analyzers.jedi.query import UNKNOWN
from analysis.facts import UNRESOLVED, BaseDocument, FactKey, Parameter, ParameterKind, Signature

# More ways to call something than this tell nothing; ``subprocess.run`` has six.
MOST_SIGNATURES = 16

KINDS = {kind.name: kind for kind in ParameterKind} | {"POSITIONAL_OR_KEYWORD": ParameterKind.POSITIONAL}
"""Kinds of parameters by the names that ``inspect`` has for them."""

ANY_NUMBER = (ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD)

# Decorators that leave the arguments as they are, by their last name.
HARMLESS = frozenset(
    "abstractmethod asynccontextmanager cache classmethod contextmanager deprecated disjoint_base final lru_cache"
    " overload override runtime_checkable staticmethod total_ordering type_check_only".split()
)


def signatures(document: BaseDocument, key: FactKey, interpreter: Interpreter) -> Answer:
    """Return the ways in which ``key.receiver`` can be called.

    Raises:
        Exception: Anything that jedi raises.
    """
    if key.receiver.endswith(".__new__"):
        # Bound to the class for jedi, though it is a static method.
        return NOTHING
    for probe in probes(document, key.middle or document.indent, key.receiver, ".x"):
        script = script_of(document, probe.text, interpreter)
        answer = look(script, probe, key.receiver, document, interpreter)
        if answer.kind != UNRESOLVED:
            return answer
    return NOTHING


def look(script: Any, probe: Probe, callee: str, document: BaseDocument, interpreter: Interpreter) -> Answer:
    """Infer the callee in one probe."""
    leaf = script._module_node.get_leaf_for_position((probe.line, probe.column))
    if leaf is None:
        return NOTHING
    inferred = infer_call_of_leaf(script._get_module_context().create_context(leaf), leaf)
    origins = interpreter.origins
    known = ValueSet(value for value in inferred if not origins.is_intruder(value))
    objects = distinct(known)
    if not objects or any(full_name(value) in UNKNOWN and not isinstance(value, Decoratee) for value in objects):
        return NOTHING
    found = [value.get_signatures() for value in known]
    ways = [way for some in found for way in some]
    if not all(found) or len(ways) > MOST_SIGNATURES:
        return NOTHING
    kind = classify(objects, ways, callee, leaf)
    if kind == UNRESOLVED:
        return NOTHING
    read = {of_fields(objects[0])} if is_named_tuple(objects[0]) else {signature_of(way) for way in ways}
    ordered = tuple(sorted(read, key=lambda way: [(p.name, p.kind, p.required) for p in way.parameters]))
    return Answer(frozenset(), kind, origins.of(objects[0], document.path, document.workspace), ordered)


def classify(objects: list[Any], ways: list[Any], callee: str, leaf: Any) -> str:
    """Return the fact class, most doubtful first; the docstring of ``monitors.strength`` explains them."""
    value, way = objects[0], ways[0]
    if len(objects) > 1:
        return "several"
    if is_plain_parameter(callee, leaf):
        return "parameter"
    if has_unknown_base(value):
        return "partial"
    if is_named_tuple(value) or isinstance(way, DataclassSignature):
        return "fields"
    if takes_nothing(value, ways) or is_one_of_several(ways):
        return UNRESOLVED
    if isinstance(value, Decoratee) and not value.is_function():
        return "decorated"
    if any(decorator not in HARMLESS for decorator in (*decorators(value), *decorators(function_of(way)))):
        return "decorated"
    if value.is_compiled():
        return "compiled"
    if value.is_class():
        return "class"
    return "function" if value.is_function() else "instance"


def function_of(way: Any) -> Any:
    """Return the function whose parameters a signature of jedi's has, None if there is none."""
    return getattr(way, "_function_value", None)


def is_one_of_several(ways: list[Any]) -> bool:
    """Whether jedi has lost all overloads but one, as it does with asynchronous functions."""
    return len(ways) == 1 and "overload" in decorators(function_of(ways[0]))


def is_named_tuple(value: Any) -> bool:
    """Whether something is a class whose parameters are its annotated names; jedi knows only the generic ones."""
    return value.is_class() and any(full_name(base) == "typing.NamedTuple" for base in value.py__mro__())


def takes_nothing(value: Any, ways: list[Any]) -> bool:
    """Whether a class seems to take no arguments though something may have given it a constructor.

    That is where jedi arrives at ``object`` when it does not find the way.
    """
    node = getattr(value, "tree_node", None)
    if not value.is_class() or node is None or any(way.get_param_names() for way in ways):
        return False
    function = function_of(ways[0])
    is_generic = function is not None and function.get_root_context().py__name__() == "builtins"
    return is_generic and (node.get_super_arglist() is not None or bool(node.get_decorators()))


def decorators(value: Any) -> Iterator[str]:
    """Yield the last names of the decorators in the definition of a function or class."""
    node = getattr(value, "tree_node", None)
    if node is not None and node.type in ("funcdef", "classdef"):
        for decorator in node.get_decorators():
            yield decorator.children[1].get_code().strip().partition("(")[0].rpartition(".")[2]


def of_fields(named_tuple: Any) -> Signature:
    """Return the signature of a subclass of ``typing.NamedTuple``, whose parameters are its annotated names."""
    own = (base for base in named_tuple.py__mro__() if getattr(base, "tree_node", None) is not None)
    fields: list[Any] = next((names for base in own if (names := get_dataclass_param_names(base))), [])
    return Signature(tuple(parameter_of(name) for name in fields))


def signature_of(way: Any) -> Signature:
    """Return one of jedi's signatures as a value."""
    return Signature(tuple(parameter_of(name) for name in way.get_param_names()))


def parameter_of(name: Any) -> Parameter:
    """Return one of jedi's parameters as a value; a compiled function's may have its stars in the name."""
    text = name.string_name
    stars = len(text) - len(text.lstrip("*"))
    kind = ANY_NUMBER[min(stars, 2) - 1] if stars else KINDS[name.get_kind().name]
    required = kind not in ANY_NUMBER and "=" not in name.to_string()
    return Parameter(text.lstrip("*"), kind, required, tuple(sorted(strings_of(name) or ())))
