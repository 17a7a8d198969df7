"""``verifill complete``: one completion at a place in a file."""

from __future__ import annotations

import enum
import sys

from completion.privacy import EXCLUDED, no_suggestions
from completion.types import CompletionResult
from verifill.options import CompleteOptions, ModelOptions, holding_for, request_of
from verifill.place import Place, find, line_and_column
from verifill.terminal import note, screen
from verifill.wiring import check_names, completed


class Output(enum.Enum):
    """What is printed."""

    TEXT = "the completion and nothing else"
    JSON = "one object, docs/json.md"
    EXPLAIN = "the human view"


def complete(spec: str, options: CompleteOptions, model: ModelOptions, output: Output) -> None:
    """Complete at ``FILE:LINE[:COL]`` and print the result.

    Raises:
        Failure: The place, an option or the model cannot be used.
    """
    place = find(spec)
    check_names(options)
    held = holding_for(place, options)
    request = request_of(place, options, held)
    if no_suggestions(request.document.path, held.settings.exclude):
        show(place, EXCLUDED, output)
        return
    show(place, completed(request, model, options.in_process), output)


def show(place: Place, result: CompletionResult, output: Output) -> None:
    """Print a result."""
    if output is Output.JSON:
        from completion.json_output import dumps

        sys.stdout.write(dumps(result) + "\n")
    elif output is Output.EXPLAIN:
        _explain(place, result)
    else:
        _plain(result)


def _plain(result: CompletionResult) -> None:
    """Print the completions, each ended by a line end; say on standard error why there is none."""
    from verifill.explain.view import reason_in_words

    for candidate in result.candidates:
        if candidate.text:
            sys.stdout.write(candidate.text + "\n")
    if result.reason is not None:
        note(f"no completion: {reason_in_words(result.reason)}")


def _explain(place: Place, result: CompletionResult) -> None:
    from verifill.explain.view import FULL, explain

    console, look = screen()
    line, column = line_and_column(place.text, place.offset)
    console.print(
        f"[bold]{place.path.name}:{line}:{column}[/]  [dim]{result.model}, {result.dtype}, {result.device}[/]\n"
    )
    for row in explain(place.text, place.offset, result, FULL, look):
        console.print(row, no_wrap=True, crop=True)
