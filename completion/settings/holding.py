"""What holds in a workspace now: settings from all places, and the interpreter that follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.environment import Choice, Interpreter, find_environment
from completion import project
from completion.settings.files import project_file, user_file
from completion.settings.layers import Layer, Merged, merge
from completion.settings.model import Level, Settings
from completion.types import CompletionRequest, Limits


@dataclass(frozen=True)
class Holding:
    """What holds.

    Attributes:
        settings: The values.
        interpreter: The user's Python.
        trusted: Whether the workspace's own programs may be run.
        problems: One line for each thing that is wrong and not used.
    """

    settings: Settings
    interpreter: Interpreter
    trusted: bool
    problems: tuple[str, ...]

    def asked(self, request: CompletionRequest) -> CompletionRequest:
        """Return a request with everything that settings say about completions; the rest stays."""
        settings = self.settings
        return replace(
            request,
            environment=self.interpreter.path,
            trusted=self.trusted,
            monitors=settings.monitors,
            sources=settings.context,
            exclude_context=settings.exclude_context,
            filters=settings.filters,
            least_confidence=settings.least_confidence,
            strictness=settings.strictness,
            ngrams=settings.ngrams,
            limits=Limits(settings.max_tokens, settings.multiline),
        )


def holding(workspace: Path, trusted: bool, above: Sequence[Layer] = ()) -> Holding:
    """Return what holds in a workspace.

    Args:
        workspace: The project folder.
        trusted: Whether the user trusts it.
        above: Layers above the settings files, the weakest first.
    """
    merged = settle(workspace, trusted, above)
    interpreter, problem = interpreter_of(merged, workspace, trusted)
    return Holding(merged.settings, interpreter, trusted, (*merged.problems, *problem))


def settle(workspace: Path, trusted: bool, above: Sequence[Layer] = ()) -> Merged:
    """Return the settings of a workspace; as for ``holding``."""
    return merge((*_of_project(workspace, trusted), *_of_user(), *above))


def user_settings() -> Merged:
    """Return what the user's own file says: all that there is to say about the engine but the command line."""
    return merge(_of_user())


def interpreter_of(merged: Merged, workspace: Path, trusted: bool) -> tuple[Interpreter, tuple[str, ...]]:
    """Return the user's interpreter, and what is wrong with the one that was named, if anything is.

    The choice of the editor's Python extension counts in a trusted workspace only: it may lie there.
    """
    settings = merged.settings
    chosen = Choice(settings.python, f"set by {merged.origins.get('python')}")
    if not settings.python and trusted:
        chosen = Choice(settings.editor_python, "the editor's choice")
    try:
        return find_environment(workspace, trusted, chosen), ()
    except ValueError as error:
        found = find_environment(workspace, trusted)
        return found, (f"python, {chosen.by}: {error}; using {found.path or 'none'} ({found.why})",)


def _of_project(workspace: Path, trusted: bool) -> Iterator[Layer]:
    if file := project_file(workspace):
        level = Level.TRUSTED if trusted else Level.WORKSPACE
        problems = (*file.problems, *project.settings_in(file).problems)
        yield Layer(file.name, level, file.values, project.KEYS, problems)


def _of_user() -> Iterator[Layer]:
    if file := user_file():
        yield Layer(file.name, Level.USER, file.values, problems=file.problems)
