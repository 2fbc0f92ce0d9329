"""Labelled files that people bring: texts with a sentiment or topic, texts with names, texts with aspects.

What arrives: CSV with any usual delimiter, or JSON lines (also one JSON array); UTF-8 with or without a byte order
mark, UTF-16, GB18030, Big5; plain or packed. What leaves: rows in file order, with the line that each stands in. A
row that can't be used is never left out in silence: reading stops with the lines named, because a measured figure
over some of the rows is not the figure that was asked for.

Instead of its text a row may name a document that the project has read: `document_id`, or `source` and `id`. Files with
such columns are sheets to be filled in: rows without a label yet are counted, and not used.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.core.documents import stable_hash
from tasks.core.labels import ALLOWED, sentiment_labels
from tasks.errors import SourceError
from tasks.store.sources.encodings import decode
from tasks.store.sources.files import Blob, read_blob

MAX_BYTES = 1_000_000_000
_NAMED_LINES = 5
_DELIMITERS = ",\t;|"
_TEXT = ("text", "文本", "内容", "评论")
_LABEL = ("label", "sentiment", "标签", "情感")
_BAD_BYTE = re.compile("[\udc80-\udcff]")
csv.field_size_limit(10_000_000)


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text with its label; line: where it stands in its file, from 1.

    document_id: of the project's document that is meant, where the file names one instead of a text (text is "" then).
    groups: what else the row says of itself, by heading (language, source, category, source_kind); only what it says.
    """

    line: int
    text: str
    label: str
    document_id: str | None
    groups: dict[str, str]


