"""Attributes of a library that nobody has seen: the model alone, and with the monitors.

    python -m bench.unseen --python INTERPRETER --package click

A real package is renamed (``bench.renaming``) into a temporary folder, so that no model can remember it.  At
attribute loads on its own objects the name is taken out together with the rest of its line, and completed with
and without monitors.  Whether the written name exists is judged at run time by importing the renamed package
(``bench.unseen_oracle``); the true names are judged too, as the floor.  Where no name is written none is
invented, and a name that is assigned to (``self.new = 1`` where the package had ``self.old()``) may be new:
those are counted apart.  Draws ``unseen.svg``.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from analysis.analyzers.jedi.pool import JediPool
from analysis.store import FactStore
from bench.cases import first_name, site_packages
from bench.chart import Bar, bars
from bench.common import RESULTS, interval, markdown, percent, write_results
from bench.renaming import Library, rename
from completion.service import CompletionService
from completion.types import CompletionRequest, Document, Limits
from models.checkpoints import LoadedModel, load

ORACLE = Path(__file__).with_name("unseen_oracle.py")
# Made-up names take many tokens.
NEW_TOKENS = 40
UNJUDGED = ("unknown", "assigned")
ASSIGNED = re.compile(r"\s*\w+\s*(?::|=(?!=))")
CONFIGURATIONS: Mapping[str, tuple[str, ...] | None] = {"without": (), "with": None}


@dataclass(frozen=True)
class Load:
    """An attribute load in the renamed package.

    Attributes:
        path: File, below the folder of packages.
        prefix: Text up to the name.
        suffix: Text behind its line, the line end included.
        owner: Class around it, None outside of classes.
        receiver: What it is loaded from.
        truth: The name.
    """

    path: str
    prefix: str
    suffix: str
    owner: str | None
    receiver: str
    truth: str

    @property
    def module(self) -> str:
        """Dotted name of the module."""
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    options = parse(arguments)
    console = Console(stderr=True)
    packages = site_packages(options.python)
    library = rename(packages / options.package, options.seed)
    loads = drawn(library, options.loads, options.seed)
    model = load(options.model)
    with tempfile.TemporaryDirectory() as folder:
        library.write(Path(folder))
        floor = judged(options.python, Path(folder), loads, [one.truth for one in loads])
        loads = [one for one, verdict in zip(loads, floor, strict=True) if verdict != "invalid"]
        texts = complete(model, loads, Path(folder), options.python, console)
        names = {which: [first_name(text) for text in found] for which, found in texts.items()}
        verdicts = {which: judged(options.python, Path(folder), loads, found) for which, found in names.items()}
        for which, found in texts.items():
            stores = map(is_assigned, loads, found)
            verdicts[which] = ["assigned" if new else v for new, v in zip(stores, verdicts[which], strict=True)]
    numbers = {
        "package": options.package,
        "renamed": len(library.names),
        "model": {"name": model.name, "dtype": model.dtype},
        "floor": {"loads": len(floor), "true_names_called_invalid": floor.count("invalid")},
        **summary(loads, names, verdicts),
    }
    table = as_table(numbers)
    write_results("unseen", numbers, table, options.out)
    (options.out / "unseen.svg").write_text(chart(numbers), encoding="utf-8")
    console.print(table, soft_wrap=True)


def drawn(library: Library, count: int, seed: int) -> list[Load]:
    """Return so many loads of names that the library made, in files in random order."""
    own = frozenset(library.names.values())
    found = [one for path, text in sorted(library.files.items()) for one in loads_of(path, text) if one.truth in own]
    random.Random(seed).shuffle(found)
    return found[:count]


def loads_of(path: str, text: str) -> Iterator[Load]:
    """Yield the loads of a file whose receiver can be looked up at run time: ``self``, ``cls`` and global names."""
    lines = text.splitlines(keepends=True)
    tree = ast.parse(text)
    known = {"self", "cls"} | {name for node in tree.body for name in bound(node)}
    for owner, node in attributes(tree):
        receiver = ast.unparse(node.value)
        single = node.end_lineno == node.lineno and isinstance(node.ctx, ast.Load) and node.end_col_offset is not None
        if not single or receiver.split(".")[0] not in known or not receiver.replace(".", "").isidentifier():
            continue
        line = lines[node.lineno - 1].encode()
        end = node.end_col_offset or 0
        if line[:end].endswith(f".{node.attr}".encode()):
            before = line[: end - len(node.attr.encode())].decode()
            ending = "\n" if line.endswith(b"\n") else ""
            prefix, suffix = "".join(lines[: node.lineno - 1]) + before, ending + "".join(lines[node.lineno :])
            yield Load(path, prefix, suffix, owner, receiver, node.attr)


def attributes(tree: ast.AST, owner: str | None = None) -> Iterator[tuple[str | None, ast.Attribute]]:
    """Yield attributes with the outermost class around each."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Attribute):
            yield owner, node
        inner = owner or (node.name if isinstance(node, ast.ClassDef) else None)
        if not isinstance(node, ast.JoinedStr):
            yield from attributes(node, inner)


def bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement of a module binds."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def complete(
    model: LoadedModel, loads: Sequence[Load], folder: Path, python: str, console: Console
) -> dict[str, list[str]]:
    """Return what each configuration writes at each load."""
    texts: dict[str, list[str]] = {which: [] for which in CONFIGURATIONS}
    service = CompletionService(model, FactStore(JediPool()))
    try:
        for one in track(loads, "completing", console=console):
            for which, monitors in CONFIGURATIONS.items():
                path = folder / one.path
                request = CompletionRequest(
                    document=Document(str(path), one.prefix + one.suffix),
                    offset=len(one.prefix),
                    workspace=str(folder),
                    environment=python,
                    monitors=monitors,
                    limits=Limits(NEW_TOKENS, multiline=False),
                )
                texts[which].append(service.complete_now(request).text)
    finally:
        service.close()
    return texts


def is_assigned(load: Load, text: str) -> bool:
    """Whether what was written at a statement's start assigns to the name."""
    line = load.prefix.rpartition("\n")[2].strip()
    return line == f"{load.receiver}." and ASSIGNED.match(text) is not None


def judged(python: str, folder: Path, loads: Sequence[Load], names: Sequence[str]) -> list[str]:
    """Ask the renamed package about names."""
    rows = (
        {"module": one.module, "owner": one.owner, "receiver": one.receiver, "name": name}
        for one, name in zip(loads, names, strict=True)
    )
    asked = "".join(json.dumps(row) + "\n" for row in rows)
    done = subprocess.run(
        [python, str(ORACLE), str(folder)], input=asked, check=True, capture_output=True, text=True, encoding="utf-8"
    )
    return done.stdout.split()


def summary(
    loads: Sequence[Load], names: Mapping[str, Sequence[str]], verdicts: Mapping[str, list[str]]
) -> dict[str, Any]:
    """Compare, paired, with intervals over files."""
    both = [i for i in range(len(loads)) if all(found[i] not in UNJUDGED for found in verdicts.values())]
    files = [loads[i].path for i in both]
    wrong = {which: [float(found[i] == "invalid") for i in both] for which, found in verdicts.items()}
    right = {
        which: [float(n == one.truth) for n, one in zip(found, loads, strict=True)] for which, found in names.items()
    }
    everywhere = [one.path for one in loads]
    counts = {which: int(sum(values)) for which, values in wrong.items()}
    return {
        "loads": len(loads),
        "judged": len(both),
        "invalid": {which: interval(values, files) for which, values in wrong.items()},
        "invalid_count": counts,
        "fewer_invalid": 1 - counts["with"] / max(1, counts["without"]),
        "empty": {which: found.count("empty") for which, found in verdicts.items()},
        "assigned": {which: found.count("assigned") for which, found in verdicts.items()},
        "next_identifier": {which: interval(values, everywhere) for which, values in right.items()},
    }


def as_table(numbers: Mapping[str, Any]) -> str:
    """Return the result as Markdown."""
    rows = [
        (f"names that do not exist ({numbers['judged']} judged)", *map(percent, numbers["invalid"].values())),
        (f"next identifier right ({numbers['loads']} loads)", *map(percent, numbers["next_identifier"].values())),
    ]
    rows.append((f"no name written ({numbers['loads']} loads)", *numbers["empty"].values()))
    rows.append((f"name assigned to ({numbers['loads']} loads)", *numbers["assigned"].values()))
    fewer = f"{100 * numbers['fewer_invalid']:.0f} % fewer invented names ({numbers['package']}, renamed)."
    return markdown(("attribute loads on an unseen library", "without monitors", "with"), rows) + f"\n\n{fewer}"


def chart(numbers: Mapping[str, Any]) -> str:
    """Draw the result."""
    groups = {"invented names": numbers["invalid"], "next identifier right": numbers["next_identifier"]}
    return bars(
        f"Attributes of {numbers['package']} under names that no model has seen",
        {label: [Bar(which, *found[which]) for which in CONFIGURATIONS] for label, found in groups.items()},
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the package")
    parser.add_argument("--package", default="click", help="folder of the package, permissively licensed")
    parser.add_argument("--loads", type=int, default=300)
    parser.add_argument("--model", help="checkpoint folder; default the embedded model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of unseen.json, unseen.md and unseen.svg")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
