"""Products by different kernels are the same product."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from models.engines import linear as kernels

WEIGHT = torch.randn(40, 24, generator=torch.Generator().manual_seed(5))
BIAS = torch.randn(40, generator=torch.Generator().manual_seed(6))
INPUT = torch.randn(9, 24, generator=torch.Generator().manual_seed(7))

FITS = [
    (WEIGHT, False),
    (WEIGHT.bfloat16().float(), True),
    (WEIGHT.half().float(), True),
    (torch.tensor([[1e-6]]).bfloat16().float(), True),
    (torch.tensor([[65_504.0]]), True),
    (torch.tensor([[1e5]]), False),
    (torch.tensor([[float("inf")]]), False),
    (torch.tensor([[float("nan")]]), False),
]


@pytest.mark.parametrize(("weight", "fits"), FITS)
def test_half_precision_is_used_where_it_loses_nothing(weight: torch.Tensor, fits: bool) -> None:
    """Matrices stored in 16 bits fit; full float32 ones, too large ones and damaged ones do not."""
    assert kernels.fits_half(weight) is fits


CASES = [
    (torch.float64, torch.float64, 1e-12),
    (torch.float32, torch.float32, 1e-5),
    (torch.float32, torch.bfloat16, 1e-5),
    (torch.bfloat16, torch.bfloat16, 0.1),
    (torch.float16, torch.float16, 0.02),
]


@pytest.mark.parametrize("bias", [None, BIAS])
@pytest.mark.parametrize(("dtype", "stored", "tolerance"), CASES)
@pytest.mark.parametrize("n_tokens", [1, 2, 9])
def test_all_kernels_multiply(
    dtype: torch.dtype, stored: torch.dtype, tolerance: float, bias: torch.Tensor | None, n_tokens: int
) -> None:
    """Whichever kernel serves a precision, the result is the product, in that precision."""
    weight, x = WEIGHT.to(stored), INPUT[:n_tokens].to(stored)
    expected = F.linear(x.double(), weight.double(), None if bias is None else bias.to(stored).double())
    product = kernels.linear(weight.to(dtype), None if bias is None else bias.to(stored).to(dtype))
    found = product(x.to(dtype))
    assert found.dtype == dtype
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_plain_linear_serves_where_there_is_no_other(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without FBGEMM and oneDNN everything works as before."""

    def absent(*_: object) -> None:
        raise NotImplementedError("not in this build")

    monkeypatch.setattr(torch.ops.quantized, "linear_prepack_fp16", absent)
    monkeypatch.setattr(torch.ops.mkldnn, "_reorder_linear_weight", absent)
    weight = WEIGHT.bfloat16().to(dtype)
    assert torch.equal(kernels.linear(weight)(INPUT.to(dtype)), F.linear(INPUT.to(dtype), weight))
    wide = INPUT.double() if dtype == torch.float64 else INPUT
    assert kernels.head(weight)(wide).dtype == wide.dtype


eight_bits = pytest.mark.skipif(not kernels.int8_works(), reason="the processor multiplies in 8 bits inexactly")


@eight_bits
@pytest.mark.parametrize("bias", [None, BIAS])
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_products_in_eight_bits_are_near(bias: torch.Tensor | None, size: float) -> None:
    """Off by about a hundredth, whatever the sizes of the rows of ``x``."""
    x = INPUT * torch.logspace(-3, 3, len(INPUT))[:, None] * size
    expected = F.linear(x, WEIGHT, bias)
    error = (kernels.linear_in_int8(WEIGHT, bias)(x) - expected).norm(dim=1) / expected.norm(dim=1)
    assert float(error.max()) < 0.02


@eight_bits
def test_a_product_in_eight_bits_does_not_depend_on_its_pass() -> None:
    """Each row is bit for bit the one of a pass of its own: text does not change with the drafts."""
    product = kernels.linear_in_int8(WEIGHT, BIAS)
    together = product(INPUT)
    for index in range(len(INPUT)):
        assert torch.equal(product(INPUT[index : index + 1])[0], together[index])


@eight_bits
def test_nothing_in_eight_bits_is_nothing() -> None:
    """Rows of zeros, in the matrix or in ``x``, give zeros; what is not a number stays so."""
    weight = WEIGHT.clone()
    weight[3] = 0
    found = kernels.linear_in_int8(weight)(torch.stack((INPUT[0], torch.zeros(24), torch.full((24,), torch.nan))))
    assert float(found[0, 3]) == 0 and not found[1].any() and bool(found[2].isnan().any())
