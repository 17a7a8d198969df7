"""Where text comes from: wheels, source archives, npm archives, installed packages, folders."""

from __future__ import annotations

import importlib.metadata
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from models.training.corpus.licences import is_permissive

SUFFIXES = {".py": "python", ".ts": "typescript", ".tsx": "typescript", ".js": "javascript", ".mjs": "javascript"}
MAX_FILE_BYTES = 400_000


@dataclass(frozen=True)
class Distribution:
    """One published unit. `location` is the archive or folder its files are read from."""

    name: str
    version: str
    licence: str
    permissive: bool
    location: Path
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceFile:
    """One file as found: path inside its distribution, and its bytes."""

    path: str
    language: str
    data: bytes


def discover(folder: Path) -> Iterator[Distribution]:
    """Yield a distribution for every archive (`.whl`, `.tar.gz`, `.tgz`) directly in `folder`, by name."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".whl":
            yield _from_wheel(path)
        elif path.name.endswith((".tar.gz", ".tgz")):
            yield _from_tar(path)


def installed(site_packages: Path) -> Iterator[Distribution]:
    """Yield every distribution installed in a site-packages folder."""
    for found in importlib.metadata.distributions(path=[str(site_packages)]):
        headers = HeaderParser().parsestr(found.read_text("METADATA") or "")
        paths = tuple(str(f) for f in found.files or () if Path(str(f)).suffix in SUFFIXES)
        yield _from_headers(headers, site_packages, paths)


def standard_library(folder: Path, version: str) -> Distribution:
    """Describe a standard library folder (`lib/python3.x`, without its site-packages)."""
    paths = tuple(str(p.relative_to(folder)) for p in sorted(folder.rglob("*.py")))
    kept = tuple(p for p in paths if "-packages/" not in p)
    return Distribution("python-standard-library", version, "PSF-2.0", True, folder, kept)


def read_files(distribution: Distribution) -> Iterator[SourceFile]:
    """Yield the source files of a distribution that are not larger than `MAX_FILE_BYTES`."""
    if distribution.location.is_dir():
        yield from _read_folder(distribution)
    elif distribution.location.suffix == ".whl":
        yield from _read_zip(distribution.location)
    else:
        yield from _read_tar(distribution.location)


def normalised(name: str) -> str:
    """Return a distribution name in the form in which two spellings of it are equal (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _from_wheel(path: Path) -> Distribution:
    with zipfile.ZipFile(path) as archive:
        member = next(n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        headers = HeaderParser().parsestr(archive.read(member).decode("utf-8", "replace"))
    return _from_headers(headers, path)


def _from_tar(path: Path) -> Distribution:
    with tarfile.open(path) as archive:
        for member in archive:
            if re.fullmatch(r"[^/]+/PKG-INFO", member.name):
                text = _member_text(archive, member)
                return _from_headers(HeaderParser().parsestr(text), path)
            if re.fullmatch(r"[^/]+/package\.json", member.name):
                return _from_package_json(json.loads(_member_text(archive, member)), path)
    return Distribution(path.name, "unknown", "unknown", False, path)


def _from_headers(headers: Message, location: Path, paths: tuple[str, ...] = ()) -> Distribution:
    expression = headers.get("License-Expression")
    classifiers = [c for c in headers.get_all("Classifier") or () if c.startswith("License ::")]
    free_text = headers.get("License")
    shown = expression or "; ".join(c.rsplit("::", 1)[-1].strip() for c in classifiers)
    shown = shown or (free_text or "unknown").strip().splitlines()[0][:60]
    allowed = is_permissive(expression, classifiers, free_text)
    return Distribution(normalised(headers["Name"]), headers["Version"], shown, allowed, location, paths)


def _from_package_json(package: dict[str, Any], location: Path) -> Distribution:
    licence = package.get("license")
    licence = licence if isinstance(licence, str) else "unknown"
    allowed = is_permissive(licence, (), None)
    return Distribution(f"npm:{package['name']}", package["version"], licence, allowed, location)


def _read_folder(distribution: Distribution) -> Iterator[SourceFile]:
    for path in distribution.paths:
        file = distribution.location / path
        if file.suffix in SUFFIXES and file.is_file() and file.stat().st_size <= MAX_FILE_BYTES:
            yield SourceFile(path, SUFFIXES[file.suffix], file.read_bytes())


def _read_zip(path: Path) -> Iterator[SourceFile]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            suffix = Path(info.filename).suffix
            if suffix in SUFFIXES and info.file_size <= MAX_FILE_BYTES:
                yield SourceFile(info.filename, SUFFIXES[suffix], archive.read(info))


def _read_tar(path: Path) -> Iterator[SourceFile]:
    with tarfile.open(path) as archive:
        for member in archive:
            suffix = Path(member.name).suffix
            if member.isfile() and suffix in SUFFIXES and member.size <= MAX_FILE_BYTES:
                extracted = archive.extractfile(member)
                if extracted is not None:
                    yield SourceFile(member.name.partition("/")[2], SUFFIXES[suffix], extracted.read())


def _member_text(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    extracted = archive.extractfile(member)
    return extracted.read().decode("utf-8", "replace") if extracted else ""
