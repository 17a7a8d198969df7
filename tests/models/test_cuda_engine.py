"""The engine for graphics cards, on a CPU: the same buffers, slots and sums, each kernel run by itself."""

from __future__ import annotations

import gc
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode

from models.engines.cuda import CudaEngine, engine_on_device, recorded_if_possible
from models.engines.cuda_arena import CudaSlab
from models.engines.cuda_buckets import WIDTHS, recordings
from models.engines.cuda_graphs import Program, Record, eagerly
from models.engines.fused import FusedEngine
from models.engines.shape import Shape
from models.engines.testing import TinyEngine
from models.engines.tree import Tree
from models.engines.weights import Weights
from tests.models.engine_conformance import BRANCHED, PROMPT, EngineConformance, law
from tests.models.tiny_decoders import VARIANTS, decoder

LONG = tuple(position * 7 % 60 for position in range(200))


def parts(variant: str, dtype: torch.dtype = torch.float32) -> tuple[Shape, Weights]:
    """Return what an engine is made of."""
    model = decoder(variant, dtype)
    shape = Shape.of(model.config.to_dict())
    return shape, Weights.of(model.state_dict(), shape)


def engine(variant: str = "llama", dtype: torch.dtype = torch.float32, room: int = 256) -> CudaEngine:
    """Return an engine that runs each kernel by itself."""
    return CudaEngine(*parts(variant, dtype), eagerly, room)


def noting(programs: list[Program]) -> Record:
    """Return a recorder that notes what it is given."""

    def record(program: Program) -> Program:
        programs.append(program)
        return program

    return record


class _Conformance(EngineConformance):
    tolerance = 1e-4


class TestLlama(_Conformance):
    """Plain."""

    engine = engine("llama")


class TestQwen2(_Conformance):
    """Biases, and a scaled context."""

    engine = engine("qwen2, yarn")


class TestQwen3(_Conformance):
    """Norms of queries and keys."""

    engine = engine("qwen3")


def traced(program: Program) -> Program:
    """Record as a graphics card does: note the kernels of one run with all their arguments, and replay just those."""

    def run() -> tuple[()]:
        program()
        return ()

    replay: Program = make_fx(run)()
    return replay


class TestReplayed(EngineConformance):
    """What was recorded once, before there was anything to run, serves every pass."""

    engine = CudaEngine(*parts("llama", torch.float64), traced, 256)
    tolerance = 1e-12


class TestFloat64(EngineConformance):
    """Nothing is cast down."""

    engine = engine("qwen3", torch.float64)
    tolerance = 1e-13


@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_are_those_of_the_fused_engine(variant: str) -> None:
    """Every variant gives the same rows as on a CPU, from a prompt and from padded passes behind it."""
    ours, theirs = engine(variant), FusedEngine(*parts(variant))
    slabs = ours.new_slab(), theirs.new_slab()
    for step in (LONG[:90], LONG[90:91], LONG[91:96]):
        rows = [each.forward(slab, step).logits for each, slab in zip((ours, theirs), slabs, strict=True)]
        torch.testing.assert_close(*rows, rtol=0, atol=1e-4)


def test_16_bits_are_summed_in_32() -> None:
    """In bfloat16 rows are float32, and those of the fused engine but for rounding."""
    ours, theirs = engine("llama", torch.bfloat16), FusedEngine(*parts("llama", torch.bfloat16))
    rows = [each.forward(each.new_slab(), LONG).logits for each in (ours, theirs)]
    assert rows[0].dtype == torch.float32
    assert (rows[0] - rows[1]).abs().mean() < 0.02 * rows[1].abs().mean()


def test_all_sizes_are_recorded_ahead_and_the_largest_first() -> None:
    """Every pair of sizes is recorded when the engine is made, and none later."""
    recorded: list[Program] = []
    made = CudaEngine(*parts("llama"), noting(recorded), 256)
    assert len(recorded) == len(recordings(256)) == len(WIDTHS)
    slab = made.new_slab()
    made.forward(slab, LONG[:5])
    assert len(recorded) == len(WIDTHS)
    sizes = [width * context for width, context in recordings(8192)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(recordings(8192))) == len(WIDTHS) * 5


def test_a_padded_pass_changes_no_slot_but_its_own() -> None:
    """Five tokens in a pass of eight write five slots, and scratch."""
    made = engine()
    slab = made.new_slab()
    made.extend(slab, PROMPT)
    before = made._arena._memory.clone()
    made.forward(slab, (1, 2, 3, 4, 5))
    changed = (made._arena._memory != before).any(dim=3).any(dim=1).any(dim=0)
    start, scratch = len(PROMPT), made._arena.scratch
    assert torch.nonzero(changed).flatten().tolist() == [*range(start, start + 5), *range(scratch + 5, scratch + 8)]


