"""Ask jedi which names may follow a receiver, and how far the answer can be trusted.

Runs inside a worker process only.  It goes beneath jedi's public interface, because that
interface tells names but not what they were inferred from, and the error rate of a fact depends
on just that.  The tests of this package are the guard against changes inside jedi.
"""

from __future__ import annotations

import re
from typing import Any

from jedi.api.completion import complete_trailer, get_user_context
from jedi.inference.base_value import ValueSet
from jedi.inference.helpers import infer_call_of_leaf

from analysis.analyzers.jedi.classes import classify, distinct, full_name, is_dunder, left_out
from analysis.analyzers.jedi.probe import NOTHING, Answer, Interpreter, Probe, probes, script_of
from analysis.analyzers.origins import Origins
from analysis.facts import UNRESOLVED, BaseDocument, FactKey

PARENTS = re.compile(r"\.parents\[[^\[\]]*\]\Z")

NONE = "builtins.NoneType"

# What jedi makes of annotations that say nothing; and None, which nobody dereferences on purpose.
UNKNOWN = frozenset(
    {
        NONE,
        "typing.Any",
        "typing.Self",
        "typing.TypeVar",
        "typing._SpecialForm",
        "typing_extensions.Any",
        "typing_extensions.Self",
        "typing_extensions.TypeVar",
        "typing_extensions._SpecialForm",
    }
)


def attributes(document: BaseDocument, key: FactKey, interpreter: Interpreter) -> Answer:
    """Return the names that may follow ``key.receiver`` and a dot.

    Broken code is repaired in more than one way; the first way that yields names counts.

    Raises:
        Exception: Anything that jedi raises.
    """
    receiver = in_plain_words(key.receiver)
    for probe in probes(document, key.middle or document.indent, receiver, ".x"):
        script = script_of(document, probe.text, interpreter)
        answer = look(script, probe, receiver, document, interpreter.origins)
        if answer.kind != UNRESOLVED:
            return answer
    return NOTHING


def in_plain_words(receiver: str) -> str:
    """Write what jedi gets wrong in another way: ``x.__class__`` (for it, ``typing.Self``) and ``path.parents[1]``."""
    owner = receiver.removesuffix(".__class__")
    return PARENTS.sub(".parent", receiver) if owner == receiver else f"type({owner})"


def look(script: Any, probe: Probe, receiver: str, document: BaseDocument, origins: Origins) -> Answer:
    """Infer the receiver in one probe."""
    leaf = script._module_node.get_leaf_for_position((probe.line, probe.column))
    if leaf is None:
        return NOTHING
    module = script._get_module_context()
    inferred = infer_call_of_leaf(module.create_context(leaf), leaf)
    known = ValueSet(v for v in inferred if full_name(v) not in UNKNOWN and not origins.is_intruder(v))
    user = get_user_context(module, (probe.line, probe.column))
    objects = distinct(known)
    listed = frozenset(name.string_name for name in complete_trailer(user, known))
    names = listed.union(*(left_out(value) for value in objects), dir(type) if receiver == "cls" else ())
    if not objects or all(is_dunder(name) for name in names):
        return NOTHING
    kind = classify(objects, names, receiver, leaf)
    if kind != "dynamic" and any(full_name(value) in UNKNOWN - {NONE} for value in inferred):
        kind = "partial"
    return Answer(names, kind, origins.of(objects[0], document.path, document.workspace))
