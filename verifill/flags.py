"""The arguments and options of the command line: names, limits and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from verifill.options import Dtype, FactMode

Location = Annotated[
    str,
    Argument(metavar="FILE:LINE[:COL]", help="The cursor; LINE and COL count from 1, COL defaults to the line's end."),
]
Workspace = Annotated[
    Path | None,
    Option(metavar="DIR", help="Project folder; else the nearest with a project file above FILE.", show_default=False),
]
Candidates = Annotated[int, Option("-n", min=1, max=16, help="Number of alternatives.")]
MaxTokens = Annotated[int, Option(min=1, max=512, help="Most tokens of new text.")]
Temperature = Annotated[float, Option(min=0.0, max=5.0, help="0 takes the best token.")]
Seed = Annotated[int, Option(min=0, help="Equal seeds give equal texts.")]
NoMonitors = Annotated[bool, Option("--no-monitors", help="The plain model, nothing checked.")]
Monitors = Annotated[str | None, Option(metavar="A,B", help="Only these monitors; else all.", show_default=False)]
Drafters = Annotated[
    str | None, Option(metavar="A,B|none", help="Only these drafters; the text is the same.", show_default=False)
]
Facts = Annotated[FactMode, Option(help="Wait for the analysis, take what is there, or do without.")]
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
ModelDtype = Annotated[Dtype, Option("--dtype", help="Precision of the model.")]
ModelDevice = Annotated[str, Option("--device", metavar="DEVICE", help="auto, cpu, cuda, cuda:1 or mps.")]
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
Explain = Annotated[bool, Option("--explain", help="Show where each token came from and what was refused.")]
Json = Annotated[bool, Option("--json", help="Print one JSON object.")]
Version = Annotated[bool, Option("--version", help="Print the version and exit.")]

# What editors pass along; it changes nothing.
InProcess = Annotated[bool, Option("--in-process", help="Run the model in this process; today there is no other way.")]
Stdio = Annotated[bool, Option("--stdio", hidden=True)]
ClientProcessId = Annotated[int | None, Option("--clientProcessId", hidden=True)]
