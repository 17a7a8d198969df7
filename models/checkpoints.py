"""Loading a model: the embedded one, a local checkpoint folder, a hub repository, or objects in memory.

Importing this module is cheap.  Torch is imported when a model is loaded, and transformers only for those that
``models.stored`` leaves to it.
Weights are read from safetensors only, and code that comes with a checkpoint is never run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.checkpoint_files import CheckpointFiles, check_files, locate, read_vocabulary
from models.errors import DeviceError, ModelError
from models.formats import FimFormat, detect
from models.progress import Say, silent
from models.vocabulary import Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from models.draft_model import DraftModel
    from models.engines.base import Engine
    from models.heads import Heads
    from models.network import Network
    from models.ngrams import Shares
    from models.placement import Placement


@dataclass(frozen=True)
class LoadedModel:
    """All that decoding needs of a model.

    Attributes:
        name: What users see: "embedded", the folder's name, or the hub id.
        engine: Runs the network.
        vocabulary: Its ids.
        format: How prefix and suffix are laid out.
        dtype: Precision, "float32".
        device: Where it runs, "cpu".
        placement: The same for people, with what stands in the way of something faster: "cpu (not cuda: no room)".
        identity: Of the files that it was read from; empty for the embedded model and for objects in memory.
        heads: Extra ones that lie beside it; None if there are none, or the engine cannot ask them.
        draft: A smaller model that guesses for it; None if the user has named none.
        shares: How much n-grams of the document count beside it (``models.ngrams``); empty if nobody has measured it.
    """

    name: str
    engine: Engine
    vocabulary: Vocabulary
    format: FimFormat
    dtype: str
    device: str
    placement: str
    identity: str = ""
    heads: Heads | None = None
    draft: DraftModel | None = None
    shares: Shares = ()


def load(
    source: str | None = None,
    dtype: str = "auto",
    device: str = "auto",
    say: Say = silent,
    draft: str | None = None,
) -> LoadedModel:
    """Load a model for completion.

    On a CPU this sets the number of threads that torch uses in this process (``placement.limit_threads``).

    Args:
        source: None for the embedded model, else a checkpoint folder or a hub id ("owner/name").
        dtype: "float32", "bfloat16", "float16", "float64", "int8" (on a CPU only), or "auto":
            float32 on a CPU, bfloat16 elsewhere.
        device: "cpu", "cuda", "cuda:1", "mps", or "auto": the first CUDA device if it holds the model, else the CPU.
        say: Told what is done, while a large checkpoint is fetched or read.
        draft: A smaller model of the same tokenizer that guesses for it, as ``source`` names one; None for none.

    Raises:
        ModelError: It cannot be used, for a reason that the message names.
    """
    # The small model first, so that the large one decides on torch's threads.
    small = load(draft, dtype, device, say) if draft is not None else None
    model = _loaded(source, dtype, device, say)
    return model if small is None else _with_draft(model, small)


def _loaded(source: str | None, dtype: str, device: str, say: Say) -> LoadedModel:
    folder, name = locate(source, say)
    files = check_files(folder, name)
    vocabulary = read_vocabulary(folder, name)
    identity = "" if source is None else files.identity
    from models.ngrams import read_shares
    from models.placement import Placement

    shares = read_shares(folder, name)
    place = Placement.of(dtype, device)
    try:
        return _put_together(name, _read(files, place, say), vocabulary, identity, shares)
    except DeviceError as error:
        if device != "auto" or place.device.type == "cpu":
            raise
        remark = f"not {place.device}: {error.cause}"
    # Behind the handler, where nothing of what did not fit is alive any more.
    network = _read(files, Placement.of(dtype, "cpu"), say)
    return _put_together(name, replace(network, remark=remark), vocabulary, identity, shares)


def from_objects(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str = "") -> LoadedModel:
    """Use a transformers model and its fast tokenizer as they are, in their precision and on their device.

    Most models' weights are copied into layouts of the engine's: what changes later is not seen.

    Raises:
        ModelError: One of them cannot be used, or they do not belong together.
    """
    label = name or str(getattr(model.config, "name_or_path", "")) or type(model).__name__
    vocabulary = Vocabulary.of(tokenizer)
    from models.network import require_finite
    from models.pretrained import network_of

    network = network_of(model)
    require_finite(network.engine, label)
    return _put_together(label, network, vocabulary)


def _read(files: CheckpointFiles, place: Placement, say: Say) -> Network:
    """Read a checkpoint and run one token through it, so that it is known to work where it is."""
    from models.network import require_finite
    from models.placement import limit_threads, moving
    from models.stored import read_stored

    if place.device.type == "cpu":
        limit_threads(files.n_weights)
    network = read_stored(files, place, say) or _read_pretrained(files, place)
    with moving(files.name, place.device):
        require_finite(network.engine, files.name)
    return network


def _read_pretrained(files: CheckpointFiles, place: Placement) -> Network:
    from models.pretrained import read_pretrained

    return read_pretrained(files, place)


def _put_together(
    name: str, network: Network, vocabulary: Vocabulary, identity: str = "", shares: Shares = ()
) -> LoadedModel:
    engine, device = network.engine, str(network.device)
    _require_room(name, vocabulary, engine.vocabulary_size)
    layout = detect(vocabulary, network.eos_ids)
    placement = f"{device} ({network.remark})" if network.remark else device
    dtype = str(network.dtype).removeprefix("torch.")
    return LoadedModel(
        name, engine, vocabulary, layout, dtype, device, placement, identity, network.heads, shares=shares
    )


def _with_draft(model: LoadedModel, small: LoadedModel) -> LoadedModel:
    """Let a small model guess for a large one.

    Raises:
        ModelError: Their ids mean different things.
    """
    from models.draft_model import DraftModel

    if not model.vocabulary.equals(small.vocabulary):
        raise ModelError(
            f"draft model {small.name} counts other tokens than model {model.name}; name one of the same tokenizer"
        )
    return replace(model, draft=DraftModel(small.engine))


def _require_room(name: str, vocabulary: Vocabulary, rows: int) -> None:
    """Refuse a tokenizer that can write ids for which the model has no row."""
    used = [token for token in range(vocabulary.size) if vocabulary.bytes_of(token) is not None]
    last = max(*used, *vocabulary.control.values())
    if last >= rows:
        raise ModelError(
            f"model {name}: its tokenizer counts {last + 1} tokens, the model {rows}; "
            "use the tokenizer that belongs to it"
        )
