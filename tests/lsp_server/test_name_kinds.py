"""Icons of names, as far as a document tells."""

from __future__ import annotations

import pytest
from lsprotocol.types import CompletionItemKind as Kind

from lsp_server.name_kinds import NEARBY, kind_of, usage_around

TEXT = """\
import os.path

class Pot:
    def cook(self, time): ...

async def wash(pot):
    pot.scrub(); dry(pot)
"""

CASES = [
    ("os", "names", Kind.Module),
    ("Pot", "names", Kind.Class),
    ("cook", "attributes", Kind.Method),
    ("wash", "names", Kind.Function),
    ("scrub", "attributes", Kind.Method),
    ("scrub", "names", Kind.Variable),
    ("dry", "exports", Kind.Function),
    ("dry", "attributes", Kind.Field),
    ("pot", "names", Kind.Variable),
    ("print", "names", Kind.Function),
    ("ValueError", "names", Kind.Class),
    ("None", "names", Kind.Constant),
    ("print", "attributes", Kind.Field),
    ("MOST", "exports", Kind.Constant),
    ("Lid", "attributes", Kind.Class),
    ("json", "modules", Kind.Module),
]


@pytest.mark.parametrize(("name", "asked", "kind"), CASES)
def test_kinds(name: str, asked: str, kind: Kind) -> None:
    """Definitions and calls in the document, then builtins, then the spelling."""
    assert kind_of(name, asked, usage_around(TEXT, len(TEXT))) is kind


def test_only_what_is_near_is_looked_through() -> None:
    """However long the document is."""
    text = "def far(): ...\n" + "\n" * NEARBY + "def near(): ...\n" + "\n" * NEARBY + "def beyond(): ...\n"
    assert set(usage_around(text, len("def far(): ...\n") + NEARBY).defined) == {"near"}
