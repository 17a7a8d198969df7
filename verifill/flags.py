"""The arguments and options of the command line: names, limits and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Option

from completion.types import MOST_CANDIDATES, MOST_STRICTNESS, MOST_TEMPERATURE, MOST_TOKENS
from verifill.options import Dtype, FactMode, ModelSize


def fact_mode(text: str) -> str:
    """Read the value of ``--facts``; the path of a log counts from the working directory.

    Raises:
        BadParameter: There is no such mode.
    """
    log = text.removeprefix("replay:")
    if log and log != text:
        return f"replay:{Path(log).absolute()}"
    if text not in tuple(FactMode):
        known = ", ".join(repr(mode.value) for mode in FactMode)
        raise BadParameter(f"{text!r} is not one of {known}, 'replay:LOG'.")
    return text


Location = Annotated[
    str,
    Argument(metavar="FILE:LINE[:COL]", help="The cursor; LINE and COL count from 1, COL defaults to the line's end."),
]
Workspace = Annotated[
    Path | None,
    Option(metavar="DIR", help="Project folder; else the nearest with a project file above FILE.", show_default=False),
]
Candidates = Annotated[int, Option("-n", min=1, max=MOST_CANDIDATES, help="Number of alternatives.")]
MaxTokens = Annotated[int | None, Option(min=1, max=MOST_TOKENS, help="Most tokens of new text.", show_default="64")]
Temperature = Annotated[float, Option(min=0.0, max=MOST_TEMPERATURE, help="0 takes the best token.")]
Seed = Annotated[int, Option(min=0, help="Equal seeds give equal texts.")]
NoMonitors = Annotated[bool, Option("--no-monitors", help="The plain model, nothing checked.")]
Monitors = Annotated[str | None, Option(metavar="A,B", help="Only these monitors; else all.", show_default=False)]
Drafters = Annotated[
    str | None, Option(metavar="A,B|none", help="Only these drafters; the text is the same.", show_default=False)
]
Strictness = Annotated[
    float | None,
    Option(
        min=0.0,
        max=MOST_STRICTNESS,
        help="How hard facts push: 1 as measured, 0 not at all, more than 1 harder.",
        show_default="1",
    ),
]
Facts = Annotated[
    str,
    Option(
        parser=fact_mode,
        metavar="wait|live|none|replay:LOG",
        help="Wait for the analysis, take what is there, do without, or take the facts that LOG holds.",
    ),
]
RecordFacts = Annotated[
    Path | None,
    Option(
        metavar="LOG", help="Write the facts, names of your code, to a file for --facts replay:LOG.", show_default=False
    ),
]
Interpreter = Annotated[
    str | None,
    Option(
        "--python",
        metavar="INTERPRETER",
        help="Your project's Python; else VIRTUAL_ENV, CONDA_PREFIX or, if trusted, the workspace's .venv.",
        show_default=False,
    ),
]
Trust = Annotated[bool, Option("--trust", help="Let the workspace's own interpreter be run.")]
ModelName = Annotated[
    str | None,
    Option(
        "--model",
        metavar="ID-or-PATH",
        help="Checkpoint folder or hub id instead of the embedded model.",
        show_default=False,
    ),
]
ModelDtype = Annotated[Dtype | None, Option("--dtype", help="Precision of the model.", show_default="auto")]
ModelDevice = Annotated[
    str | None, Option("--device", metavar="DEVICE", help="auto, cpu, cuda, cuda:1 or mps.", show_default="auto")
]
DraftModel = Annotated[
    str | None,
    Option(
        "--draft-model",
        metavar="ID-or-PATH",
        help="Smaller model of the same tokenizer that guesses ahead; the text is the same.",
        show_default=False,
    ),
]
Host = Annotated[str, Option("--host", help="Address to listen on; beyond this machine only with --token-file.")]
Port = Annotated[int, Option("--port", min=0, max=65535, help="Port to listen on; 0 for any free one.")]
TokenFile = Annotated[
    Path | None,
    Option(
        "--token-file",
        metavar="FILE",
        help="Token that clients must send, in a file of mode 0600; else a random one, shown once.",
        show_default=False,
    ),
]
OptionalLocation = Annotated[
    str | None,
    Argument(
        metavar="[FILE:LINE[:COL]]", help="The cursor; LINE and COL count from 1, COL defaults to the line's end."
    ),
]
TraceFile = Annotated[
    Path, Option("-o", metavar="FILE", help="Where to write the trace: a page, or plain JSON in a file *.json.")
]
Replay = Annotated[
    Path | None,
    Option(
        "--replay",
        metavar="TRACE",
        help="Write the completion of a trace once more, and say whether it is the same text.",
        show_default=False,
    ),
]
Explain = Annotated[bool, Option("--explain", help="Show where each token came from and what was refused.")]
Json = Annotated[bool, Option("--json", help="Print one JSON object.")]
Yes = Annotated[bool, Option("--yes", "-y", help="Do not ask.")]
TrustedFolder = Annotated[Path | None, Argument(metavar="DIR", help="A project folder.", show_default=False)]
TrustList = Annotated[bool, Option("--list", help="Show the trusted folders.")]
TrustRemove = Annotated[bool, Option("--remove", help="Trust DIR no longer.")]
AddedLanguage = Annotated[
    str, Argument(metavar="LANGUAGE", help="typescript (JavaScript too), go, cpp (C too), rust, java or php.")
]
ServerProgram = Annotated[
    Path | None,
    Option("--server", metavar="PROGRAM", help="The language server to use; else one is found.", show_default=False),
]
ServerFolder = Annotated[
    Path | None,
    Option("--server-install-dir", metavar="DIR", help="The folder that it was unpacked into.", show_default=False),
]
Schema = Annotated[bool, Option("--schema", help="Print the JSON schema of the settings file.")]
Reference = Annotated[bool, Option("--table", help="Print the table of docs/settings.md.")]
JsonList = Annotated[bool, Option("--json", help="Print a JSON list with an object for each.")]
Version = Annotated[bool, Option("--version", help="Print the version and exit.")]
InProcess = Annotated[bool, Option("--in-process", help="Run the model in this process, not in the shared engine.")]
IdleMinutes = Annotated[
    float, Option("--idle-minutes", min=0.0, metavar="N", help="End after so long without a request.")
]

Passed = Annotated[list[str] | None, Argument(metavar="OPTIONS", help="As the program itself reads them.")]

# What editors pass along; it changes nothing.
Stdio = Annotated[bool, Option("--stdio", hidden=True)]
ClientProcessId = Annotated[int | None, Option("--clientProcessId", hidden=True)]

TrainedSize = Annotated[
    ModelSize,
    Option("--config", help="nano (9M weights, for a CPU), small (30M, for a GPU), tiny (to try it out)."),
]
Minutes = Annotated[float, Option("--minutes", min=0.01, help="Time for training itself, stops not counted.")]
TrainingFolder = Annotated[
    Path, Option("--out", metavar="DIR", help="Everything is kept here; the same command goes on where it stopped.")
]
Archives = Annotated[
    list[Path] | None,
    Option(
        "--archives",
        metavar="DIR",
        help="Wheels, sdists and npm packages to learn from; else what is installed here. May be repeated.",
        show_default=False,
    ),
]
HeldOut = Annotated[
    Path | None,
    Option(
        "--held-out",
        metavar="DIR",
        help="Archives to measure on, of which nothing is learnt; else rich, httpx, click as installed here.",
        show_default=False,
    ),
]
Benchmarks = Annotated[
    Path | None,
    Option("--benchmarks", metavar="DIR", help="Public benchmarks to stay clear of.", show_default=False),
]
Corpus = Annotated[
    Path | None, Option("--corpus", metavar="DIR", help="A corpus that was collected before.", show_default=False)
]
Tokenizer = Annotated[
    Path | None,
    Option("--tokenizer", metavar="DIR", help="A vocabulary to keep; else a new one.", show_default=False),
]
InitFrom = Annotated[
    Path | None,
    Option("--init-from", metavar="DIR", help="A model of this size to go on from.", show_default=False),
]
