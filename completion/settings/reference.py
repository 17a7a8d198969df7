"""What is generated from the settings: JSON schema, the table of docs/settings.md, VS Code's configuration."""

from __future__ import annotations

import json
from typing import Any

from completion.settings.kinds import Schema, Switches
from completion.settings.model import EDITOR, ENGINE, KEYS, NO_PROJECT, NO_STRANGER, Key, Level

# VS Code's scopes: who may set a key there.  "machine-overridable" keys of a workspace count when it is trusted, if
# they are named among the extension's restricted ones.
_SCOPES = {NO_STRANGER: "machine-overridable", NO_PROJECT: "application"}
_SECTION = "verifill"

_WHO = {NO_STRANGER: "a project only if trusted", NO_PROJECT: "not a project", ENGINE: "you alone, not an editor"}


def json_schema() -> Schema:
    """Return the schema of the user's ``verifill.toml``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Verifill",
        "type": "object",
        "properties": {key.name: _property(key) for key in KEYS if Level.USER in key.levels},
        "additionalProperties": False,
    }


def vscode_configuration() -> dict[str, Any]:
    """Return ``contributes.configuration`` of the VS Code extension's ``package.json``.

    The extension must send only what the user has set (``inspect()``): VS Code answers with these defaults
    otherwise, and they would stand above the project's file.
    """
    properties = {
        f"{_SECTION}.{key.client_name}": {**_property(key), "scope": _SCOPES.get(key.levels, "resource")}
        for key in _for_editors()
    }
    return {"title": "Verifill", "properties": properties}


def vscode_restricted() -> list[str]:
    """Return ``capabilities.untrustedWorkspaces.restrictedConfigurations`` of the same file."""
    return [f"{_SECTION}.{key.client_name}" for key in _for_editors() if key.levels == NO_STRANGER]


def table() -> str:
    """Return the table of docs/settings.md."""
    rows = ["| key | default | meaning | who may set it |", "|---|---|---|---|"]
    for key in KEYS:
        if key.levels == EDITOR:
            continue
        client = f", `{key.client_name}`" if key.client_name != key.name and Level.CLIENT in key.levels else ""
        default = f"`{spelled(plain(key.default))}`"
        rows.append(f"| `{key.name}`{client} | {default} | {key.words} | {_WHO.get(key.levels, 'all')} |")
    return "\n".join(rows) + "\n"


def _for_editors() -> tuple[Key, ...]:
    return tuple(key for key in KEYS if Level.CLIENT in key.levels and key.levels != EDITOR)


def _property(key: Key) -> Schema:
    schema = key.kind.schema()
    if key.default is None:
        schema["type"] = [schema["type"], "null"]
    return {**schema, "default": plain(key.default), "description": key.words}


def plain(value: Any) -> Any:
    """Return a setting's value as JSON has it."""
    if isinstance(value, Switches):
        return dict(value.values)
    return list(value) if isinstance(value, tuple) else value


def spelled(value: Any) -> str:
    """Return such a value as people read it."""
    return "not set" if value is None else json.dumps(value)
