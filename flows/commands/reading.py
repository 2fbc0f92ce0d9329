"""`marketbrief report`, `open` and `query`: what is published, as files, in the browser, or as an answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from flows.console import Console, near, progress_on, set_up_logging
from flows.invocation import Invocation
from tasks.errors import SourceError, UsageError

if TYPE_CHECKING:
    from tasks.config import Settings

REPORT_LANGUAGES = ("en", "zh")
REPORT_FORMATS = ("html", "md", "json", "email", "slack", "pdf")
QUERY_FORMATS = ("table", "csv", "json", "parquet")
_SHOWN_ROWS = 1000


def report_command(
    invocation: Invocation, *, week: str, languages: str | None, formats: str, revision: int | None = None
) -> None:
    """Write the published revision of a week again.

    Raises:
        SourceError: nothing was published, or no report for that week.
        UsageError: an unknown language or format.
    """
    from tasks.core.weeks import monday_of

    console = Console(invocation)
    set_up_logging(invocation)
    monday_of(week)
    settings = invocation.settings()
    chosen_languages = _choose(languages, REPORT_LANGUAGES, "--lang") or list(settings.market.project.languages)
    chosen_formats = _choose(formats, REPORT_FORMATS, "--format")
    published = _published_revision(settings, week, revision)
    paths = _render(settings, console, week, published, chosen_languages, chosen_formats)
    console.emit({"iso_week": week, **published, "paths": [str(path) for path in paths]})
    for path in paths:
        console.print(escape(near(path)))


def _render(
    settings: Settings,
    console: Console,
    week: str,
    published: dict[str, Any],
    languages: list[str],
    formats: list[str],
) -> list[Path]:
    """Render, and render again if a run has swapped the snapshot meanwhile: no stale page stays behind."""
    from flows.prefect_server import running_server

    progress = progress_on(console)
    progress.start("start")
    with running_server(settings) as server:
        from tasks.report import render

        server.wait_until_healthy()
        try:
            while True:
                before = settings.snapshot_path.stat()
                summary = render(
                    settings, published["run_id"], progress, [week], languages, formats, published["revision"]
                )
                after = settings.snapshot_path.stat()
                if (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns):
                    break
        finally:
            progress.close()
    for warning in summary.warnings:
        console.warn(warning)
    return list(summary.paths)


def _published_revision(settings: Settings, week: str, revision: int | None) -> dict[str, Any]:
    """The newest revision of a week, or the one that is asked for."""
    from tasks.query import run_query

    rows = run_query(
        settings,
        "select revision, run_id, content_hash from marts.report"
        " where iso_week = $iso_week and ($revision = '' or revision = try_cast($revision as integer))"
        " order by revision desc limit 1",
        {"iso_week": week, "revision": "" if revision is None else str(revision)},
    ).to_pylist()
    if not rows:
        what = "report" if revision is None else f"revision {revision} of the report"
        raise SourceError(
            f"There is no published {what} for {week}",
            fix=f"`marketbrief status` names the newest; `marketbrief run --week {week}` makes this one",
        )
    return rows[0]


def _choose(asked: str | None, known: tuple[str, ...], option: str) -> list[str]:
    """Read "en,zh" into its parts."""
    parts = [part.strip() for part in (asked or "").split(",") if part.strip()]
    unknown = [part for part in parts if part not in known]
    if unknown or (asked is not None and not parts):
        raise UsageError(
            f"{option} {asked}: {', '.join(unknown) or 'nothing'} is not known", fix=f"choose from {', '.join(known)}"
        )
    return parts


def open_command(invocation: Invocation, *, week: str | None, language: str | None) -> None:
    """Open a report in the browser where there is one, and print its path.

    Raises:
        SourceError: there is no such report.
    """
    import webbrowser

    from tasks.core.weeks import monday_of

    console = Console(invocation)
    settings = invocation.settings()
    if week is not None:
        monday_of(week)
    if language is not None:
        _choose(language, REPORT_LANGUAGES, "--lang")
    chosen = language or settings.market.project.languages[0]
    page = _page(settings, week, chosen)
    is_opened = False
    if sys.stdout.isatty() and not console.is_json:
        try:
            is_opened = webbrowser.open(page.as_uri())
        except webbrowser.Error:
            is_opened = False
    console.emit({"path": str(page), "iso_week": page.parent.name, "is_opened": is_opened})
    console.print(escape(near(page)))
    if sys.stdout.isatty() and not is_opened:
        console.say("[dim]No browser could be started here: open the file yourself.[/]")


def _page(settings: Settings, week: str | None, language: str) -> Path:
    pages = sorted(settings.reports_dir.glob(f"{week or '[0-9][0-9][0-9][0-9]-W[0-9][0-9]'}/report.{language}.html"))
    if not pages:
        raise SourceError(
            f"There is no report{f' for {week}' if week else ''} in {settings.reports_dir} ({language}, HTML)",
            fix="`marketbrief run` makes reports; `marketbrief report --week W` writes a published one again",
        )
    return pages[-1]


def query_command(
    invocation: Invocation,
    *,
    name: str | None,
    sql: str | None,
    parameters: list[str],
    form: str,
    output: Path | None,
) -> None:
    """Answer a query from the snapshot; without one, list the named queries.

    Raises:
        SourceError: nothing was published yet.
        UsageError: the query or the format is off.
    """
    from tasks.query import find_query, named_queries, parse_values, run_query

    console = Console(invocation)
    set_up_logging(invocation)
    if form not in QUERY_FORMATS:
        raise UsageError(f"--format {form} is not known", fix=f"choose from {', '.join(QUERY_FORMATS)}")
    if name is not None and sql is not None:
        raise UsageError("A name and --sql were given", fix="give one of them")
    if name is None and sql is None:
        queries = named_queries()
        console.emit({"queries": [{"name": q.name, "description": q.description} for q in queries]})
        console.table(("query", "answers"), [(q.name, q.description) for q in queries], title="Named queries")
        console.say("[dim]marketbrief query NAME, or marketbrief query --sql 'from marts.report'[/]")
        return
    if form == "parquet" and output is None:
        raise UsageError("--format parquet needs a file", fix="add --output FILE.parquet")
    settings = invocation.settings()
    table = run_query(settings, sql if sql is not None else find_query(str(name)).sql, parse_values(parameters))
    _write_answer(console, table, form, output)


def _write_answer(console: Console, table: Any, form: str, output: Path | None) -> None:
    from tasks.query import jsonable, rows_of, to_csv, to_json, write_parquet

    if output is not None:
        try:
            if form == "parquet":
                write_parquet(table, output)
            else:
                text = to_json(table) if form == "json" else to_csv(table)
                output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"Can't write {output}: {error.strerror}", fix="name another --output") from error
        console.emit({"path": str(output), "row_count": table.num_rows})
        console.say(f"{table.num_rows:,} rows → {escape(near(output))}")
    elif console.is_json:
        rows = [dict(zip(table.column_names, map(jsonable, row), strict=True)) for row in rows_of(table)]
        console.emit({"columns": table.column_names, "rows": rows, "row_count": table.num_rows})
    elif form == "csv":
        sys.stdout.write(to_csv(table))
    elif form == "json":
        sys.stdout.write(to_json(table))
    else:
        console.table(table.column_names, rows_of(table.slice(0, _SHOWN_ROWS)))
        count = "1 row" if table.num_rows == 1 else f"{table.num_rows:,} rows"
        more = f", the first {_SHOWN_ROWS:,} shown: --format csv writes all" if table.num_rows > _SHOWN_ROWS else ""
        console.say(f"[dim]{count}{more}[/]")
