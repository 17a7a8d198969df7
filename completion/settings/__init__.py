"""Settings: what users, projects and editors may choose, from all places together.

* *key*: one setting; ``model.Settings`` has them all.
* *layer*: what one place says about some keys: a file, the editor, the command line (``layers``, ``files``).
* *level*: who speaks in a layer; not everybody may set everything.

The weakest layer first: defaults, the project's file, the user's own file, the editor, the command line.
``holding.holding`` is what fronts ask.
"""

from __future__ import annotations

from completion.settings.layers import Layer, Merged, merge
from completion.settings.model import Level, Settings
from completion.settings.reference import vscode_configuration

__all__ = ["Layer", "Level", "Merged", "Settings", "merge", "vscode_configuration"]
