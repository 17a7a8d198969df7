"""Pages for people, each in one file: styles and scripts stand in it, and nothing is fetched from elsewhere.

The scripts are modules without dependencies.  ``trace.js`` draws traces, in pages and in editors' web views
alike.  A page has its modules as one script, in an order in which each finds what it imports.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
_SCRIPTS = {
    "trace": ("elements", "code", "timeline", "trace"),
    "dashboard": ("elements", "dashboard"),
}
_STYLES = {"trace": ("trace",), "dashboard": ("trace", "dashboard")}
_WHOLE_WINDOW = "body { margin: 0; }\n:root { color-scheme: light dark; }\n"
_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        html: Its text.
        policy: Its Content-Security-Policy: what stands in the page runs, nothing else.
    """

    html: str
    policy: str


def page(name: str, title: str, data: Any = None) -> Page:
    """Return a page.

    Args:
        name: "trace" or "dashboard".
        title: Plain text.
        data: What the script finds as JSON in the element ``data``.
    """
    style = "".join(_read(f"{part}.css") for part in _STYLES[name]) + _WHOLE_WINDOW
    script = "".join(_IMPORT.sub("", _read(f"{part}.js")) for part in _SCRIPTS[name]) + _read(f"{name}.start.js")
    sources = f"script-src {_hash(script)}; style-src {_hash(style)}; connect-src 'self'"
    policy = f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"
    # Within a script element only "<" could be taken for markup.
    plain = json.dumps(data, allow_nan=False).replace("<", "\\u003c")
    return Page(
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>{style}</style>
</head>
<body>
<main id="page"></main>
<script type="application/json" id="data">{plain}</script>
<script type="module">{script}</script>
</body>
</html>
""",
        policy,
    )


def data_of(text: str) -> Any:
    """Return the data that a page was made with.

    Raises:
        ValueError: It is no such page.
    """
    found = _DATA.search(text)
    if found is None:
        raise ValueError("there is no data in it")
    return json.loads(found[1])


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
