"""The fused engine: transformers' rows for every kind of decoder, in every precision."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import GPT2Config, GPT2LMHeadModel, LlamaForCausalLM, PreTrainedModel

from models.engines import blocks
from models.engines.choose import engine_for
from models.engines.fused import FusedEngine
from models.engines.kv_slab import KVSlab
from models.engines.shape import refusal
from models.engines.testing import TinyEngine
from models.engines.transformers_engine import TransformersEngine
from tests.models.engine_conformance import PROMPT, EngineConformance, law
from tests.models.tiny_decoders import VARIANTS, custom, decoder

# Long enough that turns differ beyond the trained context of the scaled variants.
LONG = tuple(position * 7 % 60 for position in range(200))


def rows_of_transformers(model: PreTrainedModel, tokens: tuple[int, ...]) -> torch.Tensor:
    """Return the model's rows for a whole prompt, without a cache."""
    with torch.inference_mode():
        return model(input_ids=torch.tensor([tokens]), use_cache=False).logits[0].float()


class _Conformance(EngineConformance):
    tolerance = 1e-4


class TestLlama(_Conformance):
    """Weights that half precision does not hold."""

    engine = FusedEngine.of(decoder("llama"))


class TestLlamaStoredIn16Bits(_Conformance):
    """Weights that half precision holds."""

    engine = FusedEngine.of(decoder("llama", stored=torch.bfloat16))


class TestQwen2(_Conformance):
    """Biases, and a scaled context."""

    engine = FusedEngine.of(decoder("qwen2, yarn"))


class TestQwen3(_Conformance):
    """Norms of queries and keys."""

    engine = FusedEngine.of(decoder("qwen3"))


class TestFloat64(EngineConformance):
    """Nothing is cast down: ten digits more than float32 has."""

    engine = FusedEngine.of(decoder("qwen3", torch.float64))
    tolerance = 1e-13


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_are_those_of_transformers(variant: str, stored: torch.dtype) -> None:
    """In float32 all variants give transformers' rows, whichever way their weights are stored."""
    model = decoder(variant, stored=stored)
    engine = FusedEngine.of(model)
    rows = engine.forward(engine.new_slab(), LONG).logits
    torch.testing.assert_close(rows, rows_of_transformers(model, LONG), rtol=0, atol=1e-4)


@given(cuts=st.lists(st.integers(1, len(LONG) - 1), max_size=8))
@law
def test_splits_do_not_change_a_choice(cuts: list[int]) -> None:
    """In float64 the largest logit is the same one however a prompt is cut, and so are its twelve first digits."""
    whole, split = FLOAT64.new_slab(), FLOAT64.new_slab()
    expected = FLOAT64.forward(whole, LONG).logits
    borders = [0, *sorted(set(cuts)), len(LONG)]
    rows = torch.cat([FLOAT64.forward(split, LONG[a:b]).logits for a, b in zip(borders, borders[1:], strict=False)])
    assert torch.equal(rows.argmax(-1), expected.argmax(-1))
    torch.testing.assert_close(rows, expected, rtol=0, atol=1e-12)


FLOAT64 = FusedEngine.of(decoder("llama, llama3", torch.float64))


@pytest.mark.parametrize(("dtype", "wide"), [(torch.float64, torch.float64), (torch.float32, torch.float32)])
def test_logits_are_wide(dtype: torch.dtype, wide: torch.dtype) -> None:
    """Rows are float64 in float64 and float32 otherwise."""
    engine = FusedEngine.of(decoder("qwen2", dtype))
    assert engine.forward(engine.new_slab(), PROMPT).logits.dtype == wide


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("variant", ["llama, tied", "qwen2", "qwen3"])
def test_16_bits_are_closer_than_those_of_transformers(variant: str, dtype: torch.dtype) -> None:
    """Where transformers rounds residuals, turns and logits to 16 bits, the fused engine errs less on the whole."""
    exact = rows_of_transformers(decoder(variant, stored=dtype), LONG)
    narrow = decoder(variant, dtype)
    engine = FusedEngine.of(narrow)
    rows = engine.forward(engine.new_slab(), LONG).logits
    assert rows.dtype == torch.float32
    ours, theirs = ((found - exact).abs().mean() for found in (rows, rows_of_transformers(narrow, LONG)))
    assert ours < theirs


def test_16_bit_rows_have_no_ties() -> None:
    """Logits of a bfloat16 model are sums in float32, so no row has two largest ones."""
    engine = FusedEngine.of(decoder("llama, tied", torch.bfloat16))
    first, second = engine.forward(engine.new_slab(), LONG).logits.topk(2).values.unbind(-1)
    assert bool((first > second).all())


def test_extend_leaves_the_slab_as_forward_does() -> None:
    """After feeding without rows, the next row is the same."""
    engine = FusedEngine.of(decoder("qwen3"))
    one, other = engine.new_slab(), engine.new_slab()
    engine.extend(one, LONG)
    engine.forward(other, LONG)
    for left, right in zip(one.keys + one.values, other.keys + other.values, strict=True):
        assert torch.equal(left[:, :, : len(LONG)], right[:, :, : len(LONG)])
    assert one.tokens == other.tokens == list(LONG)


LENGTHS = [(1, 8), (128, 128), (129, 144), (150, 160), (241, 256), (256, 256)]


