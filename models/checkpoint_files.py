"""Everything that can be wrong with a checkpoint's files, said before torch is imported."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer

from models.errors import ModelError, first_line
from models.hub import INDEX, SINGLE, fetch
from models.progress import Say, silent
from models.vocabulary import Vocabulary

EMBEDDED = Path(__file__).parent / "embedded"
EMBEDDED_NAME = "embedded"

_BITS = re.compile(r"\d+")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
_FETCH_AGAIN = "fetch the checkpoint again"


@dataclass(frozen=True, slots=True)
class StoredWeight:
    """Where a weight is.

    Attributes:
        file: The safetensors file.
        size: Its dimensions.
        dtype: Its precision as safetensors spells it, "BF16".
    """

    file: Path
    size: tuple[int, ...]
    dtype: str

    @property
    def n_bytes(self) -> int:
        """Bytes in the file; precisions are spelt with their bits, "F8_E4M3"."""
        return math.prod(self.size) * int(_BITS.findall(self.dtype)[0]) // 8


@dataclass(frozen=True)
class CheckpointFiles:
    """A checkpoint's files, looked at but not read.

    Attributes:
        folder: Where they are.
        name: For messages.
        config: What ``config.json`` holds.
        generation: What ``generation_config.json`` holds; empty if there is none.
        weights: By name.
    """

    folder: Path
    name: str
    config: Mapping[str, Any]
    generation: Mapping[str, Any]
    weights: Mapping[str, StoredWeight]

    @property
    def n_weights(self) -> int:
        """Number of single weights; a head that is the embedding counts once."""
        return sum(math.prod(weight.size) for weight in self.weights.values())

    @property
    def identity(self) -> str:
        """What tells this state of the checkpoint from others: its place, and its files' sizes and times."""
        files = sorted({*(weight.file for weight in self.weights.values()), self.folder / "tokenizer.json"})
        seen = [(str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        return hashlib.blake2b(repr(seen).encode(), digest_size=12).hexdigest()


def locate(source: str | None, say: Say = silent) -> tuple[Path, str]:
    """Return the folder that holds a checkpoint, fetched if need be, and the name to show.

    Args:
        source: None for the embedded model, else a folder or a hub id.
        say: Told while it is fetched.

    Raises:
        ModelError: There is no such folder or repository, or the hub cannot be reached.
    """
    if source is None:
        return EMBEDDED, EMBEDDED_NAME
    folder = Path(source).expanduser()
    if folder.is_dir():
        return folder, folder.resolve().name
    if folder.exists():
        raise ModelError(f"{source} is a file; give the folder that holds config.json and the weights")
    if not _HUB_ID.fullmatch(source):
        raise ModelError(f"no folder {source}; give a checkpoint folder or a hub id such as Qwen/Qwen2.5-Coder-0.5B")
    return fetch(source, say), source


def check_files(folder: Path, name: str) -> CheckpointFiles:
    """Look at the configuration and the headers of the weight files.

    Raises:
        ModelError: Something is missing, damaged, truncated, pickled, or packed in an unknown way.
    """
    if not (folder / "config.json").is_file():
        mend = "reinstall verifill or choose another model" if folder == EMBEDDED else "save it with save_pretrained"
        raise ModelError(f"model {name} has no config.json; {mend}")
    config = _read_object(folder / "config.json", name)
    beside = folder / "generation_config.json"
    generation = _read_object(beside, name) if beside.is_file() else {}
    weights: dict[str, StoredWeight] = {}
    for shard in _shards(folder, name):
        weights |= _read_header(folder / shard, name)
    _require_numbers(weights, "quantization_config" in config, name)
    return CheckpointFiles(folder, name, config, generation, weights)


def read_vocabulary(folder: Path, name: str) -> Vocabulary:
    """Read ``tokenizer.json``.

    Not through transformers' classes: they may put the pre-tokenizer of their family in place
    of the file's.

    Raises:
        ModelError: It is missing, damaged, or of a kind that cannot write every text.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelError(f"model {name} has no tokenizer.json; save its fast tokenizer beside it with save_pretrained")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the tokenizers library raises nothing narrower
        raise ModelError(f"model {name}: tokenizer.json is damaged ({first_line(error)}); {_FETCH_AGAIN}") from error
    return Vocabulary.of(tokenizer)


def _shards(folder: Path, name: str) -> list[str]:
    """Return the names of the weight files."""
    index = folder / INDEX
    if index.is_file():
        placed = _read_object(index, name).get("weight_map")
        if isinstance(placed, dict) and placed:
            return sorted({str(shard) for shard in placed.values()})
        raise ModelError(f"model {name}: {index.name} names no weights; {_FETCH_AGAIN}")
    if (folder / SINGLE).is_file():
        return [SINGLE]
    if any(found for pattern in ("*.bin", "*.pt", "*.pth") for found in folder.glob(pattern)):
        raise ModelError(f"model {name} has pickled weights, which can run code; save it as safetensors first")
    if any(folder.glob("*.gguf")):
        raise ModelError(f"model {name} is in GGUF, for llama.cpp; choose the checkpoint that it was made from")
    raise ModelError(f"model {name} has no weights ({SINGLE}); {_FETCH_AGAIN}")


def _read_header(path: Path, name: str) -> dict[str, StoredWeight]:
    """Open a weight file: its header says what it holds and how long it has to be."""
    if not path.is_file():
        raise ModelError(f"model {name}: weight file {path.name} is missing; {_FETCH_AGAIN}")
    try:
        with safe_open(path, framework="numpy") as opened:
            heads = {weight: opened.get_slice(weight) for weight in opened.keys()}
            return {weight: StoredWeight(path, tuple(s.get_shape()), s.get_dtype()) for weight, s in heads.items()}
    except (SafetensorError, OSError) as error:
        cause = f"weight file {path.name} is truncated or damaged ({first_line(error)})"
        raise ModelError(f"model {name}: {cause}; {_FETCH_AGAIN}") from error


def _require_numbers(weights: Mapping[str, StoredWeight], quantised: bool, name: str) -> None:
    """Refuse weights that are packed in a way that nothing tells; masks and positions may be integers."""
    odd = {weight.dtype for key, weight in weights.items() if key.endswith(".weight")} - _FLOATS
    if odd and not quantised:
        raise ModelError(
            f"model {name} has weights in {min(odd)}, and its configuration does not say how they are packed; "
            "choose a checkpoint in bfloat16 or float32"
        )


def _read_object(path: Path, name: str) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"model {name}: {path.name} is damaged ({first_line(error)}); {_FETCH_AGAIN}") from error
    if not isinstance(value, dict):
        raise ModelError(f"model {name}: {path.name} holds no object; {_FETCH_AGAIN}")
    return value
