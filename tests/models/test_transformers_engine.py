"""The engine over transformers, in float32 and against transformers' own forward."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from transformers import MistralConfig, MistralForCausalLM, PreTrainedModel

from models.engines.prefill import common_length, prefill
from models.engines.testing import TinyEngine
from models.engines.transformers_engine import TransformersEngine
from models.errors import ModelError
from tests.models import tiny_checkpoints
from tests.models.engine_conformance import PROMPT, EngineConformance


def sliding_window_model() -> PreTrainedModel:
    """Return a model whose layers look back four tokens only."""
    torch.manual_seed(9)
    shape = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = MistralConfig(
        vocab_size=60,
        sliding_window=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        initializer_range=0.2,
        **shape,
    )
    return MistralForCausalLM(config).eval()


MODELS = {
    "qwen2": tiny_checkpoints.qwen2(),
    "llama": tiny_checkpoints.llama(),
    "sliding": sliding_window_model(),
    "llama float64": tiny_checkpoints.llama().double(),
}


class _Conformance(EngineConformance):
    tolerance = 1e-4


class TestQwen2(_Conformance):
    """Tied to nothing, biased attention."""

    engine = TransformersEngine(MODELS["qwen2"])


class TestLlama(_Conformance):
    """Plain."""

    engine = TransformersEngine(MODELS["llama"])


class TestSlidingWindow(_Conformance):
    """Taking back works beyond the window, too."""

    engine = TransformersEngine(MODELS["sliding"])


class TestFloat64(EngineConformance):
    """transformers' norms pass through float32, where a last bit may round otherwise."""

    engine = TransformersEngine(MODELS["llama float64"])
    tolerance = 1e-6


@pytest.mark.parametrize("kind", MODELS)
def test_rows_are_those_of_transformers(kind: str) -> None:
    """Fed by single tokens, the engine gives what the model gives for the whole prompt without a cache."""
    engine = TransformersEngine(MODELS[kind])
    slab = engine.new_slab()
    rows = torch.cat([engine.forward(slab, (token,)).logits for token in PROMPT])
    with torch.inference_mode():
        expected = MODELS[kind](input_ids=torch.tensor([PROMPT]), use_cache=False).logits[0]
    torch.testing.assert_close(rows, expected, rtol=0, atol=1e-4)


def test_float64_stays_float64() -> None:
    """Rows of a float64 model are not cast down; those of others are float32."""
    rows = {}
    for dtype in (torch.float64, torch.bfloat16):
        engine = TransformersEngine(tiny_checkpoints.llama().to(dtype))
        rows[dtype] = engine.forward(engine.new_slab(), PROMPT).logits.dtype
    assert rows == {torch.float64: torch.float64, torch.bfloat16: torch.float32}


def test_a_failed_pass_empties_the_slab() -> None:
    """When a layer fails midway the slab holds nothing, rather than layers of different lengths."""
    model = tiny_checkpoints.qwen2()
    engine = TransformersEngine(model)
    slab = engine.new_slab()
    engine.forward(slab, PROMPT)

    def fail(*_: object) -> None:
        raise MemoryError("second layer")

    hook = model.model.layers[1].register_forward_pre_hook(fail)
    with pytest.raises(MemoryError):
        engine.forward(slab, (1, 2))
    hook.remove()
    assert slab.tokens == []
    again = engine.forward(slab, PROMPT).logits
    torch.testing.assert_close(again, engine.forward(engine.new_slab(), PROMPT).logits)


def test_foreign_slabs_are_refused() -> None:
    """A slab of another engine is named in the message."""
    engine = TransformersEngine(MODELS["qwen2"])
    with pytest.raises(TypeError, match="TinySlab"):
        engine.forward(TinyEngine().new_slab(), (1,))


def test_recurrent_models_are_refused() -> None:
    """A model with running state cannot be rolled back, and says so when it is loaded."""
    model = tiny_checkpoints.qwen2()
    model.config.layer_types = ["linear_attention", "full_attention"]
    with pytest.raises(ModelError, match="linear_attention"):
        TransformersEngine(model)


class CountingEngine(TinyEngine):
    """Remembers the length of each pass."""

    def __init__(self) -> None:
        """Start with no passes."""
        super().__init__(vocabulary_size=30, max_length=300)
        self.passes: list[int] = []

    def extend(self, slab, tokens: Sequence[int]) -> None:  # type: ignore[no-untyped-def]
        """Count, then run."""
        self.passes.append(len(tokens))
        super().extend(slab, tokens)


PREFILLS = [
    # held by the slab, wanted, chunk, passes, prefilled, reused
    ((), (1, 2, 3), 2, [2, 1], 3, 0),
    ((1, 2), (1, 2, 3, 4), 8, [2], 2, 2),
    ((1, 2, 9, 9), (1, 2, 3), 8, [1], 1, 2),
    ((1, 2, 3), (1, 2), 8, [], 0, 2),
    ((1, 2, 3), (1, 2, 3), 8, [], 0, 3),
    ((1, 2), (), 8, [], 0, 0),
    ((), (5,) * 256, 128, [128, 128], 256, 0),
]


@pytest.mark.parametrize(("held", "wanted", "chunk", "passes", "prefilled", "reused"), PREFILLS)
def test_prefill_feeds_what_is_new(held, wanted, chunk, passes, prefilled, reused) -> None:  # type: ignore[no-untyped-def]
    """The common prefix stays, the rest of the slab goes, new tokens go in by chunks."""
    engine = CountingEngine()
    slab = engine.new_slab()
    if held:
        engine.forward(slab, held)
        engine.passes.clear()
    done = prefill(engine, slab, wanted, lambda: False, chunk)
    assert (engine.passes, done.prefilled, done.reused) == (passes, prefilled, reused)
    assert tuple(slab.tokens) == wanted


def test_cancelled_prefill_keeps_finished_chunks() -> None:
    """Cancelling between chunks leaves the slab with what was done, for the next request."""
    engine = CountingEngine()
    slab = engine.new_slab()
    answers = iter([False, False, True])
    done = prefill(engine, slab, (1, 2, 3, 4, 5, 6), lambda: next(answers), chunk=2)
    assert (done.prefilled, tuple(slab.tokens)) == (4, (1, 2, 3, 4))
    assert prefill(engine, slab, (1, 2, 3, 4, 5, 6), lambda: False, chunk=2).reused == 4


def test_prefill_refuses_before_it_works() -> None:
    """A prompt that can never fit is refused without a pass."""
    engine = CountingEngine()
    with pytest.raises(ValueError, match="301 tokens are more than the model's 300"):
        prefill(engine, engine.new_slab(), (1,) * 301, lambda: False)
    assert engine.passes == []


@pytest.mark.parametrize(
    ("left", "right", "length"), [((), (), 0), ((1,), (2,), 0), ((1, 2), (1, 2, 3), 2), ((1, 3), (1, 2), 1)]
)
def test_common_length(left: tuple[int, ...], right: tuple[int, ...], length: int) -> None:
    """The longest common prefix is counted, whichever side is shorter."""
    assert common_length(left, right) == length
