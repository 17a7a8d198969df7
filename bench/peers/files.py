"""One model in all the forms that the programs read."""

from __future__ import annotations

from pathlib import Path

from bench.peers.widened import widen
from models import gguf
from models.checkpoint_files import locate

# The embedded model, and one of 107 million parameters that writes the same.
MODELS = ("embedded", "107M")


class ModelFiles:
    """Makes each file when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        """Make them in ``folder``."""
        self._folder = folder

    def checkpoint(self, model: str) -> Path:
        """Return a checkpoint folder."""
        if model == "embedded":
            return locate(None)[0]
        folder = self._folder / model
        if not folder.exists():
            widen(None, folder)
        return folder

    def gguf(self, model: str, kind: str) -> Path:
        """Return a GGUF file, its matrices as ``models.gguf.export`` calls ``kind``."""
        file = self._folder / f"{model}-{kind}.gguf"
        if not file.exists():
            gguf.export(str(self.checkpoint(model)), kind, file)
        return file
