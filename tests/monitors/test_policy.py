from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors import registry
from monitors.options import Ban, Options
from monitors.policy import policies
from tests.monitors.laws import check_laws, cut_points, source_text
from tests.monitors.replay import Case, refused
from tests.monitors.sites import site

RULES = Options(banned=(Ban("eval"), Ban("os.system", "subprocess.run"), Ban("telnetlib")), secrets=True)
KEY = "gh" + "p_" + "Ab3" * 12


def broken_at(text: str, new: str) -> tuple[str, int] | None:
    """Return the rule that ``new`` breaks at the cursor of ``text``, and the offset in ``new``."""
    request = replace(site(text), options=RULES)
    for rule in policies(request):
        offset = refused(rule, Case(request, request.typed + new.encode()))
        if offset is not None:
            return rule.name, offset - len(request.typed)
    return None


@pytest.mark.parametrize(
    ("text", "new", "rule", "offset"),
    [
        ("x = $0\n", "eval(a)", "policy:eval", 4),
        ("x = $0\n", "map(eval, a)", "policy:eval", 8),
        ("x = ev$0\n", "al", "policy:eval", 2),
        ("$0\n", "os.system('ls')", "policy:os.system, use subprocess.run", 8),
        ("$0\n", "from os import path, system", "policy:os.system, use subprocess.run", 26),
        ("$0\n", "import telnetlib", "policy:telnetlib", 16),
        ("x = f'{$0}'\n", "eval(a)", "policy:eval", 4),
        ("x = $0\n", f"'{KEY}'", "policy:secrets", 12),
        ("x = '$0'\n", "AKIA0123456789ABCDEF", "policy:secrets", 11),
    ],
)
def test_refused(text: str, new: str, rule: str, offset: int) -> None:
    """The rule is named, and what breaks it is refused where it shows."""
    assert broken_at(text, new) == (rule, offset)


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("x = $0\n", "evaluate(a)"),
        ("x = $0\n", "model.eval()"),
        ("$0\n", "def eval(self): pass"),
        ("$0\n", "f(eval=1)"),
        ("$0\n", "# eval(a)"),
        ("$0\n", "'os.system'"),
        ("$0\n", "self.os.system()"),
        ("x = eval(a$0)\n", ", b"),
        ("$0\n", "import os.path"),
        ("x = '$0'\n", "AKIA is a prefix, gh" + "p_ too"),
    ],
)
def test_left_alone(text: str, new: str) -> None:
    """Other names, definitions, keywords, comments, and what the user wrote himself."""
    assert broken_at(text, new) is None


def test_only_what_the_project_asks_for_is_built() -> None:
    """Without rules there is no monitor, and nothing is paid for it."""
    plain = site("x = $0\n")
    assert not [m for m in registry.build(None, plain) if m.name.startswith("policy")]
    asked = registry.build(("policy",), replace(plain, options=RULES))
    assert [m.name for m in asked if m.name.startswith("policy")] == [
        m.name for m in policies(replace(plain, options=RULES))
    ]


PIECES = st.lists(
    st.sampled_from((b"os", b".", b"system", b"eval", b"(", b" ", b"import ", b"'", b"AKIA", b"0123456789", b"\n")),
    max_size=12,
).map(b"".join)


@given(
    text=source_text(8), pieces=PIECES, cuts=cut_points(), cursor=st.sampled_from(("$0\n", "x = os.$0\n", "x = '$0'\n"))
)
def test_laws(text: bytes, pieces: bytes, cuts: list[int], cursor: str) -> None:
    """The laws of monitors."""
    request = replace(site(cursor), options=RULES)
    for rule in policies(request):
        check_laws(rule, request.start, request.typed + pieces + text, cuts)
