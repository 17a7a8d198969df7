"""Reading any checkpoint with transformers, quietly and strictly.  Importing this imports transformers."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging as hf_logging

from models.checkpoint_files import CheckpointFiles
from models.engines.choose import engine_for
from models.errors import ModelError, first_line
from models.network import Network, eos_ids_of
from models.placement import Placement, moving

# What transformers and torch raise for configurations and weights that make no sense.
_REFUSALS = (
    ArithmeticError,
    AttributeError,
    ImportError,
    KeyError,
    OSError,
    RuntimeError,
    SafetensorError,
    StrictDataclassError,
    TypeError,
    ValueError,
)


def read_pretrained(files: CheckpointFiles, place: Placement) -> Network:
    """Read a checkpoint of any kind that transformers knows.

    Raises:
        ModelError: It knows no such kind, the weights do not fit the configuration, or the device is not there.
    """
    name = files.name
    with quiet():
        try:
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                files.folder,
                dtype=place.dtype,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
        except _REFUSALS as error:
            raise ModelError(
                f"model {name} cannot be read ({first_line(error)}); fetch the checkpoint again or choose another"
            ) from error
    model: PreTrainedModel = loaded[0]
    _require_complete(loaded[1], name)
    with moving(name, place.device):
        model.to(place.device)  # type: ignore[arg-type]
        return network_of(model, place.int8)


def network_of(model: PreTrainedModel, int8: bool = False) -> Network:
    """Return a model in memory as a network, in its precision, or in 8 bits, and on its device.

    Raises:
        ModelError: It keeps recurrent state, or cannot run in 8 bits.
    """
    configs = (model.config, model.generation_config)
    eos_ids = eos_ids_of(*(getattr(config, "eos_token_id", None) for config in configs))
    engine, remark = engine_for(model, int8)
    return Network(engine, eos_ids, torch.int8 if int8 else model.dtype, model.device, remark)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from writing to stderr; what it has to say is checked instead."""
    verbosity, bars = hf_logging.get_verbosity(), hf_logging.is_progress_bar_enabled()
    hf_logging.set_verbosity(logging.CRITICAL)
    hf_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        hf_logging.set_verbosity(verbosity)
        if bars:
            hf_logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _require_complete(report: dict[str, Any], name: str) -> None:
    """Refuse weights that would have been left random."""
    for kind, key in (("lacks", "missing_keys"), ("has the wrong shape of", "mismatched_keys")):
        found = sorted(str(weight) for weight in report.get(key, ()))
        if found:
            raise ModelError(f"model {name} {kind} {len(found)} weights, {found[0]} first; fetch the checkpoint again")
