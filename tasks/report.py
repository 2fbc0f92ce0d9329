"""Stage report: published revisions become files that people read.

Everything comes from the published snapshot, so that a report can be rendered again at any time, by anybody who has
the snapshot, to the same bytes. Files of earlier revisions are never touched.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.contracts import Progress
from tasks.core.report_model import WeeklyReport
from tasks.core.weeks import monday_of
from tasks.errors import MarketBriefError, UsageError
from tasks.store import pdf
from tasks.store.render import FORMATS, index_files, names_of, report_files, write_files
from tasks.store.warehouse import connect

logger = logging.getLogger(__name__)

DEFAULT_FORMATS = ("html", "md", "json", "email")


@dataclass(frozen=True)
class RenderSummary:
    """Where the files are; newest is the page to open first."""

    paths: tuple[Path, ...]
    newest: Path | None
    index: Path
    warnings: tuple[str, ...]


def render(
    settings: Settings,
    run_id: str,
    progress: Progress,
    weeks: Sequence[str],
    languages: Sequence[str],
    formats: Sequence[str],
    revision: int | None = None,
) -> RenderSummary:
    """Render the newest published revision of some ISO weeks, or the one that is asked for, and the archive's index.

    Raises:
        UsageError: a week or revision was never published, or a language or format is not known.
        MarketBriefError: there is no snapshot yet.
    """
    _check(languages, ("en", "zh"), "language")
    _check(formats, (*FORMATS, "pdf"), "format")
    if "pdf" in formats:
        pdf.browser()
    progress.start("report", len(weeks))
    published = published_reports(settings)
    newest_of = {
        report.iso_week: report
        for report in sorted(published, key=lambda report: report.revision)
        if revision is None or report.revision == revision
    }
    for week in weeks:
        monday_of(week)
    missing = sorted(set(weeks) - set(newest_of))
    if missing:
        known = sorted(newest_of)
        raise UsageError(
            f"No {'report' if revision is None else f'revision {revision}'} was published for {', '.join(missing)}",
            fix=f"published are {known[0]} to {known[-1]}" if known else "run `marketbrief run` first",
        )
    paths: list[Path] = []
    for week in sorted(weeks):
        paths += render_week(settings, newest_of[week], tuple(languages), tuple(formats))
        progress.advance()
    index = write_index(settings, published)
    newest = next((path for path in reversed(paths) if path.suffix == ".html"), paths[-1] if paths else None)
    progress.finish(f"{len(weeks)} weeks, {len(paths)} files")
    return RenderSummary(tuple(paths), newest, index, ())


def published_reports(settings: Settings) -> list[WeeklyReport]:
    """Every published revision, oldest first.

    Raises:
        MarketBriefError: there is no snapshot yet.
    """
    if not settings.snapshot_path.is_file():
        raise MarketBriefError(
            f"No published snapshot at {settings.snapshot_path}", fix="run `marketbrief run` to make one"
        )
    connection = connect(settings.snapshot_path, read_only=True, is_locked_down=True)
    try:
        rows = connection.sql("select payload from marts.report order by iso_week, revision").fetchall()
    finally:
        connection.close()
    return [WeeklyReport.model_validate_json(payload) for (payload,) in rows]


def unrendered_weeks(settings: Settings) -> list[str]:
    """Published ISO weeks of which a page is missing, as after a kill between publishing and rendering."""
    newest_of = {report.iso_week: report for report in published_reports(settings)}
    languages = settings.market.project.languages
    return [
        week
        for week, report in newest_of.items()
        if not all(
            (settings.reports_dir / week / name).is_file()
            for form in DEFAULT_FORMATS
            for name in names_of(report, form, languages)
        )
    ]


@task(cache_policy=NO_CACHE, task_run_name="render-{report.iso_week}")
def render_week(
    settings: Settings, report: WeeklyReport, languages: tuple[str, ...], formats: tuple[str, ...]
) -> list[Path]:
    """Write the files of one revision."""
    started = time.monotonic()
    files = report_files(report, languages=languages, formats=formats)
    if "pdf" in formats:
        pages = files if "html" in formats else report_files(report, languages=languages, formats=("html",))
        names = zip(names_of(report, "html", languages), names_of(report, "pdf", languages), strict=True)
        files |= {
            printed: pdf.print_pdf(pages[name].decode(), report.provenance.published_at) for name, printed in names
        }
    paths = write_files(settings.reports_dir / report.iso_week, files)
    logger.info(
        "render_week week=%s revision=%d files=%d bytes=%d seconds=%.2f",
        report.iso_week,
        report.revision,
        len(files),
        sum(map(len, files.values())),
        time.monotonic() - started,
    )
    return paths


def write_index(settings: Settings, published: Sequence[WeeklyReport]) -> Path:
    """Write reports/index.html and reports/latest/ from what is published and rendered."""
    root = settings.reports_dir
    names = [
        f"{report.iso_week}/{name}"
        for report in published
        for form in (*FORMATS, "pdf")
        for name in names_of(report, form, ("en", "zh"))
    ]
    exists = {name: (root / name).is_file() for name in names}
    language = settings.market.project.languages[0]
    write_files(root, index_files(published, exists=exists, language=language))
    return root / "index.html"


def _check(given: Sequence[str], known: Sequence[str], what: str) -> None:
    unknown = [item for item in given if item not in known]
    if unknown or not given:
        raise UsageError(
            f"Unknown {what} {', '.join(map(repr, unknown))}" if unknown else f"No {what} was named",
            fix=f"choose from {', '.join(known)}",
        )
