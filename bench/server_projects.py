"""Fetch real projects for ``bench.truth_forbid_servers``: sources under permissive licences, with what they import.

::

    FOLDER/typescript, javascript    npm packages that hold their sources
    FOLDER/cpp, c                    source distributions from PyPI
    FOLDER/go                        packages that Debian installs as sources, where they are

Debian's ``googletest`` (BSD-3-Clause) comes along where it is installed.

    python -m bench.server_projects FOLDER
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Project:
    """A folder of sources.

    Attributes:
        language: Its language's id.
        name: For reports.
        root: The workspace.
        sources: Folder in it whose files are tried.
        suffixes: Of those files.
    """

    language: str
    name: str
    root: Path
    sources: Path
    suffixes: tuple[str, ...]


@dataclass(frozen=True)
class Sdist:
    """A source distribution of PyPI.

    Attributes:
        requirement: For pip, with its version.
        sources: Folder of it whose files are tried.
        flags: For the compiler; paths count from the distribution's folder.
    """

    requirement: str
    sources: str
    flags: tuple[str, ...]

    @property
    def name(self) -> str:
        """The distribution's name."""
        return self.requirement.partition("==")[0]


NPM: Final[Mapping[str, Mapping[str, str]]] = {
    "typescript": {
        "rxjs@7.8.2": "src/internal",
        "immer@10.1.1": "src",
        "mobx@6.13.5": "src",
        "redux@5.0.1": "src",
        "@reduxjs/toolkit@2.3.0": "src",
        "@tanstack/query-core@5.59.20": "src",
        "@xterm/xterm@5.5.0": "src",
    },
    "javascript": {
        "three@0.170.0": "src",
        "undici@6.21.0": "lib",
        "express@4.21.1": "lib",
        "lodash-es@4.17.21": "",
    },
}
"""Folders of packages; all MIT, rxjs Apache-2.0."""

SDISTS: Final[Mapping[str, Sequence[Sdist]]] = {
    "cpp": (
        Sdist(
            "sentencepiece==0.2.0",
            "sentencepiece/src",
            (
                "-std=c++17",
                "-Isentencepiece",
                "-Isentencepiece/src",
                "-Isentencepiece/src/builtin_pb",
                "-Isentencepiece/third_party/protobuf-lite",
            ),
        ),
        Sdist("fasttext==0.9.3", "src", ("-std=c++17", "-Isrc")),
    ),
    "c": (Sdist("Brotli==1.1.0", "c", ("-Ic/include",)),),
}
"""Apache-2.0, MIT, MIT."""

DEBIAN_GO: Final = Path("/usr/share/gocode/src")
GO: Final = (
    "github.com/BurntSushi/toml",
    "github.com/google/go-cmp",
    "github.com/google/uuid",
    "github.com/gorilla/mux",
    "github.com/gorilla/websocket",
    "github.com/julienschmidt/httprouter",
    "github.com/pkg/errors",
    "github.com/spf13/pflag",
)
"""Packages golang-github-burntsushi-toml-dev and so on of Debian: BSD-2-Clause or BSD-3-Clause, toml MIT."""

GOOGLETEST: Final = Path("/usr/src/googletest")
GOOGLETEST_FLAGS: Final = (
    "-std=c++17",
    "-Igoogletest",
    "-Igoogletest/include",
    "-Igooglemock",
    "-Igooglemock/include",
)

SUFFIXES: Final = {
    "typescript": (".ts",),
    "javascript": (".js",),
    "go": (".go",),
    "cpp": (".cc", ".cpp"),
    "c": (".c",),
}

_COMPILER: Final = {
    "allowJs": True,
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["es2022", "dom", "dom.iterable"],
    "experimentalDecorators": True,
    "paths": {f"{part}/*": [f"./xterm/src/{part}/*"] for part in ("browser", "common")},
    "skipLibCheck": True,
    "noEmit": True,
}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder.resolve()
    for language, packages in NPM.items():
        fetch_packages(folder / language, packages, {**_COMPILER, "strict": language == "typescript"})
    for language, sdists in SDISTS.items():
        for sdist in sdists:
            fetch_sdist(folder / language / sdist.name, sdist)
    for package in GO:
        if (DEBIAN_GO / package).is_dir():
            fetch_go(folder / "go" / _plain(package), package)
    if GOOGLETEST.is_dir():
        copy = shutil.copytree(GOOGLETEST, folder / "cpp" / "googletest", dirs_exist_ok=True)
        _tell_flags(copy, GOOGLETEST_FLAGS)


def projects(folder: Path) -> Iterator[Project]:
    """Yield the projects that are there."""
    for language, packages in NPM.items():
        for package, sources in packages.items():
            name = package.rpartition("@")[0]
            yield from _project(language, name, folder / language, folder / language / _plain(name) / sources)
    for package in GO:
        name = _plain(package)
        yield from _project("go", name, folder / "go" / name, folder / "go" / name)
    for language, sdists in SDISTS.items():
        for sdist in sdists:
            root = folder / language / sdist.name
            yield from _project(language, sdist.name, root, root / sdist.sources)
    yield from _project("cpp", "googletest", folder / "cpp" / "googletest", folder / "cpp" / "googletest")


def fetch_packages(folder: Path, packages: Mapping[str, str], compiler: Mapping[str, object]) -> None:
    """Install npm packages with what they import, and copy their sources out of ``node_modules``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text("{}\n", encoding="utf-8")
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": compiler}) + "\n", encoding="utf-8")
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps")
    subprocess.run(("npm", "install", *options, *packages, "@types/node@22.9.0"), cwd=folder, check=True)
    for package, sources in packages.items():
        name = package.rpartition("@")[0]
        origin = folder / "node_modules" / name / sources
        shutil.copytree(origin, folder / _plain(name) / sources, dirs_exist_ok=True)


def fetch_sdist(folder: Path, sdist: Sdist) -> None:
    """Unpack a source distribution, and tell clangd how it is compiled."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ("download", "--quiet", "--no-deps", "--no-binary", ":all:", "--no-build-isolation")
    subprocess.run((sys.executable, "-m", "pip", *options, "--dest", folder, sdist.requirement), check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        for member in archive.getmembers():
            member.name = member.name.partition("/")[2]
            if member.name:
                archive.extract(member, folder, filter="data")
    _tell_flags(folder, sdist.flags)


def fetch_go(folder: Path, package: str) -> None:
    """Copy a package that Debian has installed, and make a module of it."""
    shutil.copytree(DEBIAN_GO / package, folder, dirs_exist_ok=True)
    if not (folder / "go.mod").exists():
        (folder / "go.mod").write_text(f"module {package}\n\ngo 1.18\n", encoding="utf-8")


def _tell_flags(folder: Path, flags: Sequence[str]) -> None:
    (folder / "compile_flags.txt").write_text("\n".join(flags) + "\n", encoding="utf-8")


def _project(language: str, name: str, root: Path, sources: Path) -> Iterator[Project]:
    if sources.is_dir():
        yield Project(language, name, root, sources, SUFFIXES[language])


def _plain(package: str) -> str:
    """Return a folder's name for a package."""
    return package.rpartition("/")[2]


if __name__ == "__main__":
    main()