class Kernels(TorchDispatchMode):
    """Notes which operations run, and on what sizes."""

    def __init__(self) -> None:
        """Note nothing yet."""
        super().__init__()
        self.seen: list[tuple[str, tuple[object, ...]]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Note, then run."""
        sizes = tuple(tuple(arg.shape) if isinstance(arg, torch.Tensor) else None for arg in args)
        self.seen.append((str(func), sizes))
        return func(*args, **(kwargs or {}))


# What asks a tensor for its value, so that a graphics card would have to finish first.
WAITING = ("_local_scalar_dense", "nonzero", "is_nonzero", "equal.", "unique", "masked_select")


def test_a_pass_is_the_same_kernels_whatever_it_is_about() -> None:
    """What a graph replays fits every tree and every length: no size depends on them and no value is asked for."""
    programs: list[Program] = []
    made = CudaEngine(*parts("qwen3"), noting(programs), 256)
    program = dict(zip(recordings(256), programs, strict=True))[8, 256]
    traces = []
    for tree, start in ((BRANCHED, 0), (Tree.chain((1, 2, 3)), 100), (Tree((7,) * 8, (-1,) * 8), 17)):
        with torch.inference_mode():
            made._inputs[8].fill(tree, start, made._arena.scratch)
            with Kernels() as kernels:
                program()
        traces.append(kernels.seen)
    assert len(traces[0]) > 50
    assert traces[0] == traces[1] == traces[2]
    assert [name for name, _ in traces[0] if any(mark in name for mark in WAITING)] == []


def test_rows_survive_the_next_pass() -> None:
    """Rows are copies: the decode loop keeps them to choose again when a fact arrives."""
    made = engine()
    slab = made.new_slab()
    rows = made.forward(slab, PROMPT).logits
    before = rows.clone()
    made.forward(slab, PROMPT)
    assert torch.equal(rows, before)


def test_passes_wider_than_any_recorded_run_at_their_own_size() -> None:
    """A pass over 70 tokens, and a tree of as many, give the rows of small passes."""
    made = engine("llama", torch.float64)
    slab = made.new_slab()
    wide = made.forward(slab, LONG[:70]).logits
    again = made.new_slab()
    narrow = torch.cat([made.forward(again, LONG[at : at + 10]).logits for at in range(0, 70, 10)])
    torch.testing.assert_close(wide, narrow, rtol=0, atol=1e-12)
    fan = Tree(LONG[:70], (-1,) * 70)
    rows = made.forward_tree(slab, fan).logits
    chain = made.forward(slab, LONG[69:70]).logits
    torch.testing.assert_close(rows[69:], chain, rtol=0, atol=1e-12)


@given(order=st.lists(st.integers(0, 2), max_size=12))
@law
def test_slabs_take_turns(order: list[int]) -> None:
    """Slabs that are used in any order hold what each was fed, a tree of one that waits included."""
    made = SHARED
    slabs = [made.new_slab() for _ in range(3)]
    held: list[tuple[int, ...]] = [(), (), ()]
    pending = [False, False, False]
    for turn, which in enumerate(order):
        if pending[which]:
            made.commit(slabs[which], (0, 1, 4))
            held[which] += (5, 1, 7)
        elif turn % 2:
            made.forward_tree(slabs[which], BRANCHED)
        else:
            made.forward(slabs[which], (turn, turn + 1))
            held[which] += (turn, turn + 1)
        pending[which] = not pending[which] and bool(turn % 2)
    for slab, tokens in zip(slabs, held, strict=True):
        assert tuple(slab.tokens) == tokens
        fresh = made.new_slab()
        expected = made.forward(fresh, (*tokens, 3)).logits[-1]
        torch.testing.assert_close(made.forward(slab, (3,)).logits[-1], expected, rtol=0, atol=1e-12)


SHARED = engine("llama", torch.float64)


def test_memory_of_slabs() -> None:
    """A slab in the arena counts what it holds, one aside what its copy takes; a token takes its keys and values."""
    made = engine()
    one, other = made.new_slab(), made.new_slab()
    assert one.n_bytes == one.used_bytes == 0
    made.extend(one, PROMPT)
    layers, kinds, heads, size, bytes_each = 2, 2, 2, 8, 4
    expected = len(PROMPT) * layers * kinds * heads * size * bytes_each
    assert one.n_bytes == one.used_bytes == expected
    made.extend(other, (1,))
    assert one.saved is not None
    assert one.n_bytes == one.used_bytes == expected
    made.truncate(one, 1)
    assert (one.n_bytes, one.used_bytes) == (expected, expected // len(PROMPT))


def test_what_is_no_number_is_gone_with_its_slab() -> None:
    """Keys and values that overflowed do not reach the next slab, although masked slots are multiplied by nothing."""
    made = engine()
    made.extend(made.new_slab(), PROMPT)
    with torch.inference_mode():
        made._arena._memory.fill_(float("nan"))
    assert bool(made.forward(made.new_slab(), (1, 2, 3)).logits.isfinite().all())


def test_slabs_that_nobody_has_are_not_copied_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making room for another slab copies one that is still wanted, and no other."""
    made = engine()
    copied: list[CudaSlab] = []
    copy_of = made._arena.copy_of
    monkeypatch.setattr(made._arena, "copy_of", lambda slab, length: copied.append(slab) or copy_of(slab, length))
    wanted, gone = made.new_slab(), made.new_slab()
    made.extend(gone, PROMPT)
    del gone
    gc.collect()
    made.extend(wanted, PROMPT)
    assert copied == []
    made.extend(made.new_slab(), PROMPT)
    assert copied == [wanted]


def test_a_slab_goes_to_the_host_when_the_device_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without memory for another copy, a slab waits in the host's, and comes back whole."""
    made = engine()
    one = made.new_slab()
    expected = made.forward(one, (*PROMPT, 2)).logits[-1]
    made.truncate(one, len(PROMPT))

    def full(*_: object, **__: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "clone", full)
        made.extend(made.new_slab(), (1, 2, 3))
    assert one.saved is not None
    torch.testing.assert_close(made.forward(one, (2,)).logits[-1], expected)


def failing(error: Exception) -> Record:
    """Return a recorder that cannot record."""

    def record(program: Program) -> Program:
        raise error

    return record


FAILURES = [
    (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nmore"), "CUDA out of memory. Tried"),
    (RuntimeError("operation not permitted when stream is capturing"), "not permitted"),
]


@pytest.mark.parametrize(("error", "reason"), FAILURES)
def test_what_cannot_be_recorded_runs_unrecorded(error: Exception, reason: str) -> None:
    """Where recording fails the fused engine serves, and one line says why."""
    made, remark = recorded_if_possible(*parts("llama"), failing(error))
    assert isinstance(made, FusedEngine)
    assert remark.startswith("without CUDA graphs: ")
    assert reason in remark and "\n" not in remark
    assert made.forward(made.new_slab(), PROMPT).logits.shape == (len(PROMPT), 60)


def test_recorded_where_possible() -> None:
    """Where recording works there is nothing to remark."""
    made, remark = recorded_if_possible(*parts("llama"), eagerly)
    assert (type(made), remark) == (CudaEngine, "")


def test_a_cpu_gets_the_fused_engine() -> None:
    """On a CPU nothing is recorded, and nothing is amiss."""
    made, remark = engine_on_device(*parts("llama"))
    assert (type(made), remark) == (FusedEngine, "")


def test_the_length_is_no_more_than_the_room() -> None:
    """An engine with less room than the model's context says so by its length."""
    made = engine(room=100)
    with pytest.raises(ValueError, match="101 tokens are more than the model's 100"):
        made.forward(made.new_slab(), (1,) * 101)


def test_foreign_slabs_are_refused() -> None:
    """A slab of another engine is named in the message."""
    with pytest.raises(TypeError, match="TinySlab"):
        SHARED.forward(TinyEngine().new_slab(), (1,))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_graphs_replay_what_runs_unrecorded() -> None:
    """On a graphics card replayed passes give the rows of those run kernel by kernel."""
    model = decoder("qwen3", torch.bfloat16).to("cuda")
    shape = Shape.of(model.config.to_dict())
    weights = Weights.of(model.state_dict(), shape)
    replayed, remark = engine_on_device(shape, weights)
    assert (type(replayed), remark) == (CudaEngine, "")
    plain = CudaEngine(shape, weights, eagerly)
    for tree in (BRANCHED, Tree.chain(LONG[:9])):
        rows = []
        for each in (replayed, plain):
            slab = each.new_slab()
            each.extend(slab, LONG)
            rows.append(each.forward_tree(slab, tree).logits)
        torch.testing.assert_close(*rows, rtol=0, atol=0.05)
