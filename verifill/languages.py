"""``verifill languages``: language servers, for languages beyond Python.

What is added is tried before it counts, and either there as a whole or not at all: everything is made in a
folder of its own beside its place, and moved.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis.analyzers.language_servers.catalogue import SERVERS, Server, server_of
from analysis.analyzers.language_servers.home import REQUIREMENTS, Home, Installed, program, write_record
from completion.analysis import languages_folder
from completion.hosts.lock import Lock
from models.progress import Say
from verifill.errors import BROKEN, Failure
from verifill.language_trial import Trial, try_out
from verifill.terminal import note, screen, working

_PARTIAL = ".partial-"


def add(language: str, chosen: Path | None = None, unpacked: Path | None = None) -> None:
    """Add a language, or add it anew.

    Args:
        language: Its name.
        chosen: The server's program; None to install or to find it.
        unpacked: The folder that the server was unpacked into; None to install or to find it.

    Raises:
        Failure: There is no such language, or its server cannot be had or does not work.
    """
    server, home = _server(language), Home(languages_folder())
    if unpacked is not None:
        if chosen is not None:
            raise Failure("--server and --server-install-dir both say which server to use; give one of them")
        chosen = _program_in(unpacked, server)
    with _at_work(home), working(f"adding {server.name}") as say:
        _see_needs(server)
        if not home.bridge_is_current():
            _make_bridge(home, say)
        with _place(home.of(server)) as folder:
            found = _find(server, chosen, folder, say)
            say("trying the server")
            trial = try_out(home, server, program(server, folder, found))
            if not trial.works:
                raise Failure(
                    f"{server.name}: {found.version} does not work here: {trial.words}; {server.mend}", BROKEN
                )
            added = Installed(trial.version or found.version, found.binary, found.source)
            write_record(folder, added)
    note(f"added {server.name}: {added.version}, {added.source}")
    note("it is started in projects that you trust: verifill trust DIR; running engines see it by themselves")


def remove(language: str) -> None:
    """Remove a language, and with the last one what all share.

    Raises:
        Failure: It was not added, or cannot be removed.
    """
    server, home = _server(language), Home(languages_folder())
    if not home.of(server).exists():
        raise Failure(f"{server.name} was not added; verifill languages list shows what was")
    with _at_work(home):
        _remove(home.of(server))
        if not any(home.all_installed()):
            _remove(home.bridge)
    note(f"removed {server.name}")


def show(as_json: bool) -> None:
    """Print all languages that can be analysed, and what analyses them."""
    home = Home(languages_folder())
    rows = [_row(home, server) for server in SERVERS]
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_row("python", "jedi", "comes along")
    for row in rows:
        table.add_row(
            row["language"], row["server"] or "-", row["source"] or f"verifill languages add {row['language']}"
        )
    screen()[0].print(table)


def examine(as_json: bool) -> int:
    """Ask every server that was added a question with a known answer, and return the exit code."""
    home = Home(languages_folder())
    trials: dict[str, Trial] = {}
    with working("looking") as say:
        for server, installed in home.all_installed():
            say(server.name)
            trials[server.name] = try_out(home, server, program(server, home.of(server), installed))
    works = all(trial.works for trial in trials.values())
    if as_json:
        found = {name: {"works": trial.works, "words": trial.words} for name, trial in trials.items()}
        sys.stdout.write(json.dumps({"ok": works, "found": found}) + "\n")
        return 0 if works else BROKEN
    for name, trial in trials.items():
        sys.stdout.write(f"{name}: {'ok, ' if trial.works else 'broken: '}{trial.words}\n")
    if not trials:
        note("no language was added; verifill languages list shows which can be")
    return 0 if works else BROKEN


def _server(language: str) -> Server:
    server = server_of(language)
    if server is None:
        known = ", ".join(server.name for server in SERVERS)
        why = (
            "Python needs no server, jedi comes along"
            if language == "python"
            else f"no server for {language!r} is known"
        )
        raise Failure(f"{why}; known are {known}")
    return server


def _row(home: Home, server: Server) -> dict[str, str]:
    installed = home.installed(server)
    version, source = ("", "") if installed is None else (installed.version, installed.source)
    return {"language": server.name, "server": version, "source": source}


def _see_needs(server: Server) -> None:
    for needed in server.needs:
        if shutil.which(needed) is None:
            raise Failure(f"{server.name} needs {needed}, which is not on your PATH; {server.mend}")


def _find(server: Server, chosen: Path | None, folder: Path, say: Say) -> Installed:
    """Return the server: the one that the user names, the one that npm installs, or one that is installed here."""
    if chosen is not None:
        if not (chosen.is_file() and os.access(chosen, os.X_OK)):
            raise Failure(f"--server {chosen} is not a program that can be run")
        return Installed(chosen.name, str(chosen.absolute()), f"{chosen.absolute()}, chosen by you")
    npm = shutil.which("npm") if server.packages else None
    if npm is not None:
        say(f"npm installs {server.packages[-1]}")
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        _run([npm, "install", "--prefix", str(folder), *options, *server.packages], "npm", "look at its message above")
        return Installed(server.packages[-1].replace("@", " "), "", "installed by npm for Verifill")
    below_home = os.pathsep.join(str(Path.home() / each) for each in server.folders)
    for path in (None, below_home):
        for name in server.programs:
            if (found := shutil.which(name, path=path)) is not None:
                return Installed(name, os.path.abspath(found), os.path.abspath(found))
    raise Failure(f"{server.name}: {server.programs[0]} is not on your PATH; {server.mend}; or --server PROGRAM")


def _program_in(folder: Path, server: Server) -> Path:
    """Return the server's program in the folder that it was unpacked into."""
    places = os.pathsep.join((str(folder), str(folder / "bin")))
    for name in server.programs:
        if (found := shutil.which(name, path=places)) is not None:
            return Path(found)
    raise Failure(
        f"--server-install-dir {folder}: there is no {server.programs[0]} that can be run, nor in bin/; {server.mend}"
    )


