"""The `marketbrief` command: declares every command and its options, and turns errors into words and exit codes.

Nothing heavy is imported here or in flows/invocation.py: `--help` answers at once. What a command does stands in
flows/commands, imported when it is called.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.invocation import GlobalCommand, GlobalGroup, Invocation

_INTERRUPTED = 130
_WEEKLY, _READING, _PROJECT, _MODELS = "Every week", "Reading", "The project", "Models"

app = typer.Typer(
    name="marketbrief",
    cls=GlobalGroup,
    help="What customers, the press and competitors said this week, in a report in which every number can be checked.",
    epilog="Start with: marketbrief init my-project",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def command(panel: str, *, name: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a command under a heading of the help page."""
    return app.command(name, cls=GlobalCommand, rich_help_panel=panel)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        print(f"marketbrief {version('marketbrief')}")
        raise typer.Exit


@app.callback()
def program(
    is_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.", metavar="")
    ] = False,
) -> None:
    """The program; its commands do the work."""


@command(_WEEKLY)
def run(
    ctx: typer.Context,
    week: Annotated[
        str | None, typer.Option(metavar="WEEK", help="Report this ISO week, such as 2026-W47, even if it was before.")
    ] = None,
    through: Annotated[
        str | None, typer.Option(metavar="WEEK", help="The last week to report; with --week, the end of a range.")
    ] = None,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", metavar="", help="Say what would be read and reported; write nothing.")
    ] = False,
) -> None:
    """Read what is new, and publish the weekly reports.

    Scores what is new, makes the snapshot, and writes a report for each week that has none. Without options: from
    the first week without a report to the last complete week that has data. A run that was killed can be started
    again at any time: nothing is lost, and nothing is counted twice.
    """
    from flows.commands.weekly import run_weekly_command

    run_weekly_command(ctx.obj, week=week, through=through, is_dry_run=is_dry_run)


@command(_WEEKLY)
def serve(
    ctx: typer.Context,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", help="Port of the local Prefect server; any free one by default.")
    ] = None,
) -> None:
    """Run every week on schedule, until ctrl-C.

    Starts a local Prefect server, with its user interface, unless one runs already.
    """
    from flows.serve import serve_command

    serve_command(ctx.obj, port=port)


@command(_WEEKLY)
def status(ctx: typer.Context) -> None:
    """Show runs, sources, the newest report, and what is due."""
    from flows.commands.project import status_command

    status_command(ctx.obj)


@command(_READING, name="open")
def open_report(
    ctx: typer.Context,
    week: Annotated[str | None, typer.Option(metavar="WEEK", help="ISO week; the newest report by default.")] = None,
    language: Annotated[
        str | None, typer.Option("--lang", metavar="LANG", help="en or zh; the project's first language by default.")
    ] = None,
) -> None:
    """Open a report in the browser, and print its path."""
    from flows.commands.reading import open_command

    open_command(ctx.obj, week=week, language=language)


@command(_READING)
def report(
    ctx: typer.Context,
    week: Annotated[str, typer.Option(metavar="WEEK", help="ISO week, such as 2026-W47.")],
    languages: Annotated[
        str | None, typer.Option("--lang", metavar="LANGS", help="Such as en,zh; the project's languages by default.")
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", metavar="FORMATS", help="Of html, md, json, email, slack, pdf.")
    ] = "html,md,json,email",
    revision: Annotated[
        int | None, typer.Option(metavar="N", help="An earlier revision; the newest one by default.")
    ] = None,
) -> None:
    """Write a published report again, byte for byte."""
    from flows.commands.reading import report_command

    report_command(ctx.obj, week=week, languages=languages, formats=formats, revision=revision)


@command(_READING)
def verify(
    ctx: typer.Context,
    week: Annotated[
        str | None, typer.Option(metavar="WEEK", help="ISO week, such as 2026-W47; the newest report by default.")
    ] = None,
) -> None:
    """Check a report: every number by its SQL, every quote, every byte.

    Computes the numbers again from the published data, and makes the files again from the frozen revision. Exit code 5
    where anything differs, with the file, the line, the reference, and what was expected.
    """
    from flows.commands.checking import verify_command

    verify_command(ctx.obj, week=week)


