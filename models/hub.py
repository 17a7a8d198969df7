"""Fetching checkpoints from the Hugging Face hub, into its cache.

What the cache holds is used as it is: no request is made to see whether there is something newer, so
a model that was fetched once works offline.  Importing this is cheap.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from models.errors import ModelError, first_line
from models.progress import Say

INDEX, SINGLE = "model.safetensors.index.json", "model.safetensors"

_ALWAYS = ("config.json", "tokenizer.json")
_NEEDED = ["*.json", "*.safetensors"]
# Mistral's repositories hold every weight a second time under this name.
_NOT_NEEDED = ["consolidated*"]


def fetch(repository: str, say: Say) -> Path:
    """Return the folder of a hub repository in the local cache, fetched if it is not there.

    Raises:
        ModelError: It is neither in the cache nor to be had.
    """
    # Imported here because it takes a quarter of a second, and most models are folders.
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return _cached(repository) or _snapshot(repository, tqdm_class=told(say, f"fetching {repository}"))
    except GatedRepoError as error:
        raise ModelError(f"{repository} asks for consent; accept its licence on the hub and log in") from error
    except RepositoryNotFoundError as error:
        raise ModelError(f"{repository} is neither a folder nor on the hub; check the spelling") from error
    except LocalEntryNotFoundError as error:
        raise ModelError(
            f"{repository} is neither a folder nor in the local cache, and the hub cannot be reached; "
            "go online once or give a checkpoint folder"
        ) from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{repository} cannot be fetched ({first_line(error)}); give a checkpoint folder") from error


def _cached(repository: str) -> Path | None:
    """Return the folder in the cache; None if something of it is not there, as when another program fetched a part."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = _snapshot(repository, local_files_only=True)
    except LocalEntryNotFoundError:
        return None
    index = folder / INDEX
    weights = set(json.loads(index.read_bytes())["weight_map"].values()) if index.is_file() else {SINGLE}
    return folder if all((folder / name).is_file() for name in {*_ALWAYS, *weights}) else None


def _snapshot(repository: str, **how: Any) -> Path:
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(repository, allow_patterns=_NEEDED, ignore_patterns=_NOT_NEEDED, **how))


def told(say: Say, action: str) -> type[Any]:
    """Return a class of progress bars, as the hub's library wants one, that are told instead of drawn."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    class Told(tqdm):  # type: ignore[misc]
        """A bar that is drawn nowhere."""

        def __init__(self, *args: Any, **settings: Any) -> None:
            """Draw into memory."""
            super().__init__(*args, **(settings | {"file": io.StringIO()}))

        def display(self, *_: object, **__: object) -> bool:
            """Tell how many of the bytes are there."""
            if self.unit == "B" and self.total:
                say(f"{action}, {self.n / 1e6:.0f} of {self.total / 1e6:.0f} MB")
            return True

    return Told
