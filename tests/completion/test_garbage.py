"""A completion holds on to nothing: the garbage collector may look for the rest seldom (``completion.hosts.local``)."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from completion.hosts.local import FULL_COLLECTION, lasting
from completion.service import CompletionService
from completion.types import CancelToken, CompletionRequest, Document, Limits, Sampling, Trigger

COMPLETIONS = 20
# Objects of a completion that only the collector finds; its tokens and rows alone are hundreds.
MOST_GARBAGE = 2


@pytest.mark.parametrize("facts", ["live", "wait"])
def test_a_completion_leaves_no_garbage(service: CompletionService, tmp_path: Path, facts: str) -> None:
    """Finished, cancelled and of several candidates, all is let go of when the last one lets go."""

    def complete(number: int) -> None:
        text = f"import os\n\nvalue_{number} = os.pa"
        cancel = CancelToken()
        wanted = CompletionRequest(
            Document(str(tmp_path / "a.py"), text),
            len(text),
            str(tmp_path),
            trigger=Trigger.AUTOMATIC,
            facts=facts,
            candidates=1 + number % 2,
            limits=Limits(max_tokens=12),
            sampling=Sampling(temperature=0.8, seed=number),
            remembered=number % 3 == 0,
        )
        if number % 5 == 0:
            cancel.cancel()
        service.complete_now(wanted, cancel)

    for number in range(4):  # what is imported and kept from the first ones on
        complete(number)
    gc.collect()
    gc.disable()
    try:
        for number in range(COMPLETIONS):
            complete(number)
        assert gc.collect() <= COMPLETIONS * MOST_GARBAGE
    finally:
        gc.enable()


def test_all_is_looked_through_seldom_where_the_engine_lives() -> None:
    """The young are looked through as ever."""
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        with lasting():
            assert not gc.isenabled()
        assert gc.isenabled()
        assert gc.get_threshold() == (*before[:2], FULL_COLLECTION)
        assert gc.get_freeze_count() > frozen
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