@command(_READING)
def explain(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="ID", help="A finding, figure, quote or reference of a report.")],
    week: Annotated[
        str | None, typer.Option(metavar="WEEK", help="ISO week; by default the newest report that has the id.")
    ] = None,
) -> None:
    """Show where a sentence or number comes from, down to the rows that arrived."""
    from flows.commands.checking import explain_command

    explain_command(ctx.obj, ref=ref, week=week)


@command(_READING)
def query(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A named query; without one, lists them.")
    ] = None,
    sql: Annotated[str | None, typer.Option("--sql", metavar="SQL", help="Any read-only SQL.")] = None,
    parameters: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the query; repeatable.")
    ] = None,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="table, csv, json or parquet.")] = "table",
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")] = None,
) -> None:
    """Ask the published data, by name or in SQL. Read-only."""
    from flows.commands.reading import query_command

    query_command(ctx.obj, name=name, sql=sql, parameters=parameters or [], form=form, output=output)


@command(_READING)
def docs(
    ctx: typer.Context,
    topic: Annotated[str, typer.Argument(metavar="[tables|config|metrics]", help="What to explain.")] = "tables",
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this table, section or metric.")] = None,
) -> None:
    """Explain tables, configuration or metrics."""
    from flows.commands.project import docs_command

    docs_command(ctx.obj, topic=topic, name=name)


@command(_PROJECT)
def init(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the project is to live.")] = Path("."),
) -> None:
    """Write a starter project, with example reviews."""
    from flows.commands.project import init_command

    init_command(ctx.obj, folder=folder)


@command(_PROJECT)
def doctor(ctx: typer.Context) -> None:
    """Check everything, and say how to mend what is wrong."""
    from flows.commands.project import doctor_command

    doctor_command(ctx.obj)


@command(_MODELS)
def label(
    ctx: typer.Context,
    week: Annotated[str, typer.Option(metavar="WEEK", help="ISO week, such as 2026-W47.")],
    task: Annotated[str, typer.Option(metavar="TASK", help="sentiment, entity, spam or topic.")] = "sentiment",
    count: Annotated[int, typer.Option("--n", metavar="N", help="How many rows.")] = 50,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="By default label-TASK-WEEK.csv.")
    ] = None,
) -> None:
    """Write documents of a week to a CSV file, to be labelled.

    Of every predicted label, sure and unsure ones; the same week gives the same rows. Fill in the column label:
    `correct` takes the file back, and `train` and `evaluate` read it.
    """
    from flows.commands.correcting import label_command

    label_command(ctx.obj, week=week, task=task, count=count, output=output)


@command(_MODELS)
def correct(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A CSV file of corrections.")] = None,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write the corrections in force to a CSV file.")
    ] = None,
    is_build: Annotated[
        bool, typer.Option("--build", metavar="", help="Run the weekly flow with them at once.")
    ] = False,
) -> None:
    """Take corrections: rows that win over models from the next run on.

    Columns: kind, subject, value, language, note. Kinds: sentiment, spam, entity and topic (of a document);
    topic_rename, topic_merge, topic_split, topic_pin and topic_hide. Nothing is taken in unless every row can be used.
    """
    from flows.commands.correcting import correct_command

    correct_command(ctx.obj, file=file, export=export, is_build=is_build)


@command(_MODELS)
def models(ctx: typer.Context) -> None:
    """List the models: installed, missing, their licences."""
    from flows.commands.project import models_command

    models_command(ctx.obj)


@command(_MODELS)
def evaluate(
    ctx: typer.Context,
    task: Annotated[
        str | None, typer.Option(metavar="TASK", help="sentiment, entities, aspects or topics; by default all.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV (text,label), or JSON lines with entities or aspects.")
    ] = None,
    is_release: Annotated[
        bool, typer.Option("--save-release", metavar="", help="Keep the figures; later ones are compared with them.")
    ] = False,
) -> None:
    """Measure the models, with confidence intervals.

    On the golden sets that come with the program, compared with the last release; or on your own labelled file.
    Labels may be negative, neutral, positive, mixed, in Chinese, or stars. How to label: docs/labelling.md.
    """
    from flows.commands.learning import evaluate_command

    evaluate_command(ctx.obj, task=task, data=data, is_release=is_release)


