"""The compiled engine: transformers' rows, and the same bit for bit however they come about."""

from __future__ import annotations

import io
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.engines.compiled.engine import CompiledEngine
from models.engines.fused import FusedEngine
from models.engines.testing import TinyEngine
from models.engines.tree import Tree
from tests.models.engine_conformance import PROMPT, EngineConformance, law, trees
from tests.models.test_fused_engine import LONG, REFUSED, rows_of_transformers
from tests.models.tiny_decoders import VARIANTS, decoder


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Tiny models are slower on several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class _Exact(EngineConformance):
    """Rows are equal, not near."""

    tolerance = 0.0


class TestLlama(_Exact):
    """Weights that half precision does not hold."""

    engine = CompiledEngine.of(decoder("llama"))


class TestLlamaStoredIn16Bits(_Exact):
    """Weights that half precision holds."""

    engine = CompiledEngine.of(decoder("llama, tied", stored=torch.bfloat16))


class TestQwen2(_Exact):
    """Biases, and a scaled context."""

    engine = CompiledEngine.of(decoder("qwen2, yarn"))


class TestQwen3(_Exact):
    """Norms of queries and keys, in bfloat16."""

    engine = CompiledEngine.of(decoder("qwen3", torch.bfloat16))


class TestFloat16(_Exact):
    """Half precision throughout."""

    engine = CompiledEngine.of(decoder("llama, biased throughout", torch.float16))


class TestInt8(_Exact):
    """Products in 8 bits."""

    engine = CompiledEngine.of(decoder("qwen2"), int8=True)


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_are_those_of_transformers(variant: str, stored: torch.dtype) -> None:
    """In float32 all variants give transformers' rows, whichever way their weights are stored."""
    model = decoder(variant, stored=stored)
    engine = CompiledEngine.of(model)
    rows = engine.forward(engine.new_slab(), LONG).logits
    torch.testing.assert_close(rows, rows_of_transformers(model, LONG), rtol=0, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("variant", ["llama, tied", "qwen2", "qwen3"])
def test_16_bits_are_closer_than_those_of_torch(variant: str, dtype: torch.dtype) -> None:
    """Nothing but weights, keys and values is rounded to 16 bits, so rows err less than those of torch's products."""
    exact = rows_of_transformers(decoder(variant, stored=dtype), LONG)
    model = decoder(variant, dtype)
    ours, theirs = (
        (engine.forward(engine.new_slab(), LONG).logits - exact).abs().mean()
        for engine in (CompiledEngine.of(model), FusedEngine.of(model))
    )
    assert ours < theirs


@pytest.mark.parametrize("variant", VARIANTS)
def test_8_bits_are_near(variant: str) -> None:
    """Rounding weights and inputs to 8 bits moves a row by a few hundredths of its spread, in all variants."""
    exact = rows_of_transformers(decoder(variant), LONG)
    engine = CompiledEngine.of(decoder(variant), int8=True)
    rows = engine.forward(engine.new_slab(), LONG).logits
    assert 0 < (rows - exact).square().mean().sqrt() < 0.06 * exact.std()


EXACT = {
    "half-stored": CompiledEngine.of(decoder("llama", stored=torch.bfloat16)),
    "float32": CompiledEngine.of(decoder("qwen3")),
    "bfloat16": CompiledEngine.of(decoder("qwen2", torch.bfloat16)),
    "int8": CompiledEngine.of(decoder("llama", stored=torch.bfloat16), int8=True),
}


@pytest.mark.parametrize("name", EXACT)
@given(cuts=st.lists(st.integers(1, len(LONG) - 1), max_size=12))
@law
def test_cuts_change_no_bit(name: str, cuts: list[int]) -> None:
    """However a prompt is cut, with or without rows, the rows and states are the same bit for bit."""
    engine = EXACT[name]
    whole, split = engine.new_slab(), engine.new_slab()
    expected = engine.forward(whole, LONG)
    borders = [0, *sorted(set(cuts)), len(LONG)]
    for number, (a, b) in enumerate(zip(borders, borders[1:], strict=False)):
        if number % 2:
            engine.extend(split, LONG[a:b])
            continue
        rows = engine.forward(split, LONG[a:b])
        assert torch.equal(rows.logits, expected.logits[a:b])
        assert rows.hidden is not None and expected.hidden is not None
        assert torch.equal(rows.hidden, expected.hidden[a:b])


@pytest.mark.parametrize("name", EXACT)
@given(tree=trees(), length=st.integers(1, 60))
@law
def test_a_tree_changes_no_bit(name: str, tree: Tree, length: int) -> None:
    """Each token of a tree gets the row of its chain, and what is committed goes on as the chain does."""
    engine = EXACT[name]
    slab = engine.new_slab()
    engine.extend(slab, LONG[:length])
    rows = engine.forward_tree(slab, tree).logits
    for node in range(len(tree.tokens)):
        chain = tuple(tree.tokens[above] for above in tree.path_to(node))
        alone = engine.fork(slab, length)
        assert torch.equal(rows[node], engine.forward(alone, chain).logits[-1])
    path = tree.path_to(len(tree.tokens) - 1)
    engine.commit(slab, path)
    assert torch.equal(engine.forward(slab, (7,)).logits, engine.forward(alone, (7,)).logits)


@pytest.mark.parametrize("name", EXACT)
def test_threads_change_no_bit(name: str) -> None:
    """On two or three threads, for prompts and for single tokens, rows are those of one; more may be than there is."""
    engine = EXACT[name]
    expected = engine.forward(engine.new_slab(), LONG).logits
    for threads in (2, 3, 2, 1):
        torch.set_num_threads(threads)
        slab = engine.new_slab()
        engine.extend(slab, LONG[:-3])
        found = torch.cat([engine.forward(slab, (token,)).logits for token in LONG[-3:]])
        assert torch.equal(found, expected[-3:])
    torch.set_num_threads(1)


def test_passes_of_several_threads_take_turns() -> None:
    """One engine may be used from anywhere: passes share its memory, so they wait for each other."""
    from concurrent.futures import ThreadPoolExecutor

    engine = EXACT["float32"]
    expected = engine.forward(engine.new_slab(), LONG).logits
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: engine.forward(engine.new_slab(), LONG).logits, range(16)))
    assert all(torch.equal(rows, expected) for rows in found)


