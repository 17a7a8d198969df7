"""``verifill trace``: a page that shows how a completion came about, and making it again from that page.

A trace is one JSON object, alone or in a page: what was asked, with whole document; the facts as they came
(``analysis.fact_log``); the result with its history.  A model of the command's own writes it, so nothing that
other windows did before shows in it, and it can be written again anywhere.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cattrs import Converter

from completion.json_output import as_dict
from completion.privacy import no_suggestions
from completion.types import CompletionRequest, CompletionResult
from verifill import __version__
from verifill.errors import BROKEN, Failure
from verifill.options import CompleteOptions, Dtype, ModelOptions, holding_for, request_of
from verifill.place import find, line_and_column
from verifill.terminal import note
from verifill.wiring import check_names, completed, settings_of

FORMAT = 1
REPLAY = "replay:"


@dataclass(frozen=True)
class Traced:
    """What a trace holds that is needed to write it again.

    Attributes:
        request: What was asked.
        model: By which model, with the precision and on the device that it had.
        facts: The log of the facts.
        text: What came out.
    """

    request: CompletionRequest
    model: ModelOptions
    facts: str
    text: str


def write(spec: str, options: CompleteOptions, model: ModelOptions, out: Path) -> None:
    """Complete at ``FILE:LINE[:COL]`` and write the trace, as JSON if ``out`` is called so, else as a page.

    Raises:
        Failure: The place, an option, the model or ``out`` cannot be used.
    """
    place = find(spec)
    check_names(options)
    held = holding_for(place, options)
    if no_suggestions(str(place.path), held.settings.exclude):
        raise Failure(f"{place.path.name} is excluded by the setting `exclude`")
    request = replace(request_of(place, options, held), trace=True)
    result, log = _recorded(request, model)
    line, column = line_and_column(place.text, place.offset)
    trace = as_json(request, model, result, log)
    try:
        # A file's name may have bytes that are no UTF-8.
        out.write_text(_form(trace, out, f"{place.path.name}:{line}:{column}"), encoding="utf-8", errors="replace")
    except OSError as error:
        raise Failure(f"cannot write {str(out)!r}: {error.strerror}") from error
    note(f"trace of {len(result.tokens)} tokens in {out}")


def again(file: Path) -> int:
    """Write what a trace holds once more, say whether it is the same text, and return the exit code.

    Raises:
        Failure: The file holds no trace, or the model cannot be used.
    """
    traced = read(file)
    with tempfile.TemporaryDirectory(prefix="verifill-") as folder:
        log = Path(folder) / "facts"
        log.write_text(traced.facts, encoding="ascii")
        request = replace(traced.request, facts=f"{REPLAY}{log}", record_facts="")
        result = completed(request, traced.model, in_process=True)
    if result.text == traced.text:
        sys.stdout.write(f"the same text: {traced.text!r}\n")
        return 0
    sys.stdout.write(f"another text\n  traced: {traced.text!r}\n  now:    {result.text!r}\n")
    return BROKEN


def as_json(request: CompletionRequest, model: ModelOptions, result: CompletionResult, log: str) -> dict[str, Any]:
    """Return a trace as plain values; docs/trace.md is its contract."""
    return {
        "trace": FORMAT,
        "version": __version__,
        "model": {"name": settings_of(model).model, "dtype": result.dtype, "device": result.device},
        "request": Converter().unstructure(request),
        "facts": log,
        "result": as_dict(result),
    }


def read(file: Path) -> Traced:
    """Read a trace, from a page or from plain JSON.

    Raises:
        Failure: There is none.
    """
    from http_api.pages import data_of

    try:
        text = file.read_text(encoding="utf-8")
        value = data_of(text) if text.startswith("<") else json.loads(text)
    except OSError as error:
        raise Failure(f"cannot read {str(file)!r}: {error.strerror}") from error
    except ValueError as error:
        raise Failure(f"{file} holds no trace") from error
    return _traced(value, file)


def _traced(value: Any, file: Path) -> Traced:
    """Return what a trace's object holds."""
    if not isinstance(value, Mapping) or value.get("trace") != FORMAT:
        raise Failure(f"{file} holds no trace that this version of Verifill can read")
    try:
        model = value["model"]
        return Traced(
            request=Converter().structure(value["request"], CompletionRequest),
            model=ModelOptions(model["name"], Dtype(model["dtype"]), model["device"]),
            facts=str(value["facts"]),
            text=str(value["result"]["text"]),
        )
    except Exception as error:  # noqa: BLE001 -- what a broken file raises in a converter is not worth telling apart
        raise Failure(f"{file} holds a broken trace ({type(error).__name__})") from error


def _recorded(request: CompletionRequest, model: ModelOptions) -> tuple[CompletionResult, str]:
    """Complete, and return the log of the facts, too."""
    if request.facts.startswith(REPLAY):
        result = completed(request, model, in_process=True)
        return result, Path(request.facts.removeprefix(REPLAY)).read_text(encoding="ascii")
    with tempfile.TemporaryDirectory(prefix="verifill-") as folder:
        log = Path(folder) / "facts"
        result = completed(replace(request, record_facts=str(log)), model, in_process=True)
        return result, log.read_text(encoding="ascii")


def _form(trace: Mapping[str, Any], out: Path, title: str) -> str:
    from http_api.pages import page

    return json.dumps(trace, allow_nan=False) if out.suffix == ".json" else page("trace", title, trace).html
