"""Where the true name stands in each order."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from analysis.store import FactStore
from bench.popup import LETTERS, ORDERS, Places, as_table, places, summary
from completion.service import CompletionService, ServiceSettings
from models.checkpoints import load
from tests.completion.test_popup import Answering
from tests.models.tiny_checkpoints import qwen2, save


@pytest.mark.parametrize(("truth", "listed"), [("path.join(a)", True), ("nothing", False)])
def test_places_of_a_case(tmp_path: Path, truth: str, listed: bool) -> None:
    """Every order has the name somewhere; what the document uses below comes before what it does not."""
    model = load(str(save(tmp_path, qwen2(max_position_embeddings=2048))), "float64")
    passes: list[int] = []
    facts, settings = FactStore(Answering()), ServiceSettings(cache=None)
    service = CompletionService(model, facts, settings, lambda n_tokens, seconds, expected: passes.append(n_tokens))
    case = {"path": "a.py", "kind": "deref", "prefix": "import os\nos.", "suffix": "\nos.path\n", "truth": truth}
    try:
        found = asyncio.run(places(service, case, tmp_path, sys.executable, passes))
    finally:
        service.close()
    assert (found is not None) == listed
    if found is not None:
        assert (found.names, found.passes) == (4, 2)
        assert found.ranks["alphabet", 0] == 2 and found.ranks["cheap", 0] == 1
        assert all(found.ranks[order, 1] == 1 for order in ORDERS)


def test_summary() -> None:
    """Shares are of the cases with the name in the list, gains are paired."""

    def case(rank: int, alphabet: int) -> Places:
        ranks = {(order, letters): rank for order in ORDERS for letters in LETTERS}
        return Places("f.py", "deref", 9, ranks | {("alphabet", 0): alphabet}, 2, 0.1)

    found = summary([({}, case(1, 4)), ({}, case(1, 1)), ({}, case(7, 9)), ({}, None)])
    assert (found["cases"], found["listed"]) == (4, 3)
    assert found["orders"]["popup"]["0"] == {"first": 0.6667, "shown": 0.6667}
    assert found["orders"]["alphabet"]["0"] == {"first": 0.3333, "shown": 0.6667}
    assert found["first_more"]["0"][0] == pytest.approx(1 / 3)
    assert "| deref | both | 66.7 % |" in as_table({"kinds": {"deref": found}})
