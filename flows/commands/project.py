"""`marketbrief init`, `doctor`, `status`, `docs` and `models`: the project itself, explained and checked."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape

from flows.console import Console, near, set_up_logging
from flows.invocation import Invocation
from tasks.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from tasks.config import Settings
    from tasks.doctor import Check
    from tasks.status import ProjectStatus

_SIGNS = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "fail": "[red]✗[/]"}
_RUN_COLOURS = {"published": "green", "nothing_new": "green", "running": "cyan"}
_AREAS = {"program": "Program", "models": "Models", "project": "Project", "sources": "Sources", "home": "Home"}


def init_command(invocation: Invocation, *, folder: Path) -> None:
    """Write the starter project.

    Raises:
        UsageError: the folder holds one already, or can't be written to.
    """
    from tasks.starter import write_starter

    console = Console(invocation)
    paths = write_starter(folder, today=datetime.now().astimezone().date())
    config = folder / "market.toml"
    option = "" if folder == Path(".") else f" --config {config}"
    steps = [f"marketbrief {name}{option}" for name in ("doctor", "run", "open")]
    console.emit({"folder": str(folder), "paths": [str(path) for path in paths], "next": steps})
    if invocation.is_quiet:
        return
    console.print(f"[bold green]Made[/] a starter project in {escape(near(folder.absolute()))}")
    about = ("brands, sources and settings, with comments", "36 example reviews in English", "24 in Chinese")
    for path, words in zip(paths, about, strict=True):
        console.print(f"  {escape(str(path.relative_to(folder))):<26}[dim]{words}[/]")
    console.print("\nIt works as it is. Try:")
    for step in steps:
        console.print(f"  [bold]{escape(step)}[/]")


def doctor_command(invocation: Invocation) -> None:
    """Print the diagnosis. Ends with the exit code that a run would end with where something fails."""
    from tasks.doctor import diagnose

    console = Console(invocation)
    set_up_logging(invocation)
    checks: list[Check] = []
    area = ""
    for check in [*diagnose(invocation.config, now=datetime.now(UTC).replace(tzinfo=None)), *_prefect(invocation)]:
        checks.append(check)
        if check.area != area:
            area = check.area
            console.print(f"[bold]{_AREAS[area]}[/]")
        console.print(f"  {_SIGNS[check.state]} {escape(check.name):<18} {escape(check.message)}")
        if check.state != "ok" and check.fix:
            console.print(f"    [dim]fix: {escape(check.fix)}[/]")
    failed = [check for check in checks if check.state == "fail"]
    warned = sum(check.state == "warn" for check in checks)
    exit_code = failed[0].exit_code if failed else 0
    console.emit({"checks": [dataclasses.asdict(check) for check in checks], "exit_code": exit_code})
    if failed:
        verdict = f"[red]{len(failed)} of {len(checks)} checks failed[/]"
    elif warned:
        verdict = f"[yellow]Works, with {warned} of {len(checks)} checks to look at[/]"
    else:
        verdict = f"[green]All is well[/] ({len(checks)} checks)"
    console.print(f"\n{verdict}")
    if failed:
        raise typer.Exit(exit_code)


def _prefect(invocation: Invocation) -> list[Check]:
    """Whether this project is being served, and whether a killed run left a server behind."""
    from flows.prefect_server import serving, stale_servers
    from tasks.doctor import Check

    try:
        settings = invocation.settings()
    except ConfigError:
        return []
    stale = stale_servers(settings)
    if stale:
        pids = ", ".join(str(note["pid"]) for note in stale)
        return [Check("home", "Prefect", "warn", f"a killed run left a server: process {pids}", "the next run ends it")]
    note = serving(settings)
    told = f"served by process {note['owner_pid']} at {note['url']}" if note else "not served; runs bring their own"
    return [Check("home", "Prefect", "ok", told)]


def status_command(invocation: Invocation) -> None:
    """Print where the project stands."""
    from flows.prefect_server import serving
    from tasks.status import project_status

    console = Console(invocation)
    settings = invocation.settings()
    status = project_status(settings, today=datetime.now(settings.timezone).date())
    served = serving(settings)
    console.emit(
        {
            "project": settings.market.project.name,
            "home": str(settings.home),
            "runs": status.runs,
            "sources": [dataclasses.asdict(source) for source in status.sources],
            "newest_report": status.newest_report,
            "due_weeks": status.due_weeks,
            "holder": dataclasses.asdict(status.holder) if status.holder else None,
            "served_at": served["url"] if served else None,
        }
    )
    _print_status(console, settings, status, served)


def _print_status(console: Console, settings: Settings, status: ProjectStatus, served: dict | None) -> None:
    console.print(f"[bold]{escape(settings.market.project.name)}[/] [dim]{escape(str(settings.home))}[/]")
    if status.holder:
        console.print(f"[cyan]running now[/]: {escape(str(status.holder))}")
    if status.newest_report:
        told = status.newest_report
        console.print(
            f"newest report: [bold]{told['iso_week']}[/], revision {told['revision']},"
            f" published {told['published_at']:%Y-%m-%d %H:%M} UTC"
        )
    else:
        console.print("newest report: none yet")
    if status.due_weeks:
        weeks = status.due_weeks
        console.print(
            f"[yellow]due[/]: {len(weeks)} weeks without a report, {weeks[0]} to {weeks[-1]}: marketbrief run"
        )
    if served:
        console.print(f"served: {escape(served['url'])}")
    console.table(
        ("source", "documents", "rejected", "newest", "loaded", "last week"),
        [
            (
                s.name,
                s.document_count,
                s.rejected_count,
                s.newest_published_at.date() if s.newest_published_at else None,
                s.loaded_at.date() if s.loaded_at else None,
                s.health or ("not read yet" if s.loaded_at is None else ""),
            )
            for s in status.sources
        ],
        title="Sources",
        whole=("source", "newest", "loaded", "last week"),
    )
    if not status.runs:
        console.print("no run yet: marketbrief run")
        return
    console.print("[bold]Last runs[/]")
    for run in status.runs:
        colour = _RUN_COLOURS.get(run["status"], "red")
        is_one_week = run["first_week"] == run["last_week"]
        span = (run["first_week"] or "") if is_one_week else f"{run['first_week']} to {run['last_week']}"
        console.print(
            f"  {run['started_at']:%Y-%m-%d %H:%M}  [{colour}]{run['status'].replace('_', ' '):<12}[/]"
            f"{span:<22}{escape(_took(run))}"
        )
        if run["message"]:
            console.print(f"    [dim]{escape(run['message'])}[/]")


def _took(run: dict[str, Any]) -> str:
    if run["finished_at"] is None:
        return ""
    seconds = (run["finished_at"] - run["started_at"]).total_seconds()
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def docs_command(invocation: Invocation, *, topic: str, name: str | None) -> None:
    """Print a reference: a table for a terminal, Markdown elsewhere.

    Raises:
        UsageError: an unknown topic or name.
    """
    known: dict[str, Callable[[Console, Path | None, str | None], None]] = {
        "tables": _docs_tables,
        "config": _docs_config,
        "metrics": _docs_metrics,
    }
    if topic not in known:
        raise UsageError(f"There is no reference of {topic!r}", fix=f"choose from {', '.join(known)}")
    known[topic](Console(invocation), _snapshot_of(invocation), name)


def _snapshot_of(invocation: Invocation) -> Path | None:
    """The project's snapshot; None outside a project, or before its first run."""
    if not invocation.config.is_file():
        return None
    path = invocation.settings().snapshot_path
    return path if path.is_file() else None


