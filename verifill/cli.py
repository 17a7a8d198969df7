"""The command line.  Commands import what they need when they run, so that help is quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer
from typer.exceptions import Abort, TyperException

from verifill import __version__, flags
from verifill.errors import BAD_INPUT, BROKEN, INTERRUPTED, Failure
from verifill.options import CompleteOptions, Dtype, FactMode, ModelOptions, ServeOptions, names

app = typer.Typer(
    help="Local code completion. The model writes, the monitors verify, and nothing waits.",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

_TRACEBACK = "VERIFILL_TRACEBACK"
_EXAMPLES = (
    "Examples:  [bold]verifill complete app.py:12[/]   [bold]verifill complete app.py:12:8 --explain[/]   "
    "[bold]verifill complete app.py:12 -n 3 --json[/]"
)


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code; errors are one line on standard error."""
    try:
        return app(list(arguments), prog_name="verifill", standalone_mode=False) or 0
    except TyperException as error:
        return _fail(error.format_message().replace("Value error, ", ""), BAD_INPUT)
    except Failure as error:
        return _fail(str(error), error.code)
    except (KeyboardInterrupt, Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone, as in `verifill ... | head`; nothing more must be flushed to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  the process's border
        if os.environ.get(_TRACEBACK):
            raise
        message = f"internal error, {type(error).__name__}: {error}; {_TRACEBACK}=1 shows where. Please report it"
        return _fail(message, BROKEN)


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"verifill: {' '.join(message.split())}\n")
    return code


@app.callback(invoke_without_command=True)
def _program(context: typer.Context, version: flags.Version = False) -> None:
    if version:
        typer.echo(f"verifill {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(BAD_INPUT)


@app.command(epilog=_EXAMPLES)
def complete(
    place: flags.Location,
    workspace: flags.Workspace = None,
    candidates: flags.Candidates = 1,
    max_tokens: flags.MaxTokens = 64,
    temperature: flags.Temperature = 0.0,
    seed: flags.Seed = 0,
    no_monitors: flags.NoMonitors = False,
    monitors: flags.Monitors = None,
    drafters: flags.Drafters = None,
    facts: flags.Facts = FactMode.WAIT,
    python: flags.Interpreter = None,
    trust: flags.Trust = False,
    model: flags.ModelName = None,
    dtype: flags.ModelDtype = Dtype.AUTO,
    device: flags.ModelDevice = "auto",
    explain: flags.Explain = False,
    json: flags.Json = False,
) -> None:
    """Complete the code at a place in a file."""
    if no_monitors and monitors is not None:
        raise Failure("--no-monitors and --monitors contradict each other; give one of them")
    if explain and json:
        raise Failure("--explain and --json contradict each other; give one of them")
    from verifill import headless

    options = CompleteOptions(
        workspace=workspace,
        candidates=candidates,
        max_tokens=max_tokens,
        temperature=temperature,
        seed=seed,
        monitors=() if no_monitors else names(monitors),
        drafters=names(drafters),
        facts=facts,
        python=python,
        trust=trust,
    )
    output = headless.Output.JSON if json else headless.Output.EXPLAIN if explain else headless.Output.TEXT
    headless.complete(place, options, ModelOptions(model, dtype, device), output)


@app.command()
def lsp(
    python: flags.Interpreter = None,
    trust: flags.Trust = False,
    model: flags.ModelName = None,
    dtype: flags.ModelDtype = Dtype.AUTO,
    device: flags.ModelDevice = "auto",
    in_process: flags.InProcess = True,
    stdio: flags.Stdio = True,
    client_process_id: flags.ClientProcessId = None,
) -> None:
    """Serve an editor on standard input and output (Language Server Protocol 3.18)."""
    del in_process, stdio, client_process_id
    from verifill import editor

    raise typer.Exit(editor.serve(ModelOptions(model, dtype, device), python, trust))


@app.command()
def serve(
    host: flags.Host = "127.0.0.1",
    port: flags.Port = 8765,
    token_file: flags.TokenFile = None,
    python: flags.Interpreter = None,
    trust: flags.Trust = False,
    model: flags.ModelName = None,
    dtype: flags.ModelDtype = Dtype.AUTO,
    device: flags.ModelDevice = "auto",
) -> None:
    """Serve programs over HTTP, in the dialects of OpenAI, Tabby, llama.cpp and our own (docs/http.md)."""
    from verifill import serving

    raise typer.Exit(
        serving.serve(ModelOptions(model, dtype, device), ServeOptions(host, port, token_file, python, trust))
    )


@app.command()
def demo(
    model: flags.ModelName = None, dtype: flags.ModelDtype = Dtype.AUTO, device: flags.ModelDevice = "auto"
) -> None:
    """Complete at a few cursors of the examples that come along, and show what happened."""
    from verifill import demo as show

    show.run(ModelOptions(model, dtype, device))