def _make_bridge(home: Home, say: Say) -> None:
    """Make the environment that multilspy runs in."""
    with _place(home.bridge) as folder:
        say("a virtual environment for multilspy")
        _run([sys.executable, "-I", "-m", "venv", str(folder)], "venv", "on Debian: apt install python3-venv")
        python = next(path for path in (folder / "bin/python", folder / "Scripts/python.exe") if path.exists())
        say("pip installs multilspy")
        options = ("--quiet", "--no-input", "--disable-pip-version-check", "--no-deps")
        _run(
            [str(python), "-I", "-m", "pip", "install", *options, "-r", str(REQUIREMENTS)],
            "pip",
            "see that your package index can be reached",
        )
        shutil.copyfile(REQUIREMENTS, folder / REQUIREMENTS.name)


def _run(command: Sequence[str], name: str, mend: str) -> None:
    """Run a program that installs something.

    Raises:
        Failure: It fails; the last line that it prints says why.
    """
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise Failure(f"{name} failed: {said[-1] if said else 'without a word'}; {mend}", BROKEN)


@contextlib.contextmanager
def _at_work(home: Home) -> Iterator[None]:
    """Be the only one who changes the folder; what was left there half made, because somebody was killed, goes.

    Raises:
        Failure: Somebody else is at work, or the folder cannot be written.
    """
    try:
        home.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = Lock.take(home.folder / "lock")
    except OSError as error:
        raise Failure(f"{home.folder} cannot be written: {error.strerror}") from error
    if lock is None:
        raise Failure("another verifill languages is at work; wait for it")
    try:
        for left in home.folder.glob(f"{_PARTIAL}*"):
            _remove(left)
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _place(target: Path) -> Iterator[Path]:
    """Yield an empty folder, which takes the place of ``target`` if the block ends well, and vanishes if not."""
    with tempfile.TemporaryDirectory(prefix=_PARTIAL, dir=target.parent, ignore_cleanup_errors=True) as partial:
        new, old = Path(partial, "new"), Path(partial, "old")
        new.mkdir()
        yield new
        with contextlib.suppress(FileNotFoundError):
            os.replace(target, old)
        os.replace(new, target)


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Failure(f"{folder} cannot be removed: {error.strerror}", BROKEN) from error
