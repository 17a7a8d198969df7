"""What the engine for graphics cards is put together from: sizes, buffers, attention, norm."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from models.engines.cuda_attention import Bias, attend
from models.engines.cuda_buckets import WIDTHS, bucket, contexts
from models.engines.cuda_inputs import Inputs
from models.engines.decoder import Decoder
from models.engines.shape import Shape
from models.engines.tree import Tree
from models.engines.weights import Weights
from tests.models.engine_conformance import BRANCHED, law, trees
from tests.models.tiny_decoders import decoder

CONTEXTS = [(256, (256,)), (512, (512,)), (513, (512, 513)), (8192, (512, 1024, 2048, 4096, 8192))]


@pytest.mark.parametrize(("room", "found"), CONTEXTS)
def test_contexts_double_up_to_the_room(room: int, found: tuple[int, ...]) -> None:
    """No pass reads more than twice what is held, beyond the smallest."""
    assert contexts(room) == found


@given(size=st.integers(0, 64))
@law
def test_a_bucket_is_the_next_size(size: int) -> None:
    """Padding never doubles a pass."""
    found = bucket(size, WIDTHS)
    assert found in WIDTHS
    assert size <= found < max(2 * size, 2)


def test_too_much_is_in_no_bucket() -> None:
    """What is larger than all sizes is refused."""
    with pytest.raises(ValueError, match="65 is more than 64"):
        bucket(65, WIDTHS)


@given(tree=trees(), start=st.integers(0, 100))
@law
def test_padding_stands_apart(tree: Tree, start: int) -> None:
    """A padding token sees itself alone, is seen by none, and writes to a scratch slot of its own."""
    inputs = Inputs(16, torch.device("cpu"))
    inputs.fill(BRANCHED, 7, 500)
    inputs.fill(tree, start, 1000)
    n_tokens = len(tree.tokens)
    assert inputs.length.tolist() == [start]
    assert inputs.tokens.tolist() == [*tree.tokens, *[0] * (16 - n_tokens)]
    assert inputs.positions[:n_tokens].tolist() == [start + depth for depth in tree.depths]
    assert inputs.slots.tolist() == [*range(start, start + n_tokens), *range(1000 + n_tokens, 1016)]
    assert torch.equal(inputs.seen[:n_tokens, :n_tokens].bool(), tree.sees())
    padding = torch.eye(16, dtype=torch.long)[n_tokens:]
    assert torch.equal(inputs.seen[n_tokens:], padding)
    assert torch.equal(inputs.seen[:, n_tokens:], padding.T)


@given(tree=trees(), length=st.integers(0, 12), groups=st.integers(1, 3), heads=st.integers(1, 2))
@law
def test_split_attention_is_full_attention(tree: Tree, length: int, groups: int, heads: int) -> None:
    """Attending to twelve padded slots and to the tree apart is attending to all that is held, under one mask."""
    noise, n_tokens = torch.Generator().manual_seed(3), len(tree.tokens)

    def random(*size: int) -> torch.Tensor:
        return torch.randn(size, dtype=torch.float64, generator=noise)

    queries = random(n_tokens, heads * groups, 8)
    held, own = (random(heads, 12, 8), random(heads, 12, 8)), (random(heads, n_tokens, 8), random(heads, n_tokens, 8))
    bias = Bias.of(torch.tensor([length]), tree.sees().long(), 12, groups, torch.float64)
    found = attend(queries, held, own, bias)
    keys, values = (
        torch.cat((a[:, :length], b), dim=1).repeat_interleave(groups, dim=0) for a, b in zip(held, own, strict=True)
    )
    mask = torch.cat((torch.ones(n_tokens, length, dtype=torch.bool), tree.sees()), dim=1)
    expected = F.scaled_dot_product_attention(queries.transpose(0, 1), keys, values, attn_mask=mask)
    torch.testing.assert_close(found, expected.transpose(0, 1).reshape(n_tokens, -1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [(16,), (6, 16)])
def test_both_norms_are_the_norm(size: tuple[int, ...]) -> None:
    """The norm for graphics cards is that for processors, with a weight for all heads or one for each."""
    model = decoder("qwen3")
    shape = Shape.of(model.config.to_dict())
    made = Decoder(shape, Weights.of(model.state_dict(), shape))
    hidden, weight = torch.randn(5, 6, 16), torch.randn(size)
    torch.testing.assert_close(made._norm_fused(hidden, weight), made._norm_short(hidden, weight))
