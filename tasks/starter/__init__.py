"""The starter project that `marketbrief init` writes: market.toml with comments, and two small files of reviews.

The example reviews are fictitious. Their dates are written for nine weeks from 2026-01-05 on; they are moved by whole
weeks, so that the newest example week is the last complete one when the project is made.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

from tasks.core.weeks import last_complete_week, monday_of
from tasks.errors import UsageError

FOLDER = Path(__file__).resolve().parent
FILES = ("market.toml", "inbox/reviews_en.csv", "inbox/reviews_zh.jsonl")
LAST_EXAMPLE_MONDAY = date(2026, 3, 2)
_DATE = re.compile(r"\b2026-\d\d-\d\d\b")


def write_starter(folder: Path, *, today: date) -> list[Path]:
    """Write the starter project into a folder, which may exist but must not hold any of its files.

    Returns:
        Paths of the files written.

    Raises:
        UsageError: a file is there already, or the folder can't be written to.
    """
    taken = [folder / name for name in FILES if (folder / name).exists()]
    if taken:
        raise UsageError(
            f"{taken[0]} exists already; nothing was written", fix="name an empty folder: marketbrief init my-project"
        )
    shift = monday_of(last_complete_week(today)) - LAST_EXAMPLE_MONDAY
    written = []
    for name in FILES:
        text = (FOLDER / name).read_text(encoding="utf-8")
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text if name == "market.toml" else _moved(text, shift), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"Can't write {path}: {error.strerror}", fix="name a folder you may write to") from error
        written.append(path)
    return written


def _moved(text: str, shift: timedelta) -> str:
    return _DATE.sub(lambda match: (date.fromisoformat(match[0]) + shift).isoformat(), text)
