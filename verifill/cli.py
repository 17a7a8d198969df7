"""The command line.  Commands import what they need when they run, so that help is quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import typer
from typer.exceptions import Abort, TyperException

from verifill import __version__, flags
from verifill.errors import BAD_INPUT, BROKEN, INTERRUPTED, Failure
from verifill.options import CompleteOptions, FactMode, ModelOptions, ModelSize, ServeOptions, names

app = typer.Typer(
    help="Local code completion. The model writes, the monitors verify, and nothing waits.",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _show_help(context: typer.Context) -> None:
    """Name the commands where none is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(BAD_INPUT)


engine = typer.Typer(
    help="The process that runs the model for all windows.", callback=_show_help, invoke_without_command=True
)
app.add_typer(engine, name="engine")

languages = typer.Typer(
    help="Language servers, for languages beyond Python.", callback=_show_help, invoke_without_command=True
)
app.add_typer(languages, name="languages")

bench = typer.Typer(
    help="Measure models; for developers, with the repository.", callback=_show_help, invoke_without_command=True
)
app.add_typer(bench, name="bench")

_TRACEBACK = "VERIFILL_TRACEBACK"
_EXAMPLES = (
    "Examples:  [bold]verifill complete app.py:12[/]   [bold]verifill complete app.py:12:8 --explain[/]   "
    "[bold]verifill complete app.py:12 -n 3 --json[/]"
)
_TRACE_EXAMPLES = (
    "Examples:  [bold]verifill trace app.py:12 -o trace.html[/]   [bold]verifill trace --replay trace.html[/]"
)
_TRAIN_EXAMPLES = (
    "Examples:  [bold]verifill train --out run[/]   [bold]verifill train --config tiny --minutes 1 --out try[/]   "
    "[bold]verifill train --archives wheels --archives npm --minutes 300 --out run[/]   then   "
    "[bold]verifill complete app.py:12 --model run/model[/]"
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
    _show_help(context)


@app.command(epilog=_EXAMPLES)
def complete(
    place: flags.Location,
    workspace: flags.Workspace = None,
    candidates: flags.Candidates = 1,
    max_tokens: flags.MaxTokens = None,
    temperature: flags.Temperature = 0.0,
    seed: flags.Seed = 0,
    no_monitors: flags.NoMonitors = False,
    monitors: flags.Monitors = None,
    drafters: flags.Drafters = None,
    strictness: flags.Strictness = None,
    facts: flags.Facts = FactMode.WAIT,
    record_facts: flags.RecordFacts = None,
    python: flags.Interpreter = None,
    trust: flags.Trust = False,
    model: flags.ModelName = None,
    dtype: flags.ModelDtype = None,
    device: flags.ModelDevice = None,
    draft_model: flags.DraftModel = None,
    in_process: flags.InProcess = False,
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
        strictness=strictness,
        facts=facts,
        record_facts=record_facts,
        python=python,
        trust=trust,
        in_process=in_process,
    )
    output = headless.Output.JSON if json else headless.Output.EXPLAIN if explain else headless.Output.TEXT
    headless.complete(place, options, ModelOptions(model, dtype, device, draft_model), output)


@app.command()
def lsp(
    python: flags.Interpreter = None,
    trust: flags.Trust = False,
    model: flags.ModelName = None,
    dtype: flags.ModelDtype = None,
    device: flags.ModelDevice = None,
    draft_model: flags.DraftModel = None,
    in_process: flags.InProcess = False,
    stdio: flags.Stdio = True,
    client_process_id: flags.ClientProcessId = None,
) -> None:
    """Serve an editor on standard input and output (Language Server Protocol 3.18)."""
    del stdio, client_process_id
    from verifill import editor

    raise typer.Exit(editor.serve(ModelOptions(model, dtype, device, draft_model), python, trust, in_process))


@app.command()
def serve(
    host: flags.Host = "127.0.0.1",
    port: flags.Port = 8765,
    token_file: flags.TokenFile = None,
    python: flags.Interpreter = None,
    trust: flags.Trust = False,
    model: flags.ModelName = None,
    dtype: flags.ModelDtype = None,
    device: flags.ModelDevice = None,
    draft_model: flags.DraftModel = None,
    in_process: flags.InProcess = False,
) -> None:
    """Serve programs over HTTP, in the dialects of OpenAI, Tabby, llama.cpp and our own (docs/http.md)."""
    from verifill import serving

    options = ServeOptions(host, port, token_file, python, trust, in_process)
    raise typer.Exit(serving.serve(ModelOptions(model, dtype, device, draft_model), options))


@engine.command("run")
def engine_run(
    model: flags.ModelName = None,
    dtype: flags.ModelDtype = None,
    device: flags.ModelDevice = None,
    draft_model: flags.DraftModel = None,
    idle_minutes: flags.IdleMinutes = 30.0,
) -> None:
    """Be the engine; editors start one by themselves."""
    from verifill import engines

    raise typer.Exit(engines.run(ModelOptions(model, dtype, device, draft_model), 60 * idle_minutes))


@engine.command("status")
def engine_status(json: flags.JsonList = False) -> None:
    """Show the engines that run."""
    from verifill import engines

    engines.status(json)


@engine.command("stop")
def engine_stop() -> None:
    """End the engines that run; open editors start one again when they need it."""
    from verifill import engines

    engines.stop()


@app.command()
def demo(model: flags.ModelName = None, dtype: flags.ModelDtype = None, device: flags.ModelDevice = None) -> None:
    """Complete at a few cursors of the examples that come along, and show what happened."""
    from verifill import demo as show

    show.run(ModelOptions(model, dtype, device))


@app.command()
def doctor(
    python: flags.Interpreter = None,
    trust: flags.Trust = False,
    model: flags.ModelName = None,
    dtype: flags.ModelDtype = None,
    device: flags.ModelDevice = None,
    json: flags.Json = False,
) -> None:
    """Look whether model and analysis work here, and how fast; the exit code says whether something is broken."""
    from verifill import doctor as doctors

    raise typer.Exit(doctors.examine(ModelOptions(model, dtype, device), python, trust, json))


@app.command(epilog=_TRACE_EXAMPLES)
def trace(
    place: flags.OptionalLocation = None,
    out: flags.TraceFile = Path("trace.html"),
    replay: flags.Replay = None,
    workspace: flags.Workspace = None,
    max_tokens: flags.MaxTokens = None,
    temperature: flags.Temperature = 0.0,
    seed: flags.Seed = 0,
    monitors: flags.Monitors = None,
    drafters: flags.Drafters = None,
    strictness: flags.Strictness = None,
    facts: flags.Facts = FactMode.WAIT,
    python: flags.Interpreter = None,
    trust: flags.Trust = False,
    model: flags.ModelName = None,
    dtype: flags.ModelDtype = None,
    device: flags.ModelDevice = None,
    draft_model: flags.DraftModel = None,
) -> None:
    """Write a page that shows how a completion came about; it holds the document and the names that were looked up."""
    if (place is None) == (replay is None):
        raise Failure("give either a place, FILE:LINE[:COL], or --replay TRACE")
    from verifill import trace as traces

    if replay is not None:
        raise typer.Exit(traces.again(replay))
    assert place is not None
    options = CompleteOptions(
        workspace=workspace,
        max_tokens=max_tokens,
        temperature=temperature,
        seed=seed,
        monitors=names(monitors),
        drafters=names(drafters),
        strictness=strictness,
        facts=facts,
        python=python,
        trust=trust,
    )
    traces.write(place, options, ModelOptions(model, dtype, device, draft_model), out)


@app.command()
def settings(json: flags.Json = False, schema: flags.Schema = False, table: flags.Reference = False) -> None:
    """Show the settings that hold in the working directory, and where each comes from (docs/settings.md)."""
    if json + schema + table > 1:
        raise Failure("--json, --schema and --table contradict each other; give one of them")
    from verifill import settings as shows

    if schema:
        shows.show_schema()
    elif table:
        shows.show_table()
    else:
        shows.show(json)


@app.command()
def trust(
    folder: flags.TrustedFolder = None, list_: flags.TrustList = False, remove: flags.TrustRemove = False
) -> None:
    """Let a project's own Python be run, to know its packages, and its settings name programs."""
    from verifill import trust as trusting

    if (folder is None) != list_ or (list_ and remove):
        raise Failure("give DIR, DIR --remove, or --list")
    if folder is None:
        trusting.show()
    else:
        trusting.change(folder, remove)


@languages.command("add")
def languages_add(
    language: flags.AddedLanguage,
    server: flags.ServerProgram = None,
    server_install_dir: flags.ServerFolder = None,
) -> None:
    """Install or find a language's server, try it, and use it from now on in projects that you trust."""
    from verifill import languages as servers

    servers.add(language, server, server_install_dir)


@languages.command("list")
def languages_list(json: flags.JsonList = False) -> None:
    """Show the languages, and what analyses them."""
    from verifill import languages as servers

    servers.show(json)


@languages.command("remove")
def languages_remove(language: flags.AddedLanguage) -> None:
    """Remove a language's server; one that was installed before stays."""
    from verifill import languages as servers

    servers.remove(language)


@languages.command("doctor")
def languages_doctor(json: flags.Json = False) -> None:
    """Ask every server that was added something; the exit code says whether one is broken."""
    from verifill import languages as servers

    raise typer.Exit(servers.examine(json))


@app.command()
def stats(json: flags.Json = False) -> None:
    """Show how many suggestions were shown, accepted and kept; counted on this machine, if you want it."""
    from verifill import stats as sums

    sums.show(json)


@app.command()
def purge(yes: flags.Yes = False) -> None:
    """Remove what is kept of your code (parsed files, indexes) and the statistics."""
    from verifill import purge as purging

    purging.purge(yes)


@bench.command("quality", context_settings={"ignore_unknown_options": True, "help_option_names": []})
def bench_quality(arguments: flags.Passed = None) -> None:
    """Infilling by tests, cases of real packages, bits per byte; --help lists the options."""
    from verifill import benches

    benches.run("quality", arguments or [])


@app.command(epilog=_TRAIN_EXAMPLES)
def train(
    out: flags.TrainingFolder,
    config: flags.TrainedSize = ModelSize.NANO,
    minutes: flags.Minutes = 60.0,
    archives: flags.Archives = None,
    held_out: flags.HeldOut = None,
    benchmarks: flags.Benchmarks = None,
    corpus: flags.Corpus = None,
    tokenizer: flags.Tokenizer = None,
    init_from: flags.InitFrom = None,
) -> None:
    """Make a completion model of your own: collect code, learn a vocabulary, train, export."""
    from models.training.config import Recipe
    from verifill import train as training

    training.run(
        Recipe(
            config=config.value,
            minutes=minutes,
            out=out,
            archives=tuple(archives or ()),
            held_out=held_out,
            benchmarks=benchmarks,
            corpus=corpus,
            tokenizer=tokenizer,
            init_from=init_from,
        )
    )
