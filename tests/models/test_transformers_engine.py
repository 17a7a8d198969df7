"""The engine over transformers, in float32 and against transformers' own forward."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GemmaConfig,
    GemmaForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Starcoder2Config,
    Starcoder2ForCausalLM,
)

from models.engines.prefill import common_length, feed, keep_common
from models.engines.testing import TinyEngine
from models.engines.transformers_engine import TransformersEngine
from models.errors import ModelError
from tests.models import tiny_checkpoints
from tests.models.engine_conformance import BRANCHED, PROMPT, EngineConformance


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


def small(kind: str) -> PreTrainedModel:
    """Return a random model of a kind that the fused engine does not run."""
    torch.manual_seed(12)
    shape = {"vocab_size": 60, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 1}
    shape |= {"hidden_size": 32, "intermediate_size": 48, "max_position_embeddings": 256, "head_dim": 8}
    shape |= {"initializer_range": 0.2, "bos_token_id": None, "eos_token_id": 0, "pad_token_id": None}
    classes = {
        "gemma": (GemmaForCausalLM, GemmaConfig),
        "gemma3": (Gemma3ForCausalLM, Gemma3TextConfig),
        "starcoder2": (Starcoder2ForCausalLM, Starcoder2Config),
    }
    if kind == "gpt2":
        return GPT2LMHeadModel(
            GPT2Config(vocab_size=60, n_embd=32, n_layer=2, n_head=4, n_positions=256, initializer_range=0.2)
        ).eval()
    model_class, config_class = classes[kind]
    windows = {"sliding_window": 4, "layer_types": ["sliding_attention", "full_attention"]}
    return model_class(config_class(**shape, **(windows if kind == "gemma3" else {}))).eval()


MODELS = {
    "gemma": small("gemma"),
    "gemma3": small("gemma3"),
    "starcoder2": small("starcoder2"),
    "gpt2": small("gpt2"),
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


class TestGemma(_Conformance):
    """Scaled embeddings, its own norm and activation."""

    engine = TransformersEngine(MODELS["gemma"])


class TestGemma3(_Conformance):
    """Layers with a window and layers without: trees go through by chains."""

    engine = TransformersEngine(MODELS["gemma3"])


class TestStarcoder2(_Conformance):
    """Layer norms and biases."""

    engine = TransformersEngine(MODELS["starcoder2"])


class TestGPT2(_Conformance):
    """Learned positions: trees go through by chains."""

    engine = TransformersEngine(MODELS["gpt2"])


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


PASSES = [("qwen2", 1), ("llama", 1), ("gemma", 1), ("sliding", 6), ("gemma3", 6), ("gpt2", 6)]


@pytest.mark.parametrize(("kind", "passes"), PASSES)
def test_a_tree_takes_one_pass_where_a_mask_is_all_it_needs(kind: str, passes: int) -> None:
    """Windows and learned positions take a pass a token, others one in all."""
    engine = TransformersEngine(MODELS[kind])
    slab = engine.new_slab()
    engine.extend(slab, PROMPT)
    seen: list[object] = []
    hook = engine.model.base_model.register_forward_pre_hook(lambda *_: seen.append(None))
    engine.forward_tree(slab, BRANCHED)
    hook.remove()
    assert len(seen) == passes


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
    kept = keep_common(engine, slab, wanted)
    while len(slab.tokens) < len(wanted):
        feed(engine, slab, wanted, chunk)
    assert (engine.passes, len(wanted) - kept, kept) == (passes, prefilled, reused)
    assert tuple(slab.tokens) == wanted


def test_prefill_refuses_before_it_works() -> None:
    """A prompt that can never fit is refused without a pass."""
    engine = CountingEngine()
    with pytest.raises(ValueError, match="301 tokens are more than the model's 300"):
        keep_common(engine, engine.new_slab(), (1,) * 301)
    assert engine.passes == []


@pytest.mark.parametrize(
    ("left", "right", "length"), [((), (), 0), ((1,), (2,), 0), ((1, 2), (1, 2, 3), 2), ((1, 3), (1, 2), 1)]
)
def test_common_length(left: tuple[int, ...], right: tuple[int, ...], length: int) -> None:
    """The longest common prefix is counted, whichever side is shorter."""
    assert common_length(left, right) == length
