"""In which precision, where, and on how many threads a model runs.  Importing this imports torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import torch

from models.engines.linear import int8_works
from models.errors import DeviceError, ModelError, first_line

DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "float64": torch.float64,
}

# Up to this many weights a second thread makes a step slower (measured, docs/decoding.md).
_SMALL = 30_000_000


@dataclass(frozen=True, slots=True)
class Placement:
    """Precision and device of a model that is to be read.

    Attributes:
        dtype: Precision of the weights as they are read.
        device: Where they go.
        int8: Round them to 8 bits then; on a CPU only.
    """

    dtype: torch.dtype
    device: torch.device
    int8: bool = False

    @classmethod
    def of(cls, dtype: str, device: str) -> Placement:
        """Read what a user asked for.

        Args:
            dtype: A key of ``DTYPES``, "int8", or "auto": float32 on a CPU, bfloat16 elsewhere.
            device: A torch device, or "auto": the first CUDA device, else the CPU.

        Raises:
            ModelError: Torch knows no such precision or device.
        """
        if dtype == "int8":
            return cls(torch.float32, _device_for_int8(device), int8=True)
        place = _device(device)
        if dtype == "auto":
            return cls(torch.float32 if place.type == "cpu" else torch.bfloat16, place)
        if dtype not in DTYPES:
            raise ModelError(f"unknown dtype {dtype!r}; use {', '.join(DTYPES)}, int8 or auto")
        return cls(DTYPES[dtype], place)


@contextmanager
def moving(name: str, device: torch.device) -> Iterator[None]:
    """Turn torch's refusal of a device, or of more memory on it, into a ``DeviceError``."""
    try:
        yield
    except (RuntimeError, AssertionError) as error:
        cause, mend = first_line(error), "choose a smaller one" if device.type == "cpu" else "choose --device cpu"
        raise DeviceError(f"model {name} does not go on {device} ({cause}); {mend}", cause) from error


def limit_threads(n_weights: int) -> None:
    """Set the number of threads on which torch computes, for this process, to suit a model on the CPU."""
    torch.set_num_threads(suitable_threads(n_weights, _default_threads()))


def suitable_threads(n_weights: int, default: int) -> int:
    """Return one thread for a small model, else all but one: that is left to the analysis.

    Args:
        n_weights: Single weights of the model.
        default: Torch's own choice, the physical cores; never exceeded.
    """
    return 1 if n_weights <= _SMALL else max(1, default - 1)


def threads() -> int:
    """Return the number of threads on which torch computes."""
    return torch.get_num_threads()


def use_threads(number: int) -> None:
    """Set the number of threads on which torch computes what this thread asks for."""
    torch.set_num_threads(number)


@cache
def _default_threads() -> int:
    """Return the number of threads from before it was first limited."""
    return torch.get_num_threads()


def _device_for_int8(device: str) -> torch.device:
    place = torch.device("cpu") if device == "auto" else _device(device)
    if place.type != "cpu":
        raise ModelError(f"int8 is for processors; choose --dtype bfloat16 on {place}, or --device cpu")
    if not int8_works():
        raise ModelError("int8 does not work with this processor and torch; choose --dtype float32")
    return place


def _device(device: str) -> torch.device:
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.device(device)
    except RuntimeError as error:
        raise ModelError(f"unknown device {device!r}; use cpu, cuda, cuda:N, mps or auto") from error
