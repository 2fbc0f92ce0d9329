"""CSV and TSV as they really come: any delimiter, odd quotes, lines too many and too few.

The header is the first line that holds all mapped columns; the delimiter is the one that makes that so. Records are
split one by one, so that one bad record costs only itself: an unterminated quote is rejected with the line it stands
in, and reading resumes at the next line. Rejected are records with too many or too few fields (`field_count`),
unterminated quotes (`broken_quote`), and bytes that the encoding does not allow (`undecodable`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tasks.core.documents import rejected
from tasks.store.sources.encodings import Decoded
from tasks.store.sources.raw import RawBatch, RawRecord, missing_column_error

MAX_RECORD_CHARS = 2_000_000
_SHORT_RECORD_CHARS = 16_000
_PATIENCE = 50
_HEADER_LINES = 30
_SAMPLE_CHARS = 200_000
_DELIMITERS = {"csv": ",;\t|", "tsv": "\t,;|"}
_SEP_LINE = re.compile(r'^"?sep=(.)"?\r?\n?$')
_BAD_BYTE = re.compile("[\udc80-\udcff]")

csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file separates and quotes its fields."""

    delimiter: str
    quote: str = '"'
    has_backslash_quotes: bool = False
    has_leading_spaces: bool = False


class _RecordTooLong(Exception):
    """A quoted field went on for longer than any record may be."""


def read_delimited(
    decoded: Decoded,
    *,
    uri: str,
    format_name: str,
    columns: list[str],
    is_date: Callable[[str], bool],
    date_column: str | None,
) -> RawBatch:
    """Split a delimited file into records.

    Args:
        columns: columns that the header must have.
        is_date: whether a text reads as a date; with `date_column` it tells a line that is a record of its own from
            a line of a text, where a quote swallowed lines.

    Raises:
        UnreadableError: no line holds all columns; the message names the nearest ones.
    """
    lines = _lines(decoded.text)
    if lines and (match := _SEP_LINE.match(lines[0])):
        lines = lines[1:]
        candidates = match[1]
    else:
        candidates = _DELIMITERS[format_name]
    dialect, header, first = _header(lines, candidates, columns, uri)
    batch = RawBatch(encoding=decoded.encoding)
    if skipped := sum(1 for line in lines[: first - 1] if line.strip()):
        batch.warnings.append(f"{uri}: {skipped} lines before the header were not read")
    date_index = header.index(date_column) if date_column is not None else None
    splitter = _Splitter(lines, dialect, width=len(header), date_index=date_index, is_date=is_date)
    for number, (fields, raw, problem) in enumerate(splitter.records(first), start=1):
        if decoded.has_bad_bytes and _BAD_BYTE.search(raw):
            problem = "undecodable"
        if problem:
            reason = _reason(problem, fields, header, decoded.encoding)
            batch.rejected.append(rejected(number, problem, reason, batch.bytes_of(raw)))
        else:
            # zip in reverse: of two columns with the same name, the first one counts.
            batch.records.append(RawRecord(number, dict(zip(reversed(header), reversed(fields), strict=True)), raw))
    return batch


def _reason(problem: str, fields: list[str], header: list[str], encoding: str) -> str:
    if problem == "field_count":
        return f"{len(fields)} fields where the header has {len(header)}"
    if problem == "broken_quote":
        return "a quotation mark opens here and is not closed where the record ends"
    return f"some bytes are not valid {encoding}"


