"""What the end-to-end tests need beside the project: found, and installed by ``python -m tests.e2e.tools LANE...``.

Everything goes into ``.e2e/`` of the checkout, but for Debian's packages, which only root can install.
A lane that cannot be had is no error here: its tests are skipped, and say why.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.e2e.vscode import Installation

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".e2e"

# The newest VS Code that runs on Node 20, and the newest, which wants a newer one.
CODE_SERVER = "4.100.3"
NEWEST_CODE_SERVER = "4.139.1"
NEWEST_NODE = "24"

# The release of Debian that has Neovim 0.12 and Helix.
NEWER_DEBIAN = "forky"


class Lacking(Exception):
    """Something is not here; the message says what and how to get it."""


def chromium() -> Path:
    """Return a Chromium.

    Raises:
        Lacking: There is none.
    """
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Path(found)
    raise Lacking("no Chromium on the PATH; on Debian, apt-get install chromium fonts-dejavu-core")


def node() -> Path:
    """Return a Node that runs VS Code and its tools.

    Raises:
        Lacking: There is none.
    """
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        raise Lacking("no node and npm on the PATH; Node 20 or newer is needed")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if int(re.match(r"v(\d+)", version)[1]) < 20:  # type: ignore[index]
        raise Lacking(f"node is {version.strip()}; Node 20 or newer is needed")
    return Path(found)


def vscode() -> Installation:
    """Return VS Code.

    Raises:
        Lacking: It is not installed.
    """
    return _installation("code", CODE_SERVER, node())


def newest_vscode() -> Installation:
    """Return the newest VS Code, with a Node of its own.

    Raises:
        Lacking: It is not installed.
    """
    own = TOOLS / "newest" / "node_modules" / ".bin" / "node"
    return _installation("newest", NEWEST_CODE_SERVER, own)


def emacs() -> str:
    """Return an Emacs that has eglot.

    Raises:
        Lacking: There is none.
    """
    found = shutil.which("emacs")
    question = ["--batch", "--eval", "(progn (package-initialize) (require 'eglot))"]
    if found is None or subprocess.run([found, *question], capture_output=True, check=False).returncode != 0:
        raise Lacking("no Emacs with eglot on the PATH; on Debian, apt-get install emacs-nox elpa-eglot")
    return found


def helix() -> Mapping[str, str]:
    """Return the environment in which `hx` is Helix.

    Raises:
        Lacking: There is none.
    """
    if shutil.which("hx"):
        return {"PATH": os.environ["PATH"]}
    folder = TOOLS / "helix"
    if not (folder / "bin" / "hx").exists():
        raise Lacking("no Helix; make e2e LANES=helix installs one where Debian's packages can be had")
    runtime = folder / "root" / "usr" / "lib" / "hx" / "runtime"
    return {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HELIX_RUNTIME": str(runtime)}


def neovim() -> Mapping[str, str]:
    """Return the environment in which `nvim` is Neovim 0.12 or newer.

    Raises:
        Lacking: There is none.
    """
    if (found := shutil.which("nvim")) and _has_inline_completion(found, {}):
        return {"PATH": os.environ["PATH"]}
    folder = TOOLS / "neovim"
    runtime = folder / "root" / "usr" / "share" / "nvim" / "runtime"
    environment = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "VIMRUNTIME": str(runtime)}
    if not _has_inline_completion(str(folder / "bin" / "nvim"), environment):
        raise Lacking("no Neovim 0.12; make e2e LANES=neovim installs one where Debian's packages can be had")
    return environment


def tmux() -> str:
    """Return the terminal that has no screen.

    Raises:
        Lacking: There is none.
    """
    if (found := shutil.which("tmux")) is None:
        raise Lacking("no tmux on the PATH; on Debian, apt-get install tmux")
    return found


def _installation(lane: str, version: str, runtime: Path) -> Installation:
    main = TOOLS / lane / "node_modules" / "code-server" / "lib" / "vscode" / "out" / "server-main.js"
    stamp = TOOLS / lane / "complete"
    if not runtime.exists() or not stamp.exists() or stamp.read_text(encoding="utf-8") != version:
        raise Lacking(f"VS Code (code-server {version}) is not installed; make e2e LANES={lane}")
    return Installation(runtime, main, chromium())


def _install_code() -> None:
    _debian("chromium", "fonts-dejavu-core")
    _install_vscode("code", CODE_SERVER, node().parent)


def _install_newest() -> None:
    _debian("chromium", "fonts-dejavu-core")
    folder = TOOLS / "newest"
    _npm(folder, node().parent, f"node@{NEWEST_NODE}", scripts=True)
    _install_vscode("newest", NEWEST_CODE_SERVER, folder / "node_modules" / ".bin")


def _install_vscode(lane: str, version: str, runtime: Path) -> None:
    """Install VS Code from npm, without the scripts that would build or fetch natives: nothing here needs them."""
    folder = TOOLS / lane
    stamp = folder / "complete"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == version:
        return
    _npm(folder, runtime, f"code-server@{version}")
    inside = folder / "node_modules" / "code-server" / "lib" / "vscode"
    for part in (inside, inside / "extensions"):
        _npm(part, runtime, "--omit=dev")
    stamp.write_text(version, encoding="utf-8")


def _install_neovim() -> None:
    _debian("tmux")
    try:
        neovim()
    except Lacking:
        _unpack("neovim", "neovim", "nvim")
        neovim()


def _install_helix() -> None:
    _debian("tmux")
    try:
        helix()
    except Lacking:
        _unpack("helix", "hx", "hx")


def _install_emacs() -> None:
    _debian("emacs-nox", "elpa-eglot")


def _unpack(lane: str, package: str, name: str) -> None:
    """Unpack a program from a newer Debian, beside the system, and have it use the libraries that came along."""
    _debian("mmdebstrap", "patchelf")
    folder = TOOLS / lane
    root, program = folder / "root", folder / "bin" / name
    shutil.rmtree(folder, ignore_errors=True)
    program.parent.mkdir(parents=True)
    options = ["--variant=extract", f"--include={package}", '--aptopt=Acquire::Languages "none"']
    # A mirror may be behind; signatures are checked all the same.
    options += ['--aptopt=Acquire::Check-Valid-Until "false"']
    _run(["mmdebstrap", *options, NEWER_DEBIAN, str(root), f"deb {_mirror()} {NEWER_DEBIAN} main"])
    shutil.copy(root / "usr" / "bin" / name, program)
    libraries = next((root / "usr" / "lib").glob("*-linux-gnu"))
    loader = next(path for path in (root / "usr").glob("lib*/ld-linux-*.so.*"))
    _run(["patchelf", "--set-interpreter", str(loader), "--force-rpath", "--set-rpath", str(libraries), str(program)])


def _has_inline_completion(program: str, environment: Mapping[str, str]) -> bool:
    question = "lua io.stdout:write(vim.lsp.inline_completion and 'yes' or 'no')"
    command = [program, "--headless", "--clean", "-c", question, "-c", "qa!"]
    if not Path(program).exists():
        return False
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout.endswith("yes")


def _mirror() -> str:
    """Return the mirror that this Debian is installed from."""
    sources = [*Path("/etc/apt/sources.list.d").glob("*"), Path("/etc/apt/sources.list")]
    for source in sources:
        text = source.read_text(encoding="utf-8") if source.is_file() else ""
        if found := re.search(r"^(?:URIs:|deb)\s+(?:\[.*?\]\s*)?(http\S+/debian)/?\s*", text, re.MULTILINE):
            return found[1]
    raise Lacking("this machine has no Debian mirror to take programs from")


def _debian(*packages: str) -> None:
    """Install packages of Debian that lack, where that can be done."""
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status} "]
    if shutil.which("apt-get") is None:
        return
    lacking = [name for name in packages if _output([*query, name]).strip() != "installed"]
    if not lacking:
        return
    if os.geteuid() != 0:
        raise Lacking(f"these packages are not installed, and only root can: {' '.join(lacking)}")
    _run(["apt-get", "update", "--quiet"])
    _run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *lacking])


def _npm(folder: Path, runtime: Path, *wanted: str, scripts: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *wanted]
    command += [] if scripts else ["--ignore-scripts"]
    _run(command, cwd=folder, PATH=f"{runtime}:{os.environ['PATH']}")


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _run(command: Sequence[str], cwd: Path = ROOT, **environment: str) -> None:
    """Run a program of an installation.

    Raises:
        Lacking: It failed; what it said last comes along.
    """
    everything = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", **environment}
    done = subprocess.run(command, cwd=cwd, env=everything, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise Lacking(f"{command[0]} failed: {' / '.join(said)}")


LANES: Mapping[str, Callable[[], None]] = {
    "code": _install_code,
    "newest": _install_newest,
    "neovim": _install_neovim,
    "emacs": _install_emacs,
    "helix": _install_helix,
}


def main(lanes: Sequence[str]) -> int:
    """Install what some lanes need, and return 0; what cannot be had is said."""
    TOOLS.mkdir(exist_ok=True)
    (TOOLS / ".gitignore").write_text("*\n", encoding="utf-8")
    for name in lanes or LANES:
        try:
            LANES[name]()
        except Lacking as error:
            sys.stderr.write(f"e2e: without the lane {name}: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
