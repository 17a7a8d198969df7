"""Reading a checkpoint straight into an engine of our own.

Transformers would read it as well, but importing it takes as long as importing torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from models.checkpoint_files import CheckpointFiles, StoredWeight
from models.engines.own import own_engine
from models.engines.shape import DEVICES, HEAD, Shape, misfit, refused_config, weight_sizes
from models.heads import read_heads
from models.hub import INDEX, SINGLE
from models.network import Network, eos_ids_of
from models.placement import Placement, moving
from models.progress import Say, Share, silent

_DTYPES = frozenset({"F64", "F32", "F16", "BF16"})


def read_stored(files: CheckpointFiles, place: Placement, say: Say = silent) -> Network | None:
    """Read a checkpoint that needs nothing of transformers; None if it does, or if anything about it is odd.

    Args:
        files: The checkpoint's.
        place: Precision and device to read it into.
        say: Told while a large one is read.

    Raises:
        ModelError: There is no such device, or no room on it.
    """
    if needs_transformers(files) or place.device.type not in DEVICES:
        return None
    try:
        eos_ids = eos_ids_of(files.config["eos_token_id"], files.generation.get("eos_token_id"))
    except TypeError:
        return None
    shape = Shape.of(files.config)
    with StoredState(files.weights, place, say) as state, torch.inference_mode(), moving(files.name, place.device):
        engine, remark = own_engine(shape, state, place.dtype, place.device, place.int8, say)
        heads = read_heads(files.folder, state, files.name) if HEAD not in state else None
        return Network(engine, eos_ids, torch.int8 if place.int8 else place.dtype, place.device, remark, heads)


def needs_transformers(files: CheckpointFiles) -> str:
    """Return why a checkpoint is left to transformers, which reads or refuses it; empty if it is not."""
    config = files.config
    if (files.folder / "adapter_config.json").exists():
        return "it has an adapter"
    if (files.folder / INDEX).exists() and (files.folder / SINGLE).exists():
        return "its weights are there both whole and in parts"
    if "eos_token_id" not in config or "transformers_weights" in config:
        return "its configuration names no end of text, or names its weight file"
    odd = sorted({weight.dtype for weight in files.weights.values()} - _DTYPES)
    if odd:
        return f"it has weights in {odd[0]}"
    return refused_config(config) or misfit(_expected(config), {n: weight.size for n, weight in files.weights.items()})


class StoredState(Mapping[str, Tensor]):
    """The weights in safetensors files, each read when it is asked for and never kept.

    A context manager: afterwards nothing of the files is held open.
    """

    def __init__(self, weights: Mapping[str, StoredWeight], place: Placement, say: Say = silent) -> None:
        """Look at nothing yet.

        Args:
            weights: Where they are, by name.
            place: Precision and device to read them into.
            say: Told how much is read.
        """
        self._weights = weights
        self._place = place
        self._share = Share(say, "reading", sum(weight.n_bytes for weight in weights.values()))
        self._files = ExitStack()
        self._opened: dict[str, Any] = {}

    def __enter__(self) -> StoredState:
        """Return the state itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self._opened.clear()
        self._files.close()

    def __getitem__(self, name: str) -> Tensor:
        """Read a weight.  It is a copy: the file may be changed afterwards."""
        path = str(self._weights[name].file)
        if path not in self._opened:
            self._opened[path] = self._files.enter_context(safe_open(path, framework="pt"))
        weight: Tensor = self._opened[path].get_tensor(name)
        self._share.advance(weight.nbytes)
        return weight.to(self._place.device, self._place.dtype, copy=True)

    def __contains__(self, name: object) -> bool:
        """Say whether there is such a weight, without reading it."""
        return name in self._weights

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._weights)

    def __len__(self) -> int:
        """Return the number of weights."""
        return len(self._weights)


def _expected(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the size of each weight in the files; a head that is the embedding is not there twice."""
    sizes = weight_sizes(config)
    if config.get("tie_word_embeddings"):
        del sizes[HEAD]
    return sizes
