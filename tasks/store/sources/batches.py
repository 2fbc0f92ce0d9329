"""Contents of one source in, a `ParsedBatch` out: every record found is in it, either mapped or rejected.

The configuration's view of a source becomes a `FieldMap`; the reader of its format splits the bytes; dates are read in
one order for the whole file; ids that a file contradicts itself about are not used. What the snapshot may show of a
rejected record is redacted here, with the author's name left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tasks.config import Constant, Settings, Source
from tasks.core.contracts import Record, Rejected
from tasks.core.dates import BadDate, DateReader, ParsedDate, slash_order
from tasks.core.documents import FieldMap, RecordMapper, is_id_trusted, stable_hash, untrusted_ids
from tasks.core.redact import redact
from tasks.errors import ConfigError
from tasks.store.sources import feeds, pages
from tasks.store.sources.delimited import read_delimited
from tasks.store.sources.encodings import check_encoding, decode
from tasks.store.sources.json_lines import read_json_lines
from tasks.store.sources.raw import RawBatch, missing_column_error

MAX_EXCERPT_CHARS = 200
_WITHHELD = "(not shown: it may name its author)"
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd]+")
_OURS = ("id", "text", "title", "published_at", "rating", "brand", "segment", "language", "url", "author")


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes of one file, archive member or response.

    url, fetched_at, content_type: of a response; null and empty for files.
    problem: why a page can't be read (its bytes are then the packed ones); empty otherwise.
    """

    uri: str
    record_path: str
    data: bytes
    content_sha256: str
    url: str | None = None
    fetched_at: datetime | None = None
    content_type: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A rejected record, and what the snapshot may show of it (redacted, at most 200 characters)."""

    rejected: Rejected
    excerpt: str


@dataclass(slots=True)
class ParsedBatch:
    """All records of a batch.

    records and authors run in parallel; an author is in clear, for the identity only, and is never stored.
    """

    records: list[Record] = field(default_factory=list)
    authors: list[str | None] = field(default_factory=list)
    rejected: list[RejectedRecord] = field(default_factory=list)
    has_trusted_ids: bool = True
    warnings: list[str] = field(default_factory=list)

    @property
    def received(self) -> int:
        return len(self.records) + len(self.rejected)


def field_map(settings: Settings, source: Source) -> FieldMap:
    """The configuration's mapping of a source; feeds and pages bring defaults."""
    defaults = {"rss": feeds.DEFAULT_COLUMNS, "html": pages.DEFAULT_COLUMNS}.get(source.format, {})
    columns: dict[str, tuple[str, ...]] = {ours: (theirs,) for ours, theirs in defaults.items()}
    constants: dict[str, str] = {}
    for ours in _OURS:
        theirs = getattr(source.columns, ours)
        if isinstance(theirs, Constant):
            constants[ours] = str(theirs.value)
            columns.pop(ours, None)
        elif theirs:
            columns[ours] = (theirs,) if isinstance(theirs, str) else tuple(theirs)
    brands = settings.market.brands
    return FieldMap(
        source=source.name,
        columns=columns,
        constants=constants,
        brand_values=source.brand_values,
        brand_names={alias: brand.name for brand in reversed(brands) for alias in (*brand.aliases, brand.name)},
        salt=settings.salt() if "author" in columns else b"",
    )


def mapping_hash(settings: Settings, source: Source) -> str:
    """Hash of all that decides how bytes become records: where it changes, contents are read again.

    The brands' names belong to it where a column names brands, since its values are matched to them.
    """
    if not isinstance(source.columns.brand, str):
        return source.mapping_hash
    names = [[brand.name, *brand.aliases] for brand in settings.market.brands]
    return stable_hash(source.mapping_hash, json.dumps(names))[:16]


def check_source(settings: Settings, source: Source, *, now: datetime) -> None:
    """Raise ConfigError for what market.toml says of a source and no file could make right."""
    if source.encoding is not None:
        check_encoding(source.encoding)
    constant = source.columns.published_at
    if isinstance(constant, Constant):
        date = DateReader(timezone_name=source.timezone, now=now, date_format=source.date_format).read(constant.value)
        if isinstance(date, BadDate):
            raise ConfigError(
                f"Source {source.name!r}: published_at has the value {constant.value!r}, but {date.reason}",
                fix="write it as 2025-07-01",
            )


def parse(settings: Settings, source: Source, contents: Sequence[Content], *, now: datetime) -> ParsedBatch:
    """Read one batch: one file, member or response, or up to some hundred pages.

    Args:
        now: UTC without tzinfo; dates more than two days later are rejected.

    Raises:
        UnreadableError: nothing of the content can be used.
    """
    mapping = field_map(settings, source)
    raw = _read_pages(source, contents, now) if source.format == "html" else _read(source, mapping, contents[0], now)
    dates = _date_reader(source, mapping, raw, now)
    mapper = RecordMapper(mapping, dates=dates)
    has_authors = bool(mapping.theirs("author"))
    batch = ParsedBatch(warnings=raw.warnings)
    batch.rejected = [
        RejectedRecord(one, _WITHHELD if has_authors else _excerpt(one.raw_bytes, raw.encoding)) for one in raw.rejected
    ]
    for record in raw.records:
        bytes_of_record = raw.bytes_of(record.raw)
        mapped = mapper.map(record.record_number, record.fields, bytes_of_record)
        if isinstance(mapped, Record):
            batch.records.append(mapped)
            batch.authors.append(mapper.author_of(record.fields) if mapped.author_hash else None)
        else:
            author = mapper.author_of(record.fields) if has_authors else None
            batch.rejected.append(RejectedRecord(mapped, _excerpt(mapped.raw_bytes, raw.encoding, author)))
    batch.rejected.sort(key=lambda one: one.rejected.record_number)
    _judge_ids(source, batch)
    return batch


