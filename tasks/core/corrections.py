"""Corrections: what a person said is right, as rows of a CSV file, checked before any of them counts.

What arrives: a CSV file with the columns kind, subject, value (or label), language and note; others, such as the text
that `marketbrief label` writes beside them, are left aside. What leaves: `Correction`s, and one problem with its line
number for every row that can't be used. Rows without a value are work that nobody has done yet: they are counted and
left out where the column is called label, and a problem where it is called value.

Cells that a spreadsheet would take for a formula carry an apostrophe; it is taken off again on the way in.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from tasks.core.contracts import SENTIMENTS
from tasks.core.documents import stable_hash

TOPIC_KINDS = ("topic_rename", "topic_merge", "topic_split", "topic_pin", "topic_hide")
DOCUMENT_KINDS = ("sentiment", "entity", "spam", "topic")
KINDS = (*DOCUMENT_KINDS, *TOPIC_KINDS)
ENTITY_TYPES = ("brand", "organisation", "product", "person", "place")
NONE = "none"
SPAM_VALUES = ("spam", "not_spam")
YES_NO = ("yes", "no")
AUTO = "auto"
MOST_PARTS = 20
LANGUAGES = ("en", "zh")
COLUMNS = ("kind", "subject", "value", "language", "note")
MAX_VALUE_CHARS = 200
MAX_NOTE_CHARS = 1000
MAX_PROBLEMS = 20

_DOCUMENT_ID = re.compile(r"[0-9a-f]{32}")
_SPAN = re.compile(r"([0-9a-f]{32}):(\d{1,9}):(\d{1,9})")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
csv.field_size_limit(10_000_000)


@dataclass(frozen=True, slots=True)
class Correction:
    """One row of ops.correction, before it has a number. line: where it stood in the file, from 1."""

    line: int
    kind: str
    subject: str
    value: str
    language: str | None = None
    note: str | None = None

    @property
    def key(self) -> tuple[str, str, str | None]:
        """Of the rows with one key the newest wins."""
        return (self.kind, self.subject, self.language)

    @property
    def document_id(self) -> str | None:
        """The document that it is about; None for topics."""
        return self.subject.partition(":")[0] if self.kind in DOCUMENT_KINDS else None

    @property
    def span(self) -> tuple[int, int] | None:
        """The span that it is about, in code points; None for all but entities."""
        match = _SPAN.fullmatch(self.subject) if self.kind == "entity" else None
        return (int(match[2]), int(match[3])) if match else None


@dataclass
class ReadCorrections:
    """What a file holds: usable rows, problems ("line 3: …"), and the number of rows without a label."""

    rows: list[Correction] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unlabelled_count: int = 0


def escape_cell(text: str) -> str:
    """A cell that no spreadsheet runs as a formula, and from which `unescape_cell` gets the text back."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def unescape_cell(text: str) -> str:
    """The text of a cell that `escape_cell` made; other cells as they are."""
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in _FORMULA else text


def read_rows(file: TextIO) -> ReadCorrections:
    """Read and check a file as far as its own text allows; documents and topics are looked up elsewhere.

    Args:
        file: opened with newline="", so that line breaks inside cells stay.
    """
    found = ReadCorrections()
    try:
        reader = csv.DictReader(file, strict=True, restkey="")
        names = [name.strip().lower() for name in reader.fieldnames or []]
        reader.fieldnames = names
        missing = [name for name in ("kind", "subject") if name not in names]
        if "value" not in names and "label" not in names:
            missing.append("value (or label)")
        if missing:
            found.problems.append(f"line 1: the header has no {', '.join(missing)}")
            return found
        for line, cells in _numbered(reader):
            _read_row(line, cells, is_labelling="value" not in names, found=found)
    except csv.Error as error:
        found.problems.append(f"not a CSV file: {error}")
    except UnicodeDecodeError:
        found.problems.append("not in UTF-8: save the file as CSV UTF-8")
    return found


