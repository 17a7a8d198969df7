"""Writes the settings of Verifill into this extension's ``package.json``; the model in completion/settings rules.

``python vscode-extension/settings.py`` from the root of the repository; ``--check`` only says whether it is current.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MANIFEST = Path(__file__).with_name("package.json")


def current(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest with the settings as they are; the first part of the configuration is the extension's own."""
    from completion.settings.reference import vscode_configuration, vscode_restricted

    contributes = manifest["contributes"]
    capabilities = manifest["capabilities"]
    untrusted = capabilities["untrustedWorkspaces"] | {"restrictedConfigurations": vscode_restricted()}
    return manifest | {
        "capabilities": capabilities | {"untrustedWorkspaces": untrusted},
        "contributes": contributes | {"configuration": [contributes["configuration"][0], vscode_configuration()]},
    }


def main(arguments: list[str]) -> int:
    """Write or check, and return the exit code."""
    sys.path.insert(0, str(ROOT))
    text = MANIFEST.read_text(encoding="utf-8")
    wanted = json.dumps(current(json.loads(text)), indent=2, ensure_ascii=False) + "\n"
    if arguments == ["--check"]:
        if text != wanted:
            sys.stderr.write(f"{MANIFEST.name} is not current; run python vscode-extension/settings.py\n")
        return int(text != wanted)
    MANIFEST.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