def rejected_whole(reason: str, data: bytes, *, has_authors: bool) -> RejectedRecord:
    """The one record that stands for a content that can't be read at all."""
    excerpt = _WITHHELD if has_authors else _excerpt(data[:2_000], "utf-8")
    return RejectedRecord(Rejected(1, "unreadable", reason, data[:8_192]), excerpt)


def _read(source: Source, mapping: FieldMap, content: Content, now: datetime) -> RawBatch:
    columns = mapping.named_columns
    needed = [mapping.theirs(ours) for ours in ("text", "published_at", "id", "brand")]
    if source.format == "rss":
        return feeds.read_feed(
            content.data,
            uri=content.uri,
            columns=columns,
            needed=needed,
            encoding=source.encoding,
            content_type=content.content_type,
            base_url=content.url or "",
        )
    decoded = decode(content.data, encoding=source.encoding)
    if source.format == "jsonl":
        return read_json_lines(decoded, uri=content.uri, columns=columns, needed=needed)
    reader = DateReader(timezone_name=source.timezone, now=now, date_format=source.date_format)
    date_column = next(iter(mapping.theirs("published_at")), None)
    return read_delimited(
        decoded,
        uri=content.uri,
        format_name=source.format,
        columns=columns,
        is_date=lambda text: isinstance(reader.read(text), ParsedDate),
        date_column=date_column,
    )


def _read_pages(source: Source, contents: Sequence[Content], now: datetime) -> RawBatch:
    wanted = [name for ours in _OURS for name in _named(source, ours) if name not in pages.FIELDS]
    if wanted:
        raise missing_column_error("A page", wanted, pages.FIELDS)
    batch = RawBatch()
    for number, content in enumerate(contents, start=1):
        if content.problem:
            batch.rejected.append(Rejected(number, "unreadable", content.problem, content.data[:8_192]))
            continue
        page = pages.read_page(
            content.data,
            record_number=number,
            record_path=content.record_path,
            now=now,
            encoding=source.encoding,
            content_type=content.content_type,
            url=content.url,
            fetched_at=content.fetched_at,
        )
        (batch.rejected if isinstance(page, Rejected) else batch.records).append(page)  # type: ignore[arg-type]
    return batch


def _named(source: Source, ours: str) -> list[str]:
    theirs = getattr(source.columns, ours)
    if theirs is None or isinstance(theirs, Constant):
        return []
    return [theirs] if isinstance(theirs, str) else list(theirs)


def _date_reader(source: Source, mapping: FieldMap, raw: RawBatch, now: datetime) -> DateReader:
    """Reader of the batch's date column, with the order of day and month that the whole column bears out."""
    is_day_first = False
    column = next(iter(mapping.theirs("published_at")), None)
    if column is not None and source.date_format is None:
        values = (value for record in raw.records if isinstance(value := record.fields.get(column), str))
        order = slash_order(values, timezone_name=source.timezone, now=now)
        is_day_first = order.is_day_first
        if order.is_assumed:
            first, written = ("day", "%d/%m/%Y") if is_day_first else ("month", "%m/%d/%Y")
            raw.warnings.append(
                f"source {source.name}: dates such as 3/4/2025 do not tell day from month; read {first} first"
                f' (set date_format, such as "{written}", to be sure)'
            )
    return DateReader(timezone_name=source.timezone, now=now, date_format=source.date_format, is_day_first=is_day_first)


def _judge_ids(source: Source, batch: ParsedBatch) -> None:
    """Drop the ids of a batch in which more than 1 % of them stand beside different texts."""
    conflicting, distinct = untrusted_ids(batch.records)
    if is_id_trusted(conflicting, distinct):
        return
    batch.has_trusted_ids = False
    batch.records = [replace(record, source_record_id=None) for record in batch.records]
    batch.warnings.append(
        f"source {source.name}: {conflicting:,} of {distinct:,} record ids stand beside different texts in one file,"
        " so ids are not used there (spreadsheets round long numbers); documents are told apart by their content"
    )


def _excerpt(raw: bytes, encoding: str, author: str | None = None) -> str:
    """Beginning of a rejected record, redacted, without control characters and without its author's name."""
    text = _UNPRINTABLE.sub(" ", raw.decode(encoding, "replace"))
    if author:
        text = re.sub(re.escape(" ".join(author.split())), "(author)", text, flags=re.IGNORECASE)
        text = text.replace(author, "(author)")
    return redact(text)[0][:MAX_EXCERPT_CHARS].strip()


def sha256_of(data: bytes) -> str:
    """SHA-256 of bytes, 64 hex digits."""
    return hashlib.sha256(data).hexdigest()