@pytest.mark.parametrize(("length", "room"), LENGTHS)
def test_a_slab_takes_the_memory_it_says(length: int, room: int) -> None:
    """Memory is room for the tokens and at most an eighth more, in steps, and never beyond the model's length."""
    engine = FusedEngine.of(decoder("llama"))
    slab = engine.new_slab()
    assert slab.n_bytes == 0
    engine.extend(slab, (1,) * length)
    layers, kinds, heads, size, bytes_each = 2, 2, 2, 8, 4
    assert (slab.room, slab.n_bytes) == (room, layers * kinds * heads * size * bytes_each * room)
    parts = [tensor.untyped_storage() for tensor in slab.keys + slab.values]
    assert {(part.data_ptr(), part.nbytes()) for part in parts} == {(parts[0].data_ptr(), slab.n_bytes)}


def test_taking_back_moves_nothing() -> None:
    """Taking tokens back and feeding others stays in the same memory."""
    engine = FusedEngine.of(decoder("llama"))
    slab = engine.new_slab()
    engine.extend(slab, PROMPT)
    before = [tensor.data_ptr() for tensor in slab.keys + slab.values]
    engine.truncate(slab, 3)
    engine.forward(slab, PROMPT[: len(PROMPT) - 3])
    assert [tensor.data_ptr() for tensor in slab.keys + slab.values] == before


def test_a_slab_that_cannot_grow_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """When memory ends while growing, what was held is still there."""
    engine = FusedEngine.of(decoder("llama"))
    slab = engine.new_slab()
    engine.extend(slab, PROMPT)
    with monkeypatch.context() as patch, pytest.raises(MemoryError, match="not enough memory for"):
        patch.setattr(blocks, "mmap", full)
        engine.extend(slab, (1,) * 200)
    assert slab.tokens == list(PROMPT)
    rows = engine.forward(slab, (1,) * 200).logits
    torch.testing.assert_close(rows, engine.forward(engine.new_slab(), (*PROMPT, *(1,) * 200)).logits[len(PROMPT) :])


def full(*_: object, **__: object) -> None:
    """Have no memory left, as the system says it."""
    raise OSError(12, "Cannot allocate memory")


def test_the_model_is_left_alone() -> None:
    """Fusing changes no weight of the model it is given."""
    model = decoder("qwen3, tied and biased")
    before = copy.deepcopy(model.state_dict())
    engine = FusedEngine.of(model)
    engine.forward(engine.new_slab(), PROMPT)
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_foreign_slabs_are_refused() -> None:
    """A slab of another engine is named in the message."""
    with pytest.raises(TypeError, match="TinySlab"):
        FLOAT64.forward(TinyEngine().new_slab(), (1,))


def gpt2() -> PreTrainedModel:
    """Return a decoder of another kind."""
    return GPT2LMHeadModel(GPT2Config(vocab_size=60, n_embd=32, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0))


class OwnLlama(LlamaForCausalLM):
    """Somebody's variation, which may compute anything."""


def subclass() -> PreTrainedModel:
    """Return a model of a class of its own."""
    return OwnLlama(decoder("llama").config)


def quantised() -> PreTrainedModel:
    """Return a model with a matrix of another type."""
    model = decoder("llama")
    model.lm_head.weight.data = model.lm_head.weight.data.half()
    return model


def adapted() -> PreTrainedModel:
    """Return a model with an adapter's weights."""
    model = decoder("llama")
    model.model.layers[0].self_attn.register_parameter("lora_A", torch.nn.Parameter(torch.zeros(2)))
    return model


DYNAMIC = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10_000.0}
REFUSED = [
    (gpt2, "GPT2LMHeadModel is none of LlamaForCausalLM, "),
    (subclass, "OwnLlama is none of"),
    (lambda: custom("mistral", sliding_window=4), "sliding windows"),
    (lambda: custom("qwen2", use_sliding_window=True, sliding_window=4, max_window_layers=1), "sliding windows"),
    (lambda: custom("llama", hidden_act="gelu"), "gelu, not silu"),
    (lambda: custom("llama", rope_parameters=DYNAMIC), "scaled by dynamic, not by default, linear"),
    (quantised, "several or unusual types"),
    (adapted, "model.layers.0.self_attn.lora_A is missing or unknown"),
    (lambda: decoder("llama").to("meta"), "on meta"),
]


@pytest.mark.parametrize(("make", "reason"), REFUSED)
def test_other_models_are_refused_with_a_reason(make, reason: str) -> None:  # type: ignore[no-untyped-def]
    """What the fused engine would compute wrongly is refused, and goes to transformers."""
    model = make()
    assert reason in refusal(model)
    with pytest.raises(ValueError, match="the fused engine cannot run this model: "):
        FusedEngine.of(model)
    assert isinstance(engine_for(model)[0], TransformersEngine)


@pytest.mark.parametrize("variant", VARIANTS)
def test_known_models_are_fused(variant: str) -> None:
    """Every variant is run by an engine of our own: in float64 by the fused one."""
    engine, remark = engine_for(decoder(variant, torch.float64))
    assert remark == ""
    assert isinstance(engine, FusedEngine)
    assert isinstance(engine.new_slab(), KVSlab)
