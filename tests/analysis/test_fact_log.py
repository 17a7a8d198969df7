"""Recorded facts come again as they came, in another place, and to nobody else."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.facts import BaseDocument, Fact, FactKey, Parameter, ParameterKind, Signature
from analysis.store import FactStore, NoAnalyzer
from analysis.testing import HeldAnalyzer

DOCUMENT = BaseDocument("/project/a.py", "/project", "import os\n", "x = 1\n", "    ")
SIGNATURES = (
    Signature(
        (
            Parameter("path", ParameterKind.POSITIONAL, True, ("r", "w")),
            Parameter("kw", ParameterKind.VAR_KEYWORD, False),
        )
    ),
)


def key(receiver: str, document: BaseDocument = DOCUMENT) -> FactKey:
    """Return the question about a receiver."""
    return FactKey("attributes", document.digest, receiver, "naïve = '\ud800'")


def recorded(log: Path) -> None:
    """Record a request in which one fact is there at the second look, and one after it."""
    analyzer = HeldAnalyzer()
    source = FactStore(analyzer).source(DOCUMENT, "live", log)
    source.ask([key("os"), key("x")])
    assert source.view().facts == {}
    early = analyzer.held.pop(0)
    early[2](Fact(early[1], frozenset({"path", "sep"}), "module", "Python 3.11", SIGNATURES))
    assert source.settle([key("os")])
    assert set(source.view().facts) == {key("os")}
    analyzer.answer("é")
    assert set(source.view().facts) == {key("os"), key("x")}


def test_facts_come_at_the_same_steps(tmp_path: Path) -> None:
    """Each look and each wait finds what it found then, in a file that lies elsewhere, without any analysis."""
    recorded(tmp_path / "log")
    moved = replace(DOCUMENT, path="/elsewhere/b.py", workspace="/elsewhere", environment="/usr/bin/python3")
    source = FactStore(NoAnalyzer()).source(moved, f"replay:{tmp_path / 'log'}")
    source.ask([key("os", moved), key("x", moved), key("never", moved)])
    assert source.view().facts == {}
    assert source.settle([key("os", moved)])
    fact = source.view().get(key("os", moved))
    assert fact == Fact(key("os", moved), frozenset({"path", "sep"}), "module", "Python 3.11", SIGNATURES)
    assert source.view().get(key("x", moved)).names == {"é"}
    assert source.counters() == {"asked": 3, "on_time": 0, "late": 2, "unknown": 1, "unresolved": 0, "failed": 0}


def test_a_log_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever was there and whatever the mask says, nobody else may read it; and only this request is in it."""
    log = tmp_path / "log"
    log.write_text('{"facts": 0}\n')
    log.chmod(0o666)
    old = os.umask(0)
    try:
        recorded(log)
    finally:
        os.umask(old)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    other = replace(DOCUMENT, prefix="import secret\n")
    analyzer = HeldAnalyzer()
    store = FactStore(analyzer)
    store.register(other)
    store.ask([key("secret", other)])
    analyzer.answer("key")
    store.source(DOCUMENT, "wait", log).view()
    assert len(log.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("", "no log of facts"),
        ("[]\n", "no log of facts"),
        ('{"facts": 1, "text": ""}\n', "another version"),
        ('{"facts": 2, "text": "00"}\n', "another cursor"),
        ('{"facts": 2, "text": "00"}\n{"at": 1}\n', "no log of facts"),
    ],
)
def test_a_log_that_does_not_fit_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    """In one line that names the file and what is wrong with it."""
    log = tmp_path / "log"
    if text is not None:
        log.write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        FactStore(NoAnalyzer()).source(DOCUMENT, f"replay:{log}")
    assert str(log) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Before any work is done."""
    with pytest.raises(ValueError, match="cannot be recorded"):
        FactStore(NoAnalyzer()).source(DOCUMENT, "wait", tmp_path / "none" / "log")


def test_a_file_that_is_no_log_is_not_overwritten(tmp_path: Path) -> None:
    """An earlier log is replaced, and an empty file is used; the user's code stays."""
    (tmp_path / "a.py").write_text("import os\n")
    with pytest.raises(ValueError, match="is no log of facts and would be overwritten"):
        FactStore(NoAnalyzer()).source(DOCUMENT, "wait", tmp_path / "a.py")
    assert (tmp_path / "a.py").read_text() == "import os\n"
    (tmp_path / "empty").touch()
    for name in ("empty", "log", "log"):
        FactStore(NoAnalyzer()).source(DOCUMENT, "wait", tmp_path / name)
        assert (tmp_path / name).stat().st_size > 0
