"""A terminal without a screen, with an editor in it."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.e2e.window import wait_for


class Terminal:
    """A terminal without a screen (tmux) with a program in it."""

    def __init__(
        self, tmux: str, socket: Path, folder: Path, command: list[str], environment: Mapping[str, str]
    ) -> None:
        """Start the program."""
        self._tmux = [tmux, "-f", "/dev/null", "-S", str(socket)]
        variables = [f"{name}={value}" for name, value in environment.items()]
        line = shlex.join(["env", *variables, *command])
        self._run("new-session", "-d", "-x", "90", "-y", "24", "-c", str(folder), line)

    def __enter__(self) -> Self:
        """Return the terminal."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the program, if it has not ended."""
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, timeout=30, check=False)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names."""
        self._run("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self._run("send-keys", "-l", text)

    def typed_again(self, character: str) -> str:
        """Take back the last character, type it again, and return the screen a second later."""
        self.press("BSpace")
        self.type(character)
        time.sleep(1)
        return self.screen()

    def screen(self) -> str:
        """Return what is on the screen."""
        return self._run("capture-pane", "-p")

    def until(self, wanted: str, times: int = 1) -> str:
        """Wait until a text is on the screen, so many times or more, and return the whole screen."""
        try:
            wait_for(lambda: self.screen().count(wanted) >= times, f"{wanted!r} on the screen, {times} times")
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.screen()}") from None
        return self.screen()

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([*self._tmux, *arguments], capture_output=True, text=True, timeout=30, check=True)
        return done.stdout
