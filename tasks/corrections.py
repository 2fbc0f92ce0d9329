"""What people correct: taken in from CSV files, given out as CSV files, and documents sampled to be looked at.

What arrives: a file of corrections, or one that `marketbrief label` wrote and a person filled in. What leaves: rows
appended to ops.correction, all of a file or none. They win over models in the marts of every later run
(sql/marts/document.sql, sql/marts/mention.sql, and the topics' own SQL).
"""

from __future__ import annotations

import csv
import io
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.config import Settings
from tasks.core import corrections as core
from tasks.core.weeks import monday_of
from tasks.errors import SourceError, UsageError
from tasks.run_log import utc_now
from tasks.store.warehouse import Warehouse, ask, sql_text

logger = logging.getLogger(__name__)

LABEL_TASKS = ("sentiment", "entity", "spam", "topic")
MAX_LABEL_ROWS = 10_000
MAX_FILE_BYTES = 50_000_000
_LABEL_COLUMNS = ("kind", "subject", "language", "text", "predicted", "confidence", "label", "note")


@dataclass(frozen=True)
class CorrectSummary:
    """What became of a file's rows, and the reported weeks that get a revision from the next run."""

    read: int
    added: int
    unchanged: int
    unlabelled: int
    weeks: tuple[str, ...]


def take_corrections(settings: Settings, path: Path) -> CorrectSummary:
    """Append a file's corrections to ops.correction. The caller holds the project's lock.

    Raises:
        SourceError: the file can't be read, or a row can't be used: then nothing is taken in.
    """
    if not path.is_file():
        raise SourceError(f"There is no file {path}", fix="name a CSV file of corrections")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise SourceError(f"{path} has more than {MAX_FILE_BYTES:,} bytes", fix="split it")
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = core.read_rows(file)
    with Warehouse(settings.warehouse_path) as warehouse:
        ids = sorted({row.document_id for row in found.rows if row.document_id})
        lengths = warehouse.rows(
            "select document_id, length(text) as text_length from staging.document where document_id in"
            " (select unnest(?))",
            [ids],
        )
        topics = warehouse.rows("select topic_id from enriched.topic")
        problems = found.problems + core.lookup_problems(
            found.rows,
            text_lengths={row["document_id"]: row["text_length"] for row in lengths},
            topic_ids={row["topic_id"] for row in topics},
        )
        if problems:
            raise _refused(path, problems)
        in_force = {
            (row["kind"], row["subject"], row["language"]): (row["value"], row["note"])
            for row in warehouse.rows("select kind, subject, language, value, note from ops.current_correction")
        }
        added = core.new_corrections(found.rows, in_force)
        with warehouse.transaction():
            last = int(warehouse.scalar("select coalesce(max(correction_sequence), 0) from ops.correction"))
            made_at = utc_now()
            warehouse.insert(
                "ops.correction",
                [
                    {
                        "correction_id": core.correction_id(row, sequence),
                        "correction_sequence": sequence,
                        "kind": row.kind,
                        "subject": row.subject,
                        "value": row.value,
                        "language": row.language,
                        "note": row.note,
                        "made_at": made_at,
                    }
                    for sequence, row in enumerate(added, start=last + 1)
                ],
            )
        weeks = tuple(row["iso_week"] for row in warehouse.rows(sql_text("ops/corrected_weeks")))
    logger.info(
        "take_corrections rows_in=%d added=%d unlabelled=%d weeks=%d",
        len(found.rows), len(added), found.unlabelled_count, len(weeks),
    )  # fmt: skip
    return CorrectSummary(len(found.rows), len(added), len(found.rows) - len(added), found.unlabelled_count, weeks)


def export_corrections(settings: Settings, path: Path) -> int:
    """Write the corrections in force to a CSV file that `take_corrections` reads; how many there are."""
    with Warehouse(settings.warehouse_path) as warehouse:
        rows = warehouse.rows(
            "select kind, subject, value, language, note from ops.current_correction"
            " order by kind, subject, language nulls first"
        )
    _write(path, core.COLUMNS, rows)
    return len(rows)


def sample_to_label(settings: Settings, path: Path, *, week: str, task: str, most: int) -> int:
    """Write documents (or spans) of a published week to a CSV file with an empty column `label`; how many there are.

    The same week gives the same rows. The column predicted is what stands in the snapshot.

    Raises:
        UsageError: unknown task, a week without documents, or no snapshot yet.
    """
    if task not in LABEL_TASKS:
        raise UsageError(f"There is nothing to label for {task}", fix=f"one of {', '.join(LABEL_TASKS)}")
    if not 1 <= most <= MAX_LABEL_ROWS:
        raise UsageError(f"--n is from 1 to {MAX_LABEL_ROWS:,}", fix="label a few hundred at a time")
    monday_of(week)
    if not settings.snapshot_path.is_file():
        raise UsageError("Nothing is published yet", fix="run `marketbrief run` first")
    values = {"iso_week": week, "most": most}
    rows = ask(settings.snapshot_path, sql_text(f"ops/label_{task}"), values).to_pylist()
    if not rows:
        raise UsageError(f"{week} has nothing to label for {task}", fix="`marketbrief status` lists the weeks")
    extra = [name for name in rows[0] if name not in _LABEL_COLUMNS]
    columns = (*_LABEL_COLUMNS[:4], *extra, *_LABEL_COLUMNS[4:])
    _write(path, columns, rows)
    return len(rows)


def _write(path: Path, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    """A CSV file in UTF-8 with a byte order mark, so that spreadsheets read Chinese; formulas are made harmless."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = (row.get(name) for name in columns)
        writer.writerow(["" if cell is None else core.escape_cell(str(cell)) for cell in cells])
    path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")


def _refused(path: Path, problems: list[str]) -> SourceError:
    shown = problems[: core.MAX_PROBLEMS]
    rest = len(problems) - len(shown)
    lines = "\n".join(f"  {problem}" for problem in shown) + (f"\n  and {rest} more" if rest else "")
    return SourceError(
        f"{len(problems)} rows of {path} can't be used; nothing was taken in:\n{lines}",
        fix="mend these lines and run the command again; `marketbrief label` writes a file to start from",
    )