@command(_MODELS)
def train(
    ctx: typer.Context,
    task: Annotated[str, typer.Argument(metavar="TASK", help="What to learn: sentiment.")],
    data: Annotated[Path, typer.Option(metavar="FILE", help="A CSV with the columns text and label.")],
    language: Annotated[
        str | None, typer.Option("--lang", metavar="LANG", help="en or zh; by default what most texts are in.")
    ] = None,
    method: Annotated[
        str, typer.Option(metavar="METHOD", help="lora (adapters), full (all weights) or head (the head alone).")
    ] = "lora",
    base: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="A Hugging Face model, as name@revision or a folder; else the current one."),
    ] = None,
    epochs: Annotated[int, typer.Option(metavar="N", min=1, help="At most; training stops early.")] = 3,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the split and of all else that is drawn.")] = 13,
) -> None:
    """Train a model on your own labelled file.

    Split 8:1:1 by label; early stopping; a card with data, licence, metrics and confusion matrix. Killed, the same
    command goes on from the last finished epoch.
    """
    from flows.commands.learning import TrainOptions, train_command

    options = TrainOptions(language=language, method=method, base=base, epochs=epochs, seed=seed)
    train_command(ctx.obj, task=task, data=data, options=options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; without arguments, the one that the program was started with.

    Returns:
        The exit code: see tasks/errors.py; 130 when interrupted.
    """
    if arguments is not None:
        return _run(list(arguments))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite end is an interruption: clean up
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that can't show 北风 is no reason to fail
    code = _run(sys.argv[1:])
    if code:
        # Everything is closed by now. What an error's traceback still holds, such as a database connection, would be
        # torn down in an order that makes its library fill the terminal: leave that to the operating system.
        with suppress(OSError):
            sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _run(words: list[str]) -> int:
    invocation = Invocation(arguments=words)
    try:
        code = int(app(words, obj=invocation, standalone_mode=False, prog_name="marketbrief") or 0)
        return _interrupted(invocation) if code == _INTERRUPTED else code  # Typer's word for KeyboardInterrupt
    except typer.TyperException as error:
        return _misused(error, invocation)
    except BrokenPipeError:
        return 1  # whoever read the output has gone: there is nobody left to tell
    except Exception as error:
        return _failed(error, invocation)
    except BaseException as error:
        if type(error).__name__ == "TerminationSignal":  # how Prefect passes SIGTERM on, without importing it here
            return _interrupted(invocation)
        raise


def _interrupted(invocation: Invocation) -> int:
    from flows.console import Console

    fact = "interrupted: what was finished is kept, and the next run goes on from there"
    Console(invocation).emit({"error": {"type": "Interrupted", "message": fact, "exit_code": _INTERRUPTED}})
    print(fact, file=sys.stderr)
    return _INTERRUPTED


def _misused(error: typer.TyperException, invocation: Invocation) -> int:
    """A command line that can't be parsed."""
    from flows.console import Console
    from tasks.errors import UsageError

    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return UsageError.exit_code  # the help page has been printed
    invocation.is_json = invocation.is_json or "--json" in invocation.arguments
    path = context.command_path if context is not None else "marketbrief"
    Console(invocation).fail(UsageError(error.format_message(), fix=f"`{path} --help` lists what it takes"))
    return UsageError.exit_code


def _failed(error: Exception, invocation: Invocation) -> int:
    from flows.console import Console
    from tasks.errors import MarketBriefError

    if not isinstance(error, MarketBriefError):
        reason = " ".join(str(error).split())
        told = MarketBriefError(
            f"{type(error).__name__}: {reason}" if reason else type(error).__name__,
            why="this was not expected, and may be a defect of Market Brief",
            fix="run the command again with --debug to see where it happened",
        )
        told.__cause__ = error
        error = told
    Console(invocation).fail(error)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
