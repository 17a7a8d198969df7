"""How many forward passes a text takes, by the engine's own count."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from analysis.facts import NoFacts
from analysis.python.scanner import START
from decoding.draft_length import DraftLength
from decoding.drafters.edit_copy import EditCopy
from decoding.loop import ALONG, generate
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts, Run
from decoding.sampling import Sampler
from decoding.types import Drafter
from decoding.watch import Watch
from models.engines.base import Rows, Slab
from models.engines.cost import CostCurve
from models.engines.testing import TinyEngine
from models.engines.tree import Tree
from tests.decoding.toys import END, PAD, TEXTS, VOCABULARY, Endless

PROMPT = tuple(2 + (7 * i) % (len(TEXTS) - 2) for i in range(20))
NEW_TOKENS = 12

# Chains, and trees: where a pass costs the same whatever is in it.
CURVES = (None, CostCurve((1, 64), (1.0, 1.0)))


class Counting(TinyEngine):
    """Notes the sizes of its passes.

    Attributes:
        fed: Tokens of the passes that compute no rows.
        rows: Tokens of those that do.
    """

    def __init__(self) -> None:
        """Have done none."""
        super().__init__(len(TEXTS), 64)
        self.fed: list[int] = []
        self.rows: list[int] = []

    def forward(self, slab: Slab, tokens: Sequence[int]) -> Rows:
        """Count, and compute."""
        self.rows.append(len(tokens))
        return super().forward(slab, tokens)

    def forward_tree(self, slab: Slab, tree: Tree) -> Rows:
        """Count one pass, whatever this engine makes of it."""
        before = len(self.rows)
        rows = super().forward_tree(slab, tree)
        self.rows[before:] = [len(tree.tokens)]
        return rows

    def extend(self, slab: Slab, tokens: Sequence[int]) -> None:
        """Count, and compute."""
        super().forward(slab, tokens)
        self.fed.append(len(tokens))


def write(
    engine: Counting, held: int, drafters: Sequence[Drafter] = (), curve: CostCurve | None = None
) -> tuple[Run, Slab]:
    """Write behind the prompt, of which a slab holds so many tokens already."""
    slab = engine.new_slab()
    if held:
        engine.extend(slab, PROMPT[:held])
    engine.fed, engine.rows = [], []
    masker = Masker(VOCABULARY, frozenset({END}), b"\n", Sampler())
    length = DraftLength(curve, most=NEW_TOKENS)
    parts = Parts(engine, slab, masker, Watch.start((), START), Endless(), NoFacts(), drafters, length)
    job = Job(PROMPT, b"", b"", NEW_TOKENS, frozenset({END, PAD}))
    return generate(job, parts, Recorder(), lambda: False), slab


@pytest.mark.parametrize("curve", CURVES, ids=["chains", "trees"])
@pytest.mark.parametrize("lacking", range(1, ALONG + 1))
def test_what_was_typed_goes_along_with_the_first_guess(lacking: int, curve: CostCurve | None) -> None:
    """A few tokens of the prompt cost no pass of their own; the text and the slab are the same."""
    plain, _ = write(Counting(), 0)
    held = len(PROMPT) - lacking
    drafter = EditCopy((*PROMPT, *plain.tokens[:4], PAD, *plain.tokens[5:]), "previous")
    for drafters in ((), (drafter,)):
        engine = Counting()
        run, slab = write(engine, held, drafters, curve)
        assert run.tokens == plain.tokens
        assert list(slab.tokens) == [*PROMPT, *run.tokens[:-1]]
        assert engine.fed == []
        assert len(engine.rows) == run.recorder.forward_passes
        assert (run.recorder.reused, run.recorder.prefilled) == (held, lacking - 1)
        assert engine.rows[0] >= lacking + (5 if drafters else 0)


def test_more_than_that_is_fed_before() -> None:
    """Rows of a long prompt are not computed."""
    engine = Counting()
    run, _ = write(engine, len(PROMPT) - ALONG - 1)
    assert (engine.fed, engine.rows[0]) == ([ALONG], 1)
    assert run.recorder.prefilled == ALONG


@pytest.mark.parametrize("curve", CURVES, ids=["chains", "trees"])
def test_a_text_that_was_written_before_takes_one_pass(curve: CostCurve | None) -> None:
    """The whole of it is the first guess."""
    plain, _ = write(Counting(), 0)
    engine = Counting()
    run, _ = write(engine, len(PROMPT) - 2, (EditCopy((*PROMPT, *plain.tokens), "previous"),), curve)
    assert run.tokens == plain.tokens
    assert (engine.fed, len(engine.rows)) == ([], 1)