def _numbered(reader: csv.DictReader) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows with the number of their first line; a quoted cell may take several."""
    line = reader.line_num + 1
    for cells in reader:
        yield line, {name: unescape_cell((cells[name] or "").strip()) for name in cells if isinstance(cells[name], str)}
        line = reader.line_num + 1


def _read_row(line: int, cells: dict[str, str], *, is_labelling: bool, found: ReadCorrections) -> None:
    value = cells.get("label" if is_labelling else "value", "")
    if is_labelling and not value:
        found.unlabelled_count += 1
        return
    row = Correction(
        line=line,
        kind=cells.get("kind", "").lower(),
        subject=cells.get("subject", ""),
        value=value,
        language=cells.get("language", "").lower() or None,
        note=cells.get("note", "") or None,
    )
    problem = _problem(row)
    if problem:
        found.problems.append(f"line {line}: {problem}")
        return
    if row.kind != "topic_rename" and row.language is not None:
        row = Correction(row.line, row.kind, row.subject, row.value, None, row.note)
    found.rows.append(row)


def _problem(row: Correction) -> str | None:
    """What is wrong with a row as it stands; None where nothing is."""
    if row.kind not in KINDS:
        return f"unknown kind {_shown(row.kind)}; known are {', '.join(KINDS)}"
    if not row.value:
        return "no value"
    if len(row.value) > MAX_VALUE_CHARS or len(row.note or "") > MAX_NOTE_CHARS:
        return f"a value has at most {MAX_VALUE_CHARS} characters, a note {MAX_NOTE_CHARS}"
    if row.kind == "entity":
        span = row.span
        if span is None or span[0] >= span[1]:
            return f"subject {_shown(row.subject)} is not document_id:start:end"
    elif row.kind in DOCUMENT_KINDS:
        if not _DOCUMENT_ID.fullmatch(row.subject):
            return f"subject {_shown(row.subject)} is not a document_id (32 hex digits)"
    elif not row.subject:
        return "subject is empty: name a topic_id"
    return _value_problem(row)


def _value_problem(row: Correction) -> str | None:
    allowed: dict[str, Sequence[str]] = {
        "sentiment": SENTIMENTS,
        "entity": (*ENTITY_TYPES, NONE),
        "spam": SPAM_VALUES,
        "topic_pin": YES_NO,
        "topic_hide": YES_NO,
    }
    wanted = allowed.get(row.kind)
    if wanted is not None and row.value not in wanted:
        return f"{row.kind} can't be {_shown(row.value)}; it is one of {', '.join(wanted)}"
    if row.kind == "topic_rename" and row.language not in LANGUAGES:
        return "topic_rename needs a language, en or zh"
    if row.kind == "topic_split" and row.value.isdecimal() and not 2 <= int(row.value) <= MOST_PARTS:
        return f"a topic is split into 2 to {MOST_PARTS} parts, or {AUTO}, or by keywords"
    if row.kind == "topic_merge" and row.value == row.subject:
        return "a topic can't be merged into itself"
    return None


def lookup_problems(
    rows: Sequence[Correction], *, text_lengths: dict[str, int], topic_ids: Collection[str]
) -> list[str]:
    """Problems of rows that name a document, span or topic that is not there.

    Args:
        text_lengths: code points of the text of every document that the rows name and the warehouse has.
        topic_ids: every topic of the warehouse.
    """
    problems = []
    for row in rows:
        document_id = row.document_id
        named = [row.subject] if row.kind in TOPIC_KINDS else []
        if row.kind == "topic_merge" or (row.kind == "topic" and row.value != NONE):
            named.append(row.value)
        unknown = [topic for topic in named if topic not in topic_ids]
        if document_id is not None and document_id not in text_lengths:
            problems.append(f"line {row.line}: no document {document_id}")
        elif row.span is not None and document_id is not None and row.span[1] > text_lengths[document_id]:
            problems.append(
                f"line {row.line}: {row.subject} ends beyond the text of {text_lengths[document_id]} characters"
            )
        elif unknown:
            problems.append(f"line {row.line}: no topic {_shown(unknown[0])}")
    return problems


def new_corrections(
    rows: Sequence[Correction], in_force: dict[tuple[str, str, str | None], tuple[str, str | None]]
) -> list[Correction]:
    """The rows that say something else than what is in force: taking a file in twice changes nothing.

    Of several rows of a file about one key the last one counts.

    Args:
        in_force: (value, note) by (kind, subject, language).
    """
    last = {row.key: row for row in rows}
    return [
        row
        for row in last.values()
        if in_force.get(row.key, (None, None))[0] != row.value or _has_other_note(row, in_force)
    ]


def correction_id(row: Correction, sequence: int) -> str:
    """32 hex digits that name a row of ops.correction."""
    return stable_hash("correction", row.kind, row.subject, row.language, row.value, str(sequence))


def _has_other_note(row: Correction, in_force: dict[tuple[str, str, str | None], tuple[str, str | None]]) -> bool:
    return row.note is not None and in_force[row.key][1] != row.note


def _shown(text: str) -> str:
    """A cell in a message: short, on one line."""
    line = " ".join(text.split())
    return repr(line if len(line) <= 40 else f"{line[:40]}…")