def _only(found: list, name: str | None, *, name_of: Callable[[Any], str]) -> list:
    """Entries of that name, or below it; all without a name."""
    if name is None:
        return found
    wanted = name.casefold()
    chosen = [
        item
        for item in found
        if name_of(item).casefold() == wanted
        or name_of(item).casefold().startswith(f"{wanted}.")
        or name_of(item).casefold().endswith(f".{wanted}")
    ]
    if not chosen:
        raise UsageError(f"There is no {name!r} here", fix=f"such as {', '.join(name_of(item) for item in found[:8])}")
    return chosen


def _docs_tables(console: Console, snapshot: Path | None, name: str | None) -> None:
    from tasks.docs import tables, tables_markdown

    found = _only(tables(snapshot), name, name_of=lambda table: table.name)
    console.emit({"tables": [dataclasses.asdict(table) for table in found]})
    if not sys.stdout.isatty():
        console.print(escape(tables_markdown(found)))
    elif name is None:
        console.table(("table", "what it holds"), [(t.name, t.comment) for t in found], title="Tables of the snapshot")
        console.say("[dim]marketbrief docs tables weekly_metric lists the columns of one[/]")
    else:
        for table in found:
            rows = [(column.name, column.type, column.comment) for column in table.columns]
            console.print(f"[bold]{table.name}[/]: {escape(table.comment)}")
            console.table(("column", "type", "meaning"), rows)


def _docs_config(console: Console, snapshot: Path | None, name: str | None) -> None:
    from tasks.docs import config_keys, config_markdown

    found = _only(config_keys(), name, name_of=lambda key: key.key)
    console.emit({"keys": [dataclasses.asdict(key) for key in found]})
    if sys.stdout.isatty():
        console.table(("key", "type", "default", "meaning"), [(k.key, k.type, k.default, k.help) for k in found])
    else:
        console.print(escape(config_markdown(found)))


def _docs_metrics(console: Console, snapshot: Path | None, name: str | None) -> None:
    from tasks.docs import metrics, metrics_markdown

    found = _only(metrics(snapshot), name, name_of=lambda metric: metric["metric"])
    console.emit({"metrics": found})
    if sys.stdout.isatty():
        rows = [(m["metric"], m["unit"], m["description_en"], m["description_zh"]) for m in found]
        console.table(("metric", "unit", "definition", "定义"), rows, title="Metrics")
    else:
        console.print(escape(metrics_markdown(found)))


def models_command(invocation: Invocation) -> None:
    """List the models: those that runs load first.

    Raises:
        ConfigError: --config names a file that is missing or wrong.
    """
    from tasks.inventory import installed_models

    console = Console(invocation)
    has_project = invocation.config.is_file() or invocation.config != Path("market.toml")
    found = installed_models(invocation.settings() if has_project else None)
    console.emit({"models": [{**dataclasses.asdict(model), "path": str(model.path or "")} for model in found]})
    console.table(
        ("model", "name", "revision", "licence", "state"),
        [
            (
                model.key,
                model.name,
                model.revision,
                model.licence,
                model.state + ("" if model.is_used else ", not used"),
            )
            for model in found
        ],
        whole=("model", "name", "revision", "state"),
    )
    for model in found:
        if model.problem:
            console.warn(f"{model.key}: {model.problem}; {model.fix}")
