"""Greedy text equals that of transformers' own generate, with and without drafters."""

from __future__ import annotations

import random

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from analysis.facts import NoFacts
from analysis.scanner import START
from decoding.draft_length import DraftLength
from decoding.drafters.copyspec import CopySpec
from decoding.loop import generate
from decoding.masking import Masker
from decoding.recorder import Recorder
from decoding.run import Job, Parts
from decoding.sampling import Sampler
from decoding.types import Drafter
from decoding.watch import Watch
from models.checkpoints import from_objects
from tests.decoding.toys import Endless
from tests.models import tiny_checkpoints, tiny_tokenizers

NEW_TOKENS = 24


@pytest.mark.parametrize("drafters", [[], [CopySpec()]], ids=["plain", "copyspec"])
@pytest.mark.parametrize("family", [tiny_checkpoints.qwen2, tiny_checkpoints.llama])
def test_greedy_equals_generate(family: type, drafters: list[Drafter]) -> None:
    """No monitors, no noise: the same ids as the reference, on random checkpoints."""
    model = family().double()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tiny_tokenizers.qwen(), eos_token="<|endoftext|>")
    loaded = from_objects(model, tokenizer)
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
        slab = loaded.engine.new_slab()
        watch, length = Watch.start((), START), DraftLength(most=6)
        parts = Parts(loaded.engine, slab, masker, watch, Endless(), NoFacts(), drafters, length)
        run = generate(Job(prompt, b"", b"", NEW_TOKENS, frozenset()), parts, Recorder(), lambda: False)
        assert run.tokens == tuple(reference[0, len(prompt) :].tolist())
