"""What the peers are asked, who is asked when, and how their times are compared."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from bench.keystrokes import places
from bench.peers import __main__ as command
from bench.peers import setup
from bench.peers.__main__ import asked, with_margins
from bench.peers.files import ModelFiles
from bench.peers.peer import Way, Written
from bench.peers.prompts import Keystroke, keystrokes
from bench.peers.stages import DRAFTED, PLAIN
from bench.peers.summary import Row, as_bars, as_table, paired, summary
from bench.peers.widened import wide_config
from models.checkpoints import LoadedModel, load


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load(None, "float32", "cpu")


def test_the_wide_model_computes_what_the_embedded_one_does(model: LoadedModel, tmp_path: Path) -> None:
    """With more than ten times the weights, and to the last bit but for rounding."""
    wide = load(str(ModelFiles(tmp_path).checkpoint("107M")), "float32", "cpu")
    text = model.vocabulary.encode("def area(self):\n    return self.width * self.")
    ours, theirs = (m.engine.forward(m.engine.new_slab(), text).logits for m in (model, wide))
    assert torch.allclose(ours, theirs, atol=1e-4)
    assert (tmp_path / "107M" / "model.safetensors").stat().st_size > 2 * 100_000_000


def test_what_does_not_fit_is_not_widened() -> None:
    """The message says what to do."""
    shape = {"num_hidden_layers": 9, "num_key_value_heads": 2, "num_attention_heads": 4, "intermediate_size": 704}
    with pytest.raises(ValueError, match="choose a smaller one"):
        wide_config({**shape, "tie_word_embeddings": True})


def test_each_keystroke_continues_the_prompt_before(model: LoadedModel) -> None:
    """All but the last tokens stay, and the text ends with what is typed."""
    found = list(keystrokes(places(1, seed=5)[0], 6, model, 400))
    assert [stroke.number for stroke in found] == list(range(len(found)))
    texts = [model.vocabulary.decode(stroke.prompt) for stroke in found]
    for old, new, before, after in zip(found, found[1:], texts, texts[1:], strict=False):
        same = sum(a == b for a, b in zip(old.prompt, new.prompt, strict=False))
        assert same >= len(old.prompt) - 4
        assert len(new.prompt) <= 400
        assert after.startswith(before)
        assert len(after) > len(before)


class Noted:
    """Notes who is asked."""

    def __init__(self, name: str, calls: list[str]) -> None:
        self._name = name
        self._calls = calls

    def write(self, prompt: Sequence[int], most: int) -> Written:
        """Write the prompt's end."""
        self._calls.append(self._name)
        return Written(tuple(prompt[-1:]), 1.0)


def test_all_take_turns_and_the_opening_does_not_count() -> None:
    """The order rotates; who keeps nothing is asked once a file; results stand in one order."""
    calls: list[str] = []
    ways = [Way("a", Noted("a", calls)), Way("b", Noted("b", calls)), Way("c", Noted("c", calls), warm=False)]
    rows = [[row.way for row in asked(ways, Keystroke("f.py", number, (1, 2)))] for number in range(4)]
    assert calls == ["a", "b", "b", "c", "a", "a", "b", "a", "b"]
    assert rows == [[], ["a", "b", "c"], ["a", "b"], ["a", "b"]]


def row(way: str, file: str, number: int, tokens: tuple[int, ...], seconds: float, warm: bool = True) -> Row:
    """Return a request."""
    return Row(way, warm, Keystroke(file, number, (7,)), Written(tokens, seconds))


def test_ratios_are_of_total_times_of_equally_long_texts() -> None:
    """Each keystroke with its own; an interval that one file alone cannot widen."""
    ours = {Keystroke("f.py", number, (7,)): Written((1, 2), 1.0) for number in range(3)}
    theirs = [row("x", "f.py", 0, (1, 2), 1.0), row("x", "f.py", 1, (1, 3), 4.0), row("x", "f.py", 2, (1,), 90.0)]
    assert paired(theirs, ours) == (2.5, 2.5, 2.5)
    assert paired(theirs[2:], ours) is None


def test_the_bounds_are_over_files() -> None:
    """They lie between the files' own ratios."""
    ours = {Keystroke(file, 1, (7,)): Written((1,), 1.0) for file in "abcdef"}
    found = paired([row("x", file, 1, (1,), 1.0 + place) for place, file in enumerate("abcdef")], ours)
    assert found is not None
    value, low, high = found
    assert value == 3.5
    assert 1 < low < 3.5 < high < 6


def test_the_table_has_a_row_for_each_way() -> None:
    """Times beside ours, and how many texts are the same."""
    rows = [
        row(PLAIN, "f.py", 1, (1, 2), 0.2),
        row(DRAFTED, "f.py", 1, (1, 2), 0.1),
        row("other", "f.py", 1, (1, 3), 0.3),
        row("cold", "f.py", 1, (1,), 0.5, warm=False),
    ]
    stages = {"embedded/float32": summary(rows)}
    table = as_table(stages)
    assert f"| embedded, float32 | {PLAIN} | 200 | 10 |  | **2.00x** (2.00 to 2.00) | 1 of 1 |" in table
    assert f"| {DRAFTED} | 100 | 20 | 0.50x (0.50 to 0.50) |  | 1 of 1 |" in table
    assert "| other | 300 | 7 | 1.50x (1.50 to 1.50) | **3.00x** (3.00 to 3.00) | 0 of 1 |" in table
    assert "| cold, from nothing | 500 | 2 | - | - | 0 of 1 |" in table
    assert [bar.label for bar in as_bars(stages)["embedded, float32"]] == [PLAIN, "other"]


def test_a_text_that_parts_says_how_near_the_tie_was(model: LoadedModel) -> None:
    """By our own model; equal texts say nothing."""
    prompt = model.vocabulary.encode("import os\nimport ")
    best = int(model.engine.forward(model.engine.new_slab(), prompt).logits[-1].argmax())
    stroke = Keystroke("f.py", 1, tuple(prompt))
    ours, same, other = (
        Row(way, True, stroke, Written((token,), 1.0)) for way, token in ((PLAIN, best), ("x", best), ("y", best + 1))
    )
    margins = [found.margin for found in with_margins(model, [ours, same, other])]
    assert margins[:2] == [None, None]
    assert margins[2] is not None
    assert margins[2] > 0


def test_without_programs_it_says_what_makes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, and nothing is measured."""
    monkeypatch.setattr(sys, "argv", ["peers", "--programs", str(tmp_path)])
    assert command.main() == 3
    assert capsys.readouterr().err == f"no programs in {tmp_path}; python -m bench.peers.setup makes them\n"


def test_without_a_compiler_nothing_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names what is missing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["setup", "--folder", str(tmp_path / "made")])
    assert setup.main() == 3
    assert capsys.readouterr().err == "cmake and c++ not found; install cmake and a C++ compiler\n"
    assert not (tmp_path / "made").exists()


def test_libraries_are_there_wholly_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that was broken off is made anew."""
    target = tmp_path / "packages"
    (tmp_path / "packages.part" / "half").mkdir(parents=True)

    def pip(*arguments: str) -> None:
        Path(arguments[arguments.index("--target") + 1], "whole").mkdir(parents=True)

    monkeypatch.setattr(setup, "pip", pip)
    setup.install_libraries(target)
    assert [path.name for path in target.iterdir()] == ["whole"]
    assert not (tmp_path / "packages.part").exists()
