"""Greedy text equals that of transformers' own generate, with and without drafters."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from analysis.facts import NoFacts
from analysis.python.scanner import START
from decoding.draft_length import DraftLength
from decoding.drafters.copyspec import CopySpec
from decoding.loop import generate
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts
from decoding.sampling import Sampler
from decoding.types import Draft, Drafter, Prompt, Tip
from decoding.watch import Watch
from models.checkpoints import from_objects
from models.engines.base import Engine
from models.engines.cost import CostCurve
from models.engines.cuda import CudaEngine
from models.engines.cuda_graphs import eagerly
from models.engines.shape import Shape
from models.engines.weights import Weights
from tests.decoding.toys import Endless
from tests.models import tiny_checkpoints, tiny_tokenizers

NEW_TOKENS = 24


WIDE = CostCurve((1, 64), (0.001, 0.001))


@dataclass(frozen=True)
class Branching:
    """Guesses a tree of tokens that the text has had so far, and any others."""

    name: str = "branching"

    def begin(self, prompt: Prompt) -> None:
        """Learn nothing."""

    def propose(self, tip: Tip, budget: int) -> Draft:
        """Return three ways on, the last of two tokens."""
        rng = random.Random(len(tip.tokens))
        known = [*tip.tokens[-6:], *range(2, 8)]
        return Draft(tuple(rng.choices(known, k=4)), self.name, 2, (-1, -1, -1, 2))

    def observe(self, tokens: tuple[int, ...]) -> None:
        """Learn nothing."""

    def rewind(self, count: int) -> None:
        """Forget nothing."""


WAYS: dict[str, tuple[list[Drafter], CostCurve | None]] = {
    "plain": ([], None),
    "copyspec": ([CopySpec()], None),
    "trees": ([CopySpec(), Branching()], WIDE),
}


def recorded(model: PreTrainedModel) -> Engine:
    """Return the graphics card's engine, each kernel run by itself."""
    shape = Shape.of(model.config.to_dict())
    return CudaEngine(shape, Weights.of(model.state_dict(), shape), eagerly, 64)


@pytest.mark.parametrize("on_card", [False, True], ids=["fused", "cuda"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("family", [tiny_checkpoints.qwen2, tiny_checkpoints.llama])
def test_greedy_equals_generate(family: type, way: str, on_card: bool) -> None:
    """No monitors, no noise: the same ids as the reference, on random checkpoints."""
    drafters, curve = WAYS[way]
    model = family().double()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tiny_tokenizers.qwen(), eos_token="<|endoftext|>")
    loaded = from_objects(model, tokenizer)
    engine = recorded(model) if on_card else loaded.engine
    widest = 0
    ordinary = [i for i in range(loaded.vocabulary.size) if loaded.vocabulary.bytes_of(i)]
    never = [i for i in range(model.config.vocab_size) if i not in ordinary and i not in loaded.format.end_ids]
    for seed in range(8):
        prompt = tuple(random.Random(seed).choices(ordinary, k=15))
        reference = model.generate(
            torch.tensor([prompt]),
            max_new_tokens=NEW_TOKENS,
            do_sample=False,
            suppress_tokens=never or None,
            eos_token_id=sorted(loaded.format.end_ids),
            pad_token_id=0,
        )
        masker = Masker(loaded.vocabulary, loaded.format.end_ids, b"\n", Sampler())
        slab = engine.new_slab()
        watch, length = Watch.start((), START), DraftLength(curve, most=6)
        parts = Parts(engine, slab, masker, watch, Endless(), NoFacts(), drafters, length)
        run = generate(Job(prompt, b"", b"", NEW_TOKENS, frozenset()), parts, Recorder(), lambda: False)
        assert run.tokens == tuple(reference[0, len(prompt) :].tolist())
        widest = max(widest, *(len(set(commit.guessed)) for commit in run.recorder.commits))
    assert widest == len(drafters)
