"""What jedi makes of ``Self`` inside another type: ``Iterator[Self]`` yields iterators to it, which is wrong.

Runs inside a worker process only.
"""

from __future__ import annotations

from typing import Any

from jedi.inference.base_value import NO_VALUES
from jedi.inference.gradual.typing import SelfClass

HOLDERS = frozenset(("typing", "_collections_abc"))
"""Modules of the classes that hold a ``Self`` which is not theirs."""


def forget_inner_self() -> None:
    """Have jedi say that it does not know who ``Self`` is in ``Generator[Self]``, as ``Path.glob`` returns it."""
    whole = SelfClass.execute_annotation

    def execute_annotation(self: Any, context: Any) -> Any:
        inner = context is not None and context.get_root_context().py__name__() in HOLDERS
        return NO_VALUES if inner else whole(self, context)

    SelfClass.execute_annotation = execute_annotation
