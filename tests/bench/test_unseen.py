"""The library that nobody has seen: the same program under other names, and a judge that knows which exist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.chart import Bar, bars
from bench.renaming import Library, rename
from bench.unseen import drawn, judged

FILES = {
    "bank/__init__.py": "from .accounts import Account, open_account\n__all__ = ['Account', 'open_account']\n",
    "bank/accounts.py": '''\
"""See Account.deposit_money."""
import json
from enum import Enum

class Colour(Enum):
    RED = 1
    _ignore_ = []

class Account:
    limit_cents = 5

    def __init__(self, owner_name):
        self.owner_name = owner_name
        self.total_cents = 0

    def deposit_money(self, total_cents, *, note_text=""):
        self.total_cents += total_cents
        shown = json.dumps(self.owner_name)
        return f"{shown}: {self.total_cents} {note_text}"

def open_account(owner_name):
    made = Account(owner_name)
    made.deposit_money(3, note_text="first")
    return getattr(made, "total_cents"), made.limit_cents, Colour.RED.value, Account.limit_cents
''',
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A renamed package."""
    folder = tmp_path_factory.mktemp("packages")
    for path, text in FILES.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    return rename(folder / "bank", seed=1)


def test_names_of_its_own_are_gone_and_others_stay(library: Library) -> None:
    """Classes, attributes, parameters, modules and texts are renamed; what means something outside is not."""
    text = "\n".join((*library.files, *library.files.values()))
    for name in (
        "bank",
        "accounts",
        "Account",
        "open_account",
        "deposit_money",
        "total_cents",
        "note_text",
        "owner_name",
    ):
        assert name not in text
        assert library.names[name] in text
    for name in ("json", "dumps", "Enum", "self", "__init__", "__all__", "_ignore_", "value"):
        assert name in text
    assert library.names["total_cents"].split("_")[1] == library.names["limit_cents"].split("_")[1], "word by word"
    assert library.names["Account"][0].isupper()


def test_it_is_the_same_program(library: Library, tmp_path: Path) -> None:
    """Imported under its new name it computes what it did."""
    library.write(tmp_path)
    code = f"import {library.name} as b; print(b.{library.names['open_account']}('x'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "(3, 5, 1, 5)"


def test_the_seed_decides(tmp_path: Path) -> None:
    """The same seed gives the same library, another one another."""
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "a.py").write_text("class Account: ...\n")
    first, again, other = (rename(tmp_path / "bank", seed) for seed in (1, 1, 2))
    assert first == again
    assert first.names["Account"] != other.names["Account"]


def test_the_judge_knows_what_exists(library: Library, tmp_path: Path) -> None:
    """True names are valid, invented ones are not, and the empty name is no name."""
    library.write(tmp_path)
    loads = drawn(library, 20, seed=1)
    assert {one.receiver for one in loads} >= {"self", library.names["Account"]}
    assert all(one.prefix.endswith(".") and one.suffix.startswith("\n") for one in loads)
    own = [one for one in loads if one.receiver in ("self", library.names["Account"])]
    assert judged(sys.executable, tmp_path, own, [one.truth for one in own]) == ["valid"] * len(own)
    assert set(judged(sys.executable, tmp_path, own, ["zzz"] * len(own))) == {"invalid"}
    assert "invalid" not in judged(sys.executable, tmp_path, loads, [one.truth for one in loads])
    assert judged(sys.executable, tmp_path, own[:1], [""]) == ["empty"]


def test_the_chart_is_drawn() -> None:
    """Well-formed, with a bar for each share and texts escaped."""
    drawing = ElementTree.fromstring(bars("a < b", {"share": [Bar("off", 0.5, 0.4, 0.6), Bar("on", 0.1, 0.0, 0.2)]}))
    assert len(drawing.findall("{*}rect")) == 3
    assert "a < b" in [text.text for text in drawing.findall("{*}text")]
    assert "50.0 %" in [text.text for text in drawing.findall("{*}text")]