@dataclass(frozen=True)
class LabelledFile:
    """A file's rows: texts for sentiment and topics, rows for the others.

    task: what its labels are for: sentiment, entities, aspects, targets (polarity towards spans) or topics.
    names: labels that were written otherwise, and what they were read as.
    """

    task: str
    texts: tuple[LabelledText, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    unlabelled_count: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    fields: dict[str, Any]


class _Problems:
    """What is wrong with a file's rows; told together."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: list[tuple[int, str]] = []

    def add(self, line: int, problem: str) -> None:
        self.found.append((line, problem))

    def raise_if_any(self, fix: str) -> None:
        if not self.found:
            return
        if len(self.found) == 1:
            line, problem = self.found[0]
            raise SourceError(f"{self.path}, line {line}: {problem}", fix=fix)
        told = "; ".join(f"line {line}: {problem}" for line, problem in self.found[:_NAMED_LINES])
        more = f"; and {len(self.found) - _NAMED_LINES} more" if len(self.found) > _NAMED_LINES else ""
        raise SourceError(f"{self.path}: {len(self.found)} rows can't be used: {told}{more}", fix=fix)


def read_labelled(path: Path, *, task: str | None = None) -> LabelledFile:
    """A labelled file, for a task; without one, for the task that its columns tell.

    Raises:
        SourceError: the file can't be read, lacks what the task needs, holds no row, or rows that can't be used.
    """
    rows = _rows(path)
    task = task or _task_of(rows[0].fields)
    if task == "aspects" and "targets" in rows[0].fields:
        task = "targets"
    if task in _CHECKS:
        return _spans(path, rows, task)
    return _texts(path, rows, task)


def _task_of(fields: dict[str, Any]) -> str:
    tasks = _CHECKS if "text" in fields else ()
    return next((task for task in tasks if task in fields), "sentiment")


def _texts(path: Path, rows: Sequence[_Row], task: str) -> LabelledFile:
    problems = _Problems(path)
    label_column = next((name for name in _LABEL if name in rows[0].fields), None)
    has_place = {"source", "id"} <= rows[0].fields.keys() or "document_id" in rows[0].fields
    if label_column is None or not (has_place or any(name in rows[0].fields for name in _TEXT)):
        raise SourceError(
            f"{path} has the columns {', '.join(map(repr, rows[0].fields))}", fix="it needs text and label"
        )
    written = [_word(row.fields.get(label_column)) for row in rows]
    meant = sentiment_labels(set(written)) if task == "sentiment" else {name: name or None for name in written}
    texts = []
    unlabelled_count = 0
    for row, name in zip(rows, written, strict=True):
        text, label = _text_of(row.fields), meant[name]
        if not text and not has_place:
            problems.add(row.line, "there is no text")
        elif not name and has_place:
            unlabelled_count += 1
        elif not name:
            problems.add(row.line, "there is no label")
        elif label is None:
            problems.add(row.line, f"{name[:40]!r} is no sentiment")
        else:
            document_id = None if text else _document_id(row.fields)
            groups = {
                heading: str(row.fields[heading]).strip()
                for heading in ("language", "source", "category", "source_kind")
                if row.fields.get(heading)
            }
            texts.append(LabelledText(row.line, text, label, document_id, groups))
    fix = f"labels are {ALLOWED}" if task == "sentiment" else "each row needs a text and the topic that it belongs to"
    problems.raise_if_any(fix)
    if not texts:
        raise SourceError(f"{path} holds no label yet", fix="fill in the column label")
    names = {name: label for name, label in sorted(meant.items()) if label is not None and name != label}
    return LabelledFile(task, texts=tuple(texts), names=names, unlabelled_count=unlabelled_count)


def _spans(path: Path, rows: Sequence[_Row], task: str) -> LabelledFile:
    problems = _Problems(path)
    checked: list[dict[str, Any]] = []
    for row in rows:
        text, items = row.fields.get("text"), row.fields.get(task)
        if not isinstance(text, str):
            problems.add(row.line, "there is no text")
        elif not isinstance(items, list) or not all(isinstance(item, list) for item in items):
            problems.add(row.line, f"{task} is no list of lists")
        else:
            read = [_CHECKS[task](item, text) for item in items]
            wrong = [item for item, value in zip(items, read, strict=True) if value is None]
            if wrong:
                problems.add(row.line, f"{json.dumps(wrong[0], ensure_ascii=False)[:60]} is none of its {task}")
            checked.append(row.fields | {task: read})
    problems.raise_if_any(_FORMS[task])
    return LabelledFile(task, rows=tuple(checked))


def _entity(item: list[Any], text: str) -> list[Any] | None:
    """[start, end, type], whatever the type is called."""
    return [*item[:2], item[2].strip()] if _is_span(item, text) and item[2].strip() else None


def _target(item: list[Any], text: str) -> list[Any] | None:
    polarity = sentiment_labels([item[2]])[item[2]] if _is_span(item, text) else None
    return [*item[:2], polarity] if polarity else None


def _aspect(item: list[Any], text: str) -> list[str] | None:
    if len(item) != 2 or not all(isinstance(value, str) and value.strip() for value in item):
        return None
    polarity = sentiment_labels([item[1]])[item[1]]
    return [item[0].strip(), polarity] if polarity else None


def _is_span(item: list[Any], text: str) -> bool:
    if len(item) != 3 or not isinstance(item[2], str) or not all(type(place) is int for place in item[:2]):
        return False
    return 0 <= item[0] < item[1] <= len(text)


_CHECKS = {"entities": _entity, "aspects": _aspect, "targets": _target}
_FORMS = {
    "entities": "entities are [start, end, type], in code points of the text, end exclusive; "
    'such as [0, 7, "organisation"]',
    "aspects": f"aspects are [aspect, polarity]; polarities: {ALLOWED}",
    "targets": f"targets are [start, end, polarity], in code points of the text, end exclusive; polarities: {ALLOWED}",
}


def _document_id(fields: dict[str, Any]) -> str:
    if fields.get("document_id"):
        return str(fields["document_id"]).strip()
    return stable_hash("id", str(fields["source"]), str(fields["id"]))


def _text_of(fields: dict[str, Any]) -> str:
    return next((_word(fields[name]) for name in _TEXT if fields.get(name)), "")


def _word(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _rows(path: Path) -> list[_Row]:
    decoded = decode(read_blob(Blob(str(path), None, path.name), max_bytes=MAX_BYTES))
    if decoded.has_bad_bytes:
        bad = _BAD_BYTE.search(decoded.text)
        line = decoded.text.count("\n", 0, bad.start()) + 1 if bad else 1
        raise SourceError(
            f"{path}, line {line}: some bytes are not valid {decoded.encoding}", fix="save the file as UTF-8"
        )
    text = decoded.text
    rows = list(_json_rows(path, text) if text.lstrip()[:1] in ("{", "[") else _csv_rows(path, text))
    if not rows:
        raise SourceError(f"{path} holds no row", fix="it needs one line per text below the header text,label")
    return rows


def _json_rows(path: Path, text: str) -> Iterator[_Row]:
    if text.lstrip().startswith("["):
        try:
            values = list(enumerate(json.loads(text), start=1))
        except ValueError as error:
            raise SourceError(f"{path} is no JSON: {error}", fix="one JSON object a line is the simplest") from error
    else:
        values = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    problems = _Problems(path)
    found = []
    for line, value in values:
        try:
            fields = json.loads(value) if isinstance(value, str) else value
        except (ValueError, RecursionError):
            fields = None
        if isinstance(fields, dict):
            found.append(_Row(line, {_folded(name): value for name, value in fields.items()}))
        else:
            problems.add(line, "this is no JSON object")
    problems.raise_if_any("each line is one JSON object, such as " + json.dumps({"text": "…", "label": "positive"}))
    yield from found


def _csv_rows(path: Path, text: str) -> Iterator[_Row]:
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    problems = _Problems(path)
    names: list[str] = []
    before = 0
    while True:
        try:
            values = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            problems.add(before + 1, f"{error}; a quotation mark opens here or later and is not closed")
            break
        line, before = before + 1, reader.line_num
        if not any(value.strip() for value in values):
            continue
        if not names:
            names = [_folded(value) for value in values]
        elif len(values) > len(names):
            problems.add(line, f"{len(values)} fields where the header has {len(names)}")
        else:
            values += [""] * (len(names) - len(values))
            yield _Row(line, dict(zip(reversed(names), reversed(values), strict=True)))
    problems.raise_if_any('a text that holds a comma or a line break needs quotation marks around it: "well, good"')
    if names and not set(names) & set(_LABEL):
        raise SourceError(f"{path} has the columns {', '.join(map(repr, names))}", fix="it needs text and label")


def _delimiter(text: str) -> str:
    """The delimiter under which the header names a label; a comma where none does."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    for delimiter in _DELIMITERS:
        if {_folded(name.strip('"')) for name in header.split(delimiter)} & set(_LABEL):
            return delimiter
    return ","


def _folded(name: str) -> str:
    return name.strip().strip("\ufeff").casefold()
