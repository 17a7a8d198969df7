"""Rotary positions (Su et al. 2021) as one complex multiplication, with the scalings of long contexts.

A head's units j and j + D/2 turn together.  The engine stores them side by side, so that the pair
is a complex number and turning it by its position is a product with ``exp(i * angle)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

Parameters = Mapping[str, Any]

# Positions of the training whose turns are scaled.
_TRAINED = "original_max_position_embeddings"

# What transformers 4 wrote beside the parameters.
_BESIDE = ("rope_theta", "partial_rotary_factor")


class RotaryTable:
    """The turns of all positions, computed when they are first needed."""

    def __init__(self, parameters: Parameters, head_size: int, dtype: torch.dtype, device: torch.device) -> None:
        """Take transformers' ``rope_parameters``; ``dtype`` is float32 or float64."""
        inverse, self._scale = frequencies(parameters, head_size, dtype)
        self._inverse = inverse.to(device)
        self._turns = self._compute(256)

    def rows(self, start: int, end: int) -> Tensor:
        """Return the complex turns ``[end - start, 1, D/2]`` of positions from ``start`` on."""
        if end > len(self._turns):
            self._turns = self._compute(2 * end)
        return self._turns[start:end]

    def _compute(self, length: int) -> Tensor:
        positions = torch.arange(length, dtype=self._inverse.dtype, device=self._inverse.device)
        angles = torch.outer(positions, self._inverse)[:, None]
        return torch.complex(angles.cos() * self._scale, angles.sin() * self._scale)


def turn(heads: Tensor, turns: Tensor) -> Tensor:
    """Turn ``[T, heads, D]``, pairs side by side, by ``turns`` ``[T, 1, D/2]``, in their precision."""
    n_tokens, n_heads, head_size = heads.shape
    pairs = heads.to(turns.dtype.to_real()).view(n_tokens, n_heads, head_size // 2, 2)
    return torch.view_as_real(torch.view_as_complex(pairs) * turns).view(heads.shape)


def side_by_side(rows: Tensor, head_size: int) -> Tensor:
    """Reorder the first dimension, heads of ``head_size`` units, so that pairs stand side by side."""
    halves = rows.view(-1, 2, head_size // 2, *rows.shape[1:])
    return halves.transpose(1, 2).reshape(rows.shape)


def parameters_of(config: Parameters) -> dict[str, Any]:
    """Return a configuration's ``rope_parameters``, which transformers 4 spelt ``rope_scaling`` and ``rope_theta``."""
    found = config.get("rope_scaling") or config.get("rope_parameters")
    parameters = dict(found) if isinstance(found, Mapping) else {}
    parameters.setdefault("rope_type", parameters.pop("type", "default"))
    parameters |= {key: config[key] for key in _BESIDE if key not in parameters and config.get(key) is not None}
    if config.get(_TRAINED) is not None:
        parameters[_TRAINED] = config[_TRAINED]
    return parameters


def refusal(parameters: Parameters) -> str:
    """Return why these parameters cannot be served; empty if they can."""
    kind = str(parameters["rope_type"])
    if kind not in _SCALINGS:
        return f"its rotary positions are scaled by {kind}, not by {', '.join(_SCALINGS)}"
    lacking = [key for key in ("rope_theta", *_SCALINGS[kind][1]) if not _is_positive(parameters.get(key))]
    if lacking:
        return f"its rotary positions have no usable {lacking[0]}"
    if any(isinstance(value, Mapping) for value in parameters.values()):
        return "its rotary positions differ by layer"
    return "" if parameters.get("partial_rotary_factor", 1.0) == 1.0 else "its heads turn only in part"


def frequencies(parameters: Parameters, head_size: int, dtype: torch.dtype) -> tuple[Tensor, float]:
    """Return angles per position ``[D/2]`` and the factor on sines and cosines.

    In float32 the operations are transformers', in their order: at position 30,000 one rounding
    more is an error of a thousandth in the angle.
    """
    exponents = torch.arange(0, head_size, 2, dtype=dtype) / head_size
    inverse = 1.0 / parameters["rope_theta"] ** exponents
    return _SCALINGS[parameters["rope_type"]][0](inverse, parameters)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and value > 0


def _plain(inverse: Tensor, parameters: Parameters) -> tuple[Tensor, float]:
    return inverse, 1.0


def _linear(inverse: Tensor, parameters: Parameters) -> tuple[Tensor, float]:
    """Position interpolation (Chen et al. 2023)."""
    return inverse / parameters["factor"], 1.0


def _llama3(inverse: Tensor, parameters: Parameters) -> tuple[Tensor, float]:
    """Llama 3.1: slow turns are interpolated, fast ones kept, with a ramp over turns per trained context."""
    low, high = parameters["low_freq_factor"], parameters["high_freq_factor"]
    turns = parameters[_TRAINED] / (2 * math.pi / inverse)
    kept = ((turns - low) / (high - low)).clamp(0, 1)
    return (1 - kept) * inverse / parameters["factor"] + kept * inverse, 1.0


def _yarn(inverse: Tensor, parameters: Parameters) -> tuple[Tensor, float]:
    """YaRN (Peng et al. 2023): interpolation by parts, and sharper attention."""
    n_pairs, factor = len(inverse), parameters["factor"]

    def pair_with(turns: float) -> float:
        wavelength = parameters[_TRAINED] / (2 * math.pi * turns)
        return n_pairs * math.log(wavelength) / math.log(parameters["rope_theta"])

    first, last = pair_with(parameters.get("beta_fast") or 32), pair_with(parameters.get("beta_slow") or 1)
    if parameters.get("truncate", True):
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, 2 * n_pairs - 1)
    width = last - first or 0.001
    kept = 1 - ((torch.arange(n_pairs, dtype=inverse.dtype) - first) / width).clamp(0, 1)
    return inverse / factor * (1 - kept) + inverse * kept, _attention_factor(parameters)


def _attention_factor(parameters: Parameters) -> float:
    given = parameters.get("attention_factor")
    if given is not None:
        return float(given)

    def scale(weight: float) -> float:
        return 1.0 + 0.1 * weight * math.log(max(parameters["factor"], 1.0))

    if parameters.get("mscale") and parameters.get("mscale_all_dim"):
        return scale(parameters["mscale"]) / scale(parameters["mscale_all_dim"])
    return scale(1.0)


# How turns are scaled, and the numbers that this needs.
_SCALINGS: dict[str, tuple[Callable[[Tensor, Parameters], tuple[Tensor, float]], tuple[str, ...]]] = {
    "default": (_plain, ()),
    "linear": (_linear, ("factor",)),
    "llama3": (_llama3, ("factor", "low_freq_factor", "high_freq_factor", _TRAINED)),
    "yarn": (_yarn, ("factor", _TRAINED)),
}