@pytest.mark.parametrize("token", [-1, 60, 10**6])
def test_tokens_beyond_the_vocabulary_are_refused(token: int) -> None:
    """Nothing is read that is no row of the embedding, and the slab stays as it was."""
    engine = EXACT["float32"]
    slab = engine.new_slab()
    engine.extend(slab, PROMPT)
    with pytest.raises(IndexError, match="not all among 60"):
        engine.forward(slab, (1, token))
    assert slab.tokens == list(PROMPT)


@pytest.mark.parametrize(("make", "reason"), REFUSED)
def test_other_models_are_refused_with_a_reason(make, reason: str) -> None:  # type: ignore[no-untyped-def]
    """What it would compute wrongly is refused."""
    with pytest.raises(ValueError, match="the compiled engine cannot run this model: "):
        CompiledEngine.of(make())


def test_foreign_slabs_are_refused() -> None:
    """A slab of another engine is named in the message."""
    with pytest.raises(TypeError, match="TinySlab"):
        EXACT["float32"].forward(TinyEngine().new_slab(), (1,))


def test_weights_are_held_once() -> None:
    """A tied head is the embedding, and matrices that 16 bits hold take 16 bits."""
    tied, own = (
        CompiledEngine.of(decoder(name, stored=torch.bfloat16))._model.packed.numbers
        for name in ("llama, tied", "llama")
    )
    n_embedding = 64 * 32
    assert own.size - tied.size == n_embedding
    assert tied.itemsize == 2
    whole, in_8_bits = (CompiledEngine.of(decoder("llama"), int8)._model.packed.numbers for int8 in (False, True))
    assert (whole.itemsize, in_8_bits.itemsize) == (4, 1)


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="names features of x86")
def test_an_older_processor_computes_the_same() -> None:
    """Without 512 bits and without instructions for pairs and bytes rows are near, and their law holds."""
    for dtype, stored, int8 in (("float32", torch.bfloat16, False), ("bfloat16", None, False), ("float32", None, True)):
        model = decoder("qwen3", getattr(torch, dtype), stored=stored or torch.float32)
        engine = CompiledEngine.of(model, int8)
        rows = engine.forward(engine.new_slab(), LONG).logits
        done = subprocess.run(
            [sys.executable, "-c", ELSEWHERE, dtype, str(stored == torch.bfloat16), str(int8), json.dumps(LONG)],
            env={**os.environ, "NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": OLDER},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
            timeout=300,
        )
        found = torch.load(io.BytesIO(done.stdout))
        torch.testing.assert_close(found, rows, rtol=0, atol=0.1 if int8 or dtype == "bfloat16" else 1e-4)


OLDER = "+avx2,+avx,+fma,+f16c,+bmi,+bmi2,+lzcnt,+movbe,+popcnt,+cx16,+sse4.2,+sse4.1,+ssse3,+sse3,+sse2,+64bit"

ELSEWHERE = """
import json, sys
import torch
from models.engines.compiled.engine import CompiledEngine
from models.engines.compiled.lanes import LANES
from tests.models.tiny_decoders import decoder
torch.set_num_threads(1)
dtype, half, int8, tokens = sys.argv[1:]
stored = torch.bfloat16 if half == "True" else torch.float32
engine = CompiledEngine.of(decoder("qwen3", getattr(torch, dtype), stored=stored), int8 == "True")
tokens = json.loads(tokens)
rows = engine.forward(engine.new_slab(), tokens).logits
slab, ends = engine.new_slab(), (0, 1, 3, 6, 10, len(tokens))
parts = [engine.forward(slab, tokens[a:b]).logits for a, b in zip(ends, ends[1:])]
assert LANES == 8
assert torch.equal(torch.cat(parts), rows)
torch.save(rows.clone(), sys.stdout.buffer)
"""
