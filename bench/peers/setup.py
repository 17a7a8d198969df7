"""Make what the other programs need; about ten minutes of two cores.

    python -m bench.peers.setup [--folder .peers]

* llama.cpp's server is built from the source that the package llama-cpp-python carries, for this processor;
  that takes cmake and a C++ compiler.
* CTranslate2 and OpenVINO GenAI are installed into a folder that only their own processes see.

What is there already is left as it is; to make it anew, remove the folder.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".peers"

LLAMA = "llama-cpp-python==0.3.36"
LIBRARIES = (
    "ctranslate2==4.8.5",
    "openvino==2026.4.1",
    "openvino-genai==2026.4.1.0",
    "openvino-telemetry==2025.2.0",
    "openvino-tokenizers==2026.4.1.0",
)

# Nothing but the server, in one file, without what it would fetch or ask other libraries for.
OPTIONS = (
    "CMAKE_BUILD_TYPE=Release",
    "BUILD_SHARED_LIBS=OFF",
    "LLAMA_BUILD_APP=OFF",
    "LLAMA_BUILD_EXAMPLES=OFF",
    "LLAMA_BUILD_TESTS=OFF",
    "LLAMA_BUILD_UI=OFF",
    "LLAMA_OPENSSL=OFF",
    "LLAMA_USE_PREBUILT_UI=OFF",
)


def server_in(folder: Path) -> Path:
    """Return where llama.cpp's server is built."""
    return folder / "llama.cpp" / "bin" / "llama-server"


def packages_in(folder: Path) -> Path:
    """Return where the libraries are installed."""
    return folder / "packages"


def main() -> int:
    """Run from the command line; 3 if a tool is missing or fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="compilers at once")
    options = parser.parse_args()
    missing = [tool for tool in ("cmake", "c++") if shutil.which(tool) is None]
    if missing:
        sys.stderr.write(f"{' and '.join(missing)} not found; install cmake and a C++ compiler\n")
        return 3
    folder = options.folder.absolute()
    try:
        if not packages_in(folder).exists():
            install_libraries(packages_in(folder))
        if not server_in(folder).exists():
            build_server(source_in(folder), folder / "llama.cpp", options.jobs)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{Path(error.cmd[0]).name} has failed; what it said stands above\n")
        return 3
    return 0


def install_libraries(target: Path) -> None:
    """Install the libraries, and nothing that they have in common with us."""
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    pip("install", "--no-deps", "--target", str(part), *LIBRARIES)
    part.rename(target)


def source_in(folder: Path) -> Path:
    """Return llama.cpp's source, fetched if it is not there."""
    name = LLAMA.replace("==", "-").replace("llama-cpp-python", "llama_cpp_python")
    if not (folder / name).exists():
        pip("download", "--no-deps", "--no-binary", ":all:", "--dest", str(folder), LLAMA)
        with tarfile.open(folder / f"{name}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    return folder / name / "vendor" / "llama.cpp"


def build_server(source: Path, out: Path, jobs: int) -> None:
    """Build the server for this processor; a build that was broken off goes on."""
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    subprocess.run(["cmake", "-S", source, "-B", out, *generator, *(f"-D{option}" for option in OPTIONS)], check=True)
    subprocess.run(["cmake", "--build", out, "--target", "llama-server", "--parallel", str(jobs)], check=True)


def pip(*arguments: str) -> None:
    """Run pip."""
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main())
