"""A small tokenizer and a small corpus, both made of the standard library at hand."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from models.training.config import CONFIGS
from models.training.corpus.build import Document
from models.training.tokenizer import TextCodec, save_tokenizer, train_tokenizer

MODULES = (ast, inspect, textwrap)


@pytest.fixture(scope="session")
def documents() -> list[Document]:
    """Three files of the standard library."""
    texts = [Path(inspect.getfile(module)).read_text(encoding="utf-8") for module in MODULES]
    return [Document("stdlib", f"lib/{m.__name__}.py", "python", t) for m, t in zip(MODULES, texts, strict=True)]


@pytest.fixture(scope="session")
def tokenizer(documents: list[Document]) -> Tokenizer:
    """A vocabulary of the size of the tiny configuration."""
    return train_tokenizer((d.text for d in documents), CONFIGS["tiny"].model.vocab_size)


@pytest.fixture(scope="session")
def tokenizer_folder(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same vocabulary as files."""
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(tokenizer, folder, CONFIGS["tiny"].model.max_positions)
    return folder


@pytest.fixture(scope="session")
def codec(tokenizer: Tokenizer) -> TextCodec:
    """The same vocabulary as training uses it."""
    return TextCodec(tokenizer)


@pytest.fixture
def make_wheel(tmp_path: Path) -> Callable[..., Path]:
    """Write `folder/NAME-VERSION.whl` with given files and metadata lines."""
    import zipfile

    def make(folder: str, name: str, files: dict[str, str], *metadata: str) -> Path:
        target = tmp_path / folder
        target.mkdir(exist_ok=True)
        path = target / f"{name}-1.0-py3-none-any.whl"
        headers = "\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *metadata])
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{name}-1.0.dist-info/METADATA", headers + "\n\nAbout it.\n")
            for inside, text in files.items():
                archive.writestr(inside, text)
        return target

    return make