def _lines(text: str) -> list[str]:
    """Physical lines with their ends. A lone carriage return ends a line only where the file has no line feeds."""
    end = "\n" if "\n" in text else "\r"
    parts = text.split(end)
    lines = [part + end for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _header(lines: list[str], candidates: str, columns: list[str], uri: str) -> tuple[Dialect, list[str], int]:
    """Dialect, names of the columns, and the index of the first line after the header."""
    sample = "".join(lines[:2_000])[:_SAMPLE_CHARS]
    best: tuple[int, list[str]] = (-1, [])
    for delimiter in candidates:
        dialect = _dialect(sample, delimiter)
        for index, line in enumerate(lines[:_HEADER_LINES]):
            if not line.strip():
                continue
            names, end = _header_names(lines, index, dialect)
            found = sum(column in names for column in columns)
            if found == len(columns):
                return dialect, names, end
            if (found, len(names)) > (best[0], len(best[1])):
                best = (found, names)
    raise missing_column_error(uri, [column for column in columns if column not in best[1]], best[1])


def _header_names(lines: list[str], index: int, dialect: Dialect) -> tuple[list[str], int]:
    splitter = _Splitter(lines[index : index + _HEADER_LINES], dialect, width=None)
    fields, raw, _ = next(splitter.records(0))
    end = index + raw.count("\n") + (0 if raw.endswith("\n") else 1) if "\n" in raw else index + 1
    return [name.replace("\x00", "").strip().strip("\ufeff") for name in fields], end


def _dialect(sample: str, delimiter: str) -> Dialect:
    """Which quotation mark a file uses, and whether it escapes it with a backslash."""
    edge = re.escape(delimiter)
    singles = len(re.findall(rf"(?:^|{edge})'[^'\r\n]*'(?={edge}|\r?$)", sample, re.MULTILINE))
    doubles = len(re.findall(rf'(?:^|{edge}) *"', sample, re.MULTILINE))
    if singles >= 2 and singles > doubles:
        return Dialect(delimiter, "'")
    spaced, tight = (len(re.findall(pattern, sample)) for pattern in (rf'{edge} +"', rf'{edge}"'))
    escaped = len(re.findall(rf'\\"(?!\s*(?:{edge}|\r?$))', sample, re.MULTILINE))
    doubled = len(re.findall(rf'(?<=[^"{edge}\s])""(?=[^"{edge}\s])', sample))
    return Dialect(delimiter, has_backslash_quotes=escaped > doubled, has_leading_spaces=spaced > tight)


class _Splitter:
    """Splits lines into records of a given width (None: whatever the first record has)."""

    def __init__(
        self,
        lines: list[str],
        dialect: Dialect,
        *,
        width: int | None,
        date_index: int | None = None,
        is_date: Callable[[str], bool] = bool,
    ) -> None:
        self._lines = lines
        self._dialect = dialect
        self._width = width
        self._date_index = date_index
        self._is_date = is_date
        self._failures = 0

    def records(self, start: int) -> Iterator[tuple[list[str], str, str]]:
        """Fields, raw text and problem ("" where there is none) of each record from a line on; empty lines are none."""
        lines, quote, delimiter = self._lines, self._dialect.quote, self._dialect.delimiter
        index = start
        while index < len(lines):
            line = lines[index]
            if quote not in line:
                index += 1
                content = line.rstrip("\r\n")
                if content and (delimiter in content or content.strip()):
                    fields = content.split(delimiter)
                    yield fields, line, "" if self._fits(fields) else "field_count"
                continue
            fields, used, problem = self._quoted_record(index)
            yield fields, "".join(lines[index : index + used]), problem
            index += used

    def _fits(self, fields: list[str]) -> bool:
        return self._width is None or len(fields) == self._width

    def _quoted_record(self, index: int) -> tuple[list[str], int, str]:
        """Fields, number of lines used, and the problem, of a record that holds quotation marks."""
        strict, used = self._strict(index)
        if strict is not None and self._fits(strict) and not self._swallows_records(index, used):
            return strict, used, ""
        first_line = self._lines[index]
        alone = _split_tolerantly(first_line, self._dialect)
        if alone is not None and self._fits(alone):
            return alone, 1, ""
        if strict is None or alone is None:
            if strict is not None and used > 1 and not self._is_record_at(index + 1):
                return strict, used, "field_count"
            return alone or [first_line], 1, "broken_quote"
        return alone, 1, "field_count"

    def _strict(self, index: int) -> tuple[list[str] | None, int]:
        """The record that starts at a line, as the standard has it; None where it breaks off or breaks the rules."""
        used = size = 0
        limit = MAX_RECORD_CHARS if self._failures < _PATIENCE else _SHORT_RECORD_CHARS

        def supply() -> Iterator[str]:
            nonlocal used, size
            for line in map(self._lines.__getitem__, range(index, len(self._lines))):
                used += 1
                size += len(line)
                if size > limit and used > 1:
                    raise _RecordTooLong
                yield self._unescape(line)

        reader = csv.reader(
            supply(),
            delimiter=self._dialect.delimiter,
            quotechar=self._dialect.quote,
            skipinitialspace=self._dialect.has_leading_spaces,
            strict=True,
        )
        try:
            return next(reader), used
        except (csv.Error, _RecordTooLong):
            self._failures += used > 1
            return None, used

    def _unescape(self, line: str) -> str:
        if not self._dialect.has_backslash_quotes:
            return line
        return re.sub(r'(?<!\\)((?:\\\\)*)\\"', r'\1""', line)

    def _swallows_records(self, index: int, used: int) -> bool:
        """True where a line inside a quoted field is a record of its own: the quote was never meant to go so far."""
        if self._date_index is None:
            return False
        return any(self._is_record_at(inner) for inner in range(index + 1, index + used - 1))

    def _is_record_at(self, index: int) -> bool:
        if self._width is None or index >= len(self._lines):
            return False
        line = self._lines[index]
        if line.count(self._dialect.delimiter) < self._width - 1:
            return False
        fields = _split_tolerantly(line, self._dialect)
        if fields is None or len(fields) != self._width:
            return False
        return self._date_index is None or self._is_date(fields[self._date_index])


def _split_tolerantly(line: str, dialect: Dialect) -> list[str] | None:
    """Fields of one line; quotation marks inside a field are kept where they are not doubled.

    A quoted field ends at a quotation mark before a delimiter or the line's end. None where one does not end.
    """
    content = line.rstrip("\r\n")
    quote, delimiter = dialect.quote, dialect.delimiter
    fields: list[str] = []
    position = 0
    while True:
        if dialect.has_leading_spaces:
            position = _after_spaces(content, position)
        if content.startswith(quote, position):
            end = _closing(content, position + 1, dialect)
            if end is None:
                return None
            fields.append(content[position + 1 : end].replace(quote * 2, quote))
            position = _after_spaces(content, end + 1)
        else:
            end = content.find(delimiter, position)
            end = len(content) if end < 0 else end
            fields.append(content[position:end])
            position = end
        if position >= len(content):
            return fields
        position += len(delimiter)


def _closing(content: str, position: int, dialect: Dialect) -> int | None:
    """Where the quotation mark stands that ends a field opened before a position; None where none does."""
    quote, delimiter = dialect.quote, dialect.delimiter
    while True:
        position = content.find(quote, position)
        if position < 0:
            return None
        run = 1
        while content.startswith(quote, position + run):
            run += 1
        after = position + run
        follows = _after_spaces(content, after)
        if run % 2 == 1 and (follows == len(content) or content.startswith(delimiter, follows)):
            return after - 1
        position = after


def _after_spaces(content: str, position: int) -> int:
    while content.startswith(" ", position):
        position += 1
    return position
