"""Memory for slabs: what is given back is used again, what is looked at never is."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from models.engines.blocks import Blocks
from models.engines.fused import FusedEngine
from models.engines.kv_slab import rounded
from tests.models.tiny_decoders import decoder

CPU = torch.device("cpu")
PAGE = 4096


def test_a_block_that_nobody_looks_at_is_taken_again() -> None:
    """The next block of its size is the same memory; one of another size is not."""
    blocks = Blocks(CPU)
    block = blocks.take(PAGE)
    address = block.data_ptr()
    del block
    assert blocks.spare_bytes == PAGE
    assert blocks.take(2 * PAGE).data_ptr() != address
    assert blocks.take(PAGE).data_ptr() == address


def test_a_block_that_is_looked_at_is_not_taken() -> None:
    """A part of it, in another shape and type, is enough."""
    blocks = Blocks(CPU)
    part = blocks.take(PAGE).view(torch.bfloat16).view(2, -1)[1:, 3]
    part.fill_(7)
    assert blocks.spare_bytes == 0
    blocks.take(PAGE).zero_()
    assert part.tolist() == [7]


def test_memory_that_is_ready_has_a_bound() -> None:
    """The blocks given back first go."""
    blocks = Blocks(CPU, 3 * PAGE)
    held = [blocks.take(PAGE) for _ in range(5)]
    last = held[-1].data_ptr()
    while held:
        held.pop(0)
    assert blocks.spare_bytes == 3 * PAGE
    assert blocks.take(PAGE).data_ptr() == last


def test_other_devices_keep_their_own() -> None:
    """Memory that is not the processor's comes from torch, and goes back there."""
    blocks = Blocks(torch.device("meta"))
    assert blocks.take(PAGE).device.type == "meta"
    assert blocks.spare_bytes == 0


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5)), max_size=60))
def test_no_block_is_in_two_hands(steps: list[tuple[int, int]]) -> None:
    """Whatever is taken and given back, what was written into a block stays, and spare memory within its bound."""
    blocks, held = Blocks(CPU, 4 * PAGE), dict[int, tuple[torch.Tensor, int]]()
    for mark, (pages, place) in enumerate(steps):
        held.pop(place, None)
        held[place] = blocks.take(pages * PAGE).fill_(mark), mark
        assert all(bool((block == written).all()) for block, written in held.values())
        assert blocks.spare_bytes <= 4 * PAGE


def test_slabs_that_grow_use_each_others_memory() -> None:
    """A second slab that grows token by token gets what the first one left on its way, and no other."""
    engine = FusedEngine.of(decoder("llama"))

    def grown() -> set[int]:
        slab, seen = engine.new_slab(), set[int]()
        for token in range(100):
            engine.extend(slab, (token % 60,))
            seen.add(slab.keys[0].data_ptr())
        return seen

    first = grown()
    assert len(first) > 1
    assert grown() <= first


@given(st.integers(1, 2**20))
def test_sizes_are_few_and_near(length: int) -> None:
    """Room for an eighth more and a step of eight, at most; eight sizes between a power of two and the next."""
    room = rounded(length)
    assert length <= room <= max(length + 7, length * 9 / 8)
    assert rounded(room) == room
    assert rounded(room + 1) - room >= room / 16
