"""What jedi inferred, seen as classes of doubt: how likely is it that a name is missing?

Reads jedi's values, so it runs inside a worker process only.
"""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

# Instances of these take any attribute at run time; of an enumeration: what ``Enum("Color", "RED")`` is to jedi.
NAMESPACES = frozenset(
    {
        "enum.Enum",
        "enum.Flag",
        "enum.IntEnum",
        "enum.IntFlag",
        "enum.StrEnum",
        "argparse.Namespace",
        "optparse.Values",
        "types.SimpleNamespace",
        "types.ModuleType",
        "threading.local",
        "_thread._local",
        "unittest.mock.Mock",
        "unittest.mock.MagicMock",
        "unittest.mock.NonCallableMock",
    }
)

CLASS_NAMES = (*dir(type), "__members__", "__parameters__", "__orig_bases__", "__slots__")

MODULE_NAMES = (
    "__builtins__",
    "__cached__",
    "__file__",
    "__loader__",
    "__name__",
    "__package__",
    "__path__",
    "__spec__",
)

EVERYWHERE = (*dir(object), "__annotations__", "__dict__", "__slots__", "__weakref__")


def classify(objects: list[Any], names: frozenset[str], receiver: str, leaf: Any) -> str:
    """Return the fact class, most doubtful first; the docstring of ``monitors.strength`` explains them."""
    if any(is_dynamic(value, names) for value in objects):
        return "dynamic"
    if any(has_unknown_base(value) for value in objects):
        return "partial"
    if is_narrowed(receiver, leaf):
        return "narrowed"
    if receiver.startswith("super("):
        return "super"
    if len(objects) > 1:
        return "several"
    if receiver in ("self", "cls"):
        return "self"
    if is_plain_parameter(receiver, leaf):
        return "parameter"
    return kind_of_object(objects[0])


def kind_of_object(value: Any) -> str:
    """Return what kind of object was inferred, where nothing speaks against the inference."""
    if value.is_module():
        return "module"
    if value.is_class():
        return "class"
    if value.is_instance() or value.is_compiled():
        return "builtin" if value.get_root_context().py__name__() == "builtins" else "instance"
    return "function" if value.is_function() else "other"


def is_dynamic(value: Any, names: frozenset[str]) -> bool:
    """Whether the object makes attributes up at run time."""
    if value.is_module():
        tree = getattr(value, "tree_node", None)
        return tree is not None and any(function.name.value == "__getattr__" for function in tree.iter_funcdefs())
    if not value.is_instance():
        return False
    if "__getattr__" in names or full_name(value) in NAMESPACES:
        return True
    slots = getattr(value, "get_function_slot_names", None)
    found = slots("__getattribute__") if slots is not None else ()
    return any(name.get_root_context().py__name__() != "builtins" for name in found)


def has_unknown_base(value: Any) -> bool:
    """Whether a base class of the object was not found, or is what a call returns: ``NamedTuple("A", [])``."""
    if not (value.is_instance() or value.is_class()):
        return False
    mine = value.py__class__() if value.is_instance() else value
    lineage = mine.py__mro__() if hasattr(mine, "py__mro__") else ()
    bases = (base for ancestor in lineage if hasattr(ancestor, "py__bases__") for base in ancestor.py__bases__())
    found = (base.infer() for base in bases if hasattr(base, "infer"))
    return any(not classes or any(each.is_instance() for each in classes) for classes in found)


def is_narrowed(receiver: str, leaf: Any) -> bool:
    """Whether the code around asks what the receiver is; jedi understands that only in simple cases."""
    scope = leaf.search_ancestor("funcdef") or leaf.get_root_node()
    source = re.escape(receiver)
    asked = rf"\b(?:isinstance|issubclass|hasattr|callable|type)\(\s*{source}\s*[,)]|\bmatch\s+{source}\s*:"
    return re.search(asked, scope.get_code()) is not None


def is_plain_parameter(receiver: str, leaf: Any) -> bool:
    """Whether the receiver's root is a parameter without annotation: jedi then only knows the calls it found."""
    root = receiver.partition(".")[0]
    function = leaf.search_ancestor("funcdef", "lambdef")
    while function is not None:
        for place, parameter in enumerate(function.get_params()):
            if parameter.name.value == root:
                is_self = place == 0 and function.search_ancestor("classdef", "funcdef", "lambdef") is not None
                return parameter.annotation is None and not is_self
        function = function.search_ancestor("funcdef", "lambdef")
    return False


def left_out(value: Any) -> Iterator[str]:
    """Yield names that the object has and jedi does not list."""
    yield from EVERYWHERE
    if value.is_class():
        yield from CLASS_NAMES
    elif value.is_module():
        yield from MODULE_NAMES
        yield from module_names(value)
    if full_name(value) == "pathlib.PurePath":
        # What a method of Path returns as Self is only a PurePath to jedi.
        yield from dir(pathlib.Path)


def module_names(value: Any) -> Iterator[str]:
    """Yield a stub's private names (``sys._getframe``), and the modules in a package that is compiled."""
    if value.is_stub():
        yield from (name for name in value.tree_node.get_used_names() if name.startswith("_"))
    file = value.py__file__() if value.is_compiled() else None
    if file is not None and os.path.basename(file).startswith("__init__."):
        yield from (entry.partition(".")[0] for entry in os.listdir(os.path.dirname(file)))


def distinct(values: Iterable[Any]) -> list[Any]:
    """Return one value for each object that is inferred; stub and source count as one."""
    found: dict[tuple[bool, bool, str], Any] = {}
    for value in values:
        found.setdefault((value.is_instance(), value.is_class(), full_name(value)), value)
    return list(found.values())


def full_name(value: Any) -> str:
    """Return module and name, for an instance those of its class."""
    return f"{value.get_root_context().py__name__()}.{value.py__name__()}"


def is_dunder(name: str) -> bool:
    """Whether every object may have such a name."""
    return name.startswith("__") and name.endswith("__")
