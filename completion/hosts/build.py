"""Which program this is, so that a front never meets an engine of another one."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# What an engine runs, and who starts it.
_PACKAGES = ("verifill", "completion", "decoding", "monitors", "models", "analysis")


def build_id(root: Path = ROOT) -> str:
    """Return a digest of the program's files, by name, size and time, and of the interpreter."""
    digest = hashlib.sha256(f"{sys.prefix}\0{sys.version}\0{root}".encode())
    for package in _PACKAGES:
        for path in sorted((root / package).rglob("*")):
            if path.suffix in {".py", ".json", ".safetensors"}:
                stat = path.stat()
                digest.update(f"{path.relative_to(root)}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
