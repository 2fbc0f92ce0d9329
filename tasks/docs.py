"""The reference that `marketbrief docs` prints, read from where the program itself reads it.

Tables: the comments in the published snapshot, or in sql/schema where nothing is published yet. Configuration: the
models of tasks/config, with a sentence per key from here (a test holds them together). Metrics: the table
marts.metric_definition.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from tasks.config import Constant, Market, Source
from tasks.store.warehouse import Warehouse, ask

DOCUMENTED_SCHEMAS = ("marts", "ops")

KEY_HELP = {
    "project.name": "What the reports are called.",
    "project.timezone": "Whose weeks the reports speak of: an IANA name, such as Europe/Berlin.",
    "project.languages": "Languages of the reports, the first one first.",
    "project.home": "Where data/ and reports/ are written; relative to market.toml.",
    "brands.name": "Name of the brand; always an alias too.",
    "brands.role": "The first brand with role own is us.",
    "brands.aliases": "Other names, in any script.",
    "brands.require_any": "For a name that is also an ordinary word: count it only beside one of these words.",
    "brands.exclude_any": "Do not count the name beside any of these words.",
    "sources.name": "Name of the source: letters, digits, _ . -",
    "sources.kind": "Who speaks: customers (review), the press (news), or a competitor itself.",
    "sources.format": "How the bytes are written; .gz and .zip are opened everywhere.",
    "sources.path": "Files to read: a path or a pattern with *, relative to market.toml. Either path or url.",
    "sources.url": "Address of a feed (rss) or page (html).",
    "sources.timezone": "Time zone of dates that carry none.",
    "sources.encoding": "Encoding of the text, where guessing goes wrong.",
    "sources.date_format": "Format of the dates in strptime's terms, where guessing is unsafe, such as %d/%m/%Y.",
    "sources.required": "false: the week is published without it, with a warning; true: the run ends with code 4.",
    "sources.brand_values": "Their value = our brand, where the brand column holds other names.",
    "sources.columns.id": "Identifier of the record; without one, its content identifies it.",
    "sources.columns.text": "The text; a list of columns is joined by blank lines. Required for csv, tsv and jsonl.",
    "sources.columns.title": "Title or headline.",
    "sources.columns.published_at": "Time of publication. Required for csv, tsv and jsonl; a constant will do.",
    "sources.columns.rating": "Stars or another number.",
    "sources.columns.brand": "The brand that the record is about; a constant will do.",
    "sources.columns.segment": "Any grouping to have metrics by, such as a region; a constant will do.",
    "sources.columns.language": "Language, as a hint; a constant will do.",
    "sources.columns.url": "Link to the original; http and https only.",
    "sources.columns.author": "Author; stored only as a salted hash.",
    "models.bundle": "Which models: offline ships with the program; hub is what [models.hub] names.",
    "models.sentiment_en": "A sentiment model for English of your own, as name@revision; else the shipped one.",
    "models.sentiment_zh": "As above, for Chinese.",
    "models.hub.encoder": "Sentence encoder, as name@revision on the Hugging Face hub or the path of a folder.",
    "models.hub.sentiment": "Sequence classifier for sentiment, written likewise.",
    "models.hub.sentiment_labels": "What its classes mean, in order, where their names don't say: negative or 1 star.",
    "models.hub.min_confidence": "Documents whose best class is less probable get no label, 0-1.",
    "models.hub.entities_en": "Name tagger for English: token classifier, or spacy:name@version.",
    "models.hub.entities_zh": "As above, for Chinese.",
    "models.hub.labels": "Text-generation model that may reword topics' labels; left out, the offline labels stand.",
    "topics.count": "How many topics to look for in each language; left out, the number of documents decides.",
    "topics.min_documents": "Fewer documents of a language than this, and it gets no topics.",
    "topics.least_documents": "Documents that fit no known topic must be so many, and alike, to make a new one.",
    "topics.least_authors": "So many different authors must have written them.",
    "topics.least_sources": "So many different sources must hold them.",
    "topics.death_weeks": "A topic without a document for so many weeks is dead, until documents return.",
    "topics.waiting_weeks": "A document that fits no topic waits so many weeks for others like it.",
    "aspects.category": "Kind of product; decides which aspects are looked for (data/models/aspects.toml lists them).",
    "aspects.drop": "Aspects of the category to leave out.",
    "aspects.words": 'More words for an aspect, in any language: price = ["bang for the buck"].',
    "aspects.ignore": "Words that shall count for no aspect.",
    "aspects.custom.name": "An aspect of your own: lower-case letters, digits and _.",
    "aspects.custom.words": "Words that speak of it, in any language.",
    "aspects.custom.label_en": "What English reports call it; its name where left out.",
    "aspects.custom.label_zh": "As above, in Chinese reports.",
    "notify.on": "Tell of runs that ended well (success), badly (failure), or both; nothing is sent by default.",
    "notify.urls_env": "Environment variable with the addresses to tell, apart by spaces, as apprise writes them.",
    "notify.prefect_block": 'A Prefect notification block to tell as well: "type/name", such as "slack-webhook/team".',
    "notify.link_base": "Address of the reports' folder, such as https://example.com/reports: for links in messages.",
    "schedule.cron": "When `marketbrief serve` runs, in the project's time zone.",
    "fetch.allow_hosts": "Private hosts that may be fetched from nevertheless.",
    "fetch.timeout_seconds": "How long a host may take to answer.",
    "fetch.max_bytes": "Largest response that is read.",
    "fetch.max_unpacked_bytes": "Largest file that is read, unpacked.",
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key of market.toml. default is TOML, or "required", or "" for none."""

    key: str
    type: str
    default: str
    help: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view that analysts may read."""

    name: str
    comment: str
    columns: tuple[Column, ...]


def config_keys() -> list[Key]:
    """Every key of market.toml, in the order of the file."""
    return list(_keys_of(Market, ""))


def tables(snapshot: Path | None) -> list[Table]:
    """The data dictionary of a snapshot; of sql/schema where there is none. One entry per table of marts and ops."""
    listing = (
        "select objects.schema_name || '.' || objects.name as table_name, objects.comment as table_comment,"
        " columns.column_name, columns.data_type, columns.comment"
        " from (select schema_name, table_name as name, comment from duckdb_tables()"
        " union all select schema_name, view_name, comment from duckdb_views() where not internal) as objects"
        " inner join duckdb_columns() as columns"
        " on columns.schema_name = objects.schema_name and columns.table_name = objects.name"
        " order by table_name, columns.column_index"
    )
    found: dict[str, tuple[str, list[Column]]] = {}
    for row in _rows(snapshot, listing):
        if row["table_name"].split(".")[0] in DOCUMENTED_SCHEMAS:
            _, columns = found.setdefault(row["table_name"], (row["table_comment"] or "", []))
            columns.append(Column(row["column_name"], row["data_type"].lower(), row["comment"] or ""))
    return [Table(name, comment, tuple(columns)) for name, (comment, columns) in found.items()]


def metrics(snapshot: Path | None) -> list[dict[str, Any]]:
    """Rows of marts.metric_definition, by name."""
    listing = (
        "select metric, label_en, label_zh, unit, numerator, denominator, interval_method, description_en,"
        " description_zh from marts.metric_definition order by metric"
    )
    if snapshot is not None:
        return _rows(snapshot, listing)
    with Warehouse(":memory:") as warehouse:
        warehouse.rebuild("marts.metric_definition")
        return warehouse.rows(listing)


def tables_markdown(found: list[Table]) -> str:
    """The data dictionary as Markdown."""
    parts = ["# Tables", ""]
    for table in found:
        parts += [f"## {table.name}", "", table.comment, "", "| column | type | meaning |", "|---|---|---|"]
        parts += [f"| `{c.name}` | {c.type} | {_in_cell(c.comment)} |" for c in table.columns]
        parts.append("")
    return "\n".join(parts)


def config_markdown(keys: list[Key]) -> str:
    """The reference of market.toml as Markdown."""
    parts = ["# market.toml", "", "| key | type | default | meaning |", "|---|---|---|---|"]
    parts += [
        f"| `{k.key}` | {_in_cell(k.type)} | {f'`{k.default}`' if k.default else ''} | {_in_cell(k.help)} |"
        for k in keys
    ]
    return "\n".join([*parts, ""])


def metrics_markdown(found: list[dict[str, Any]]) -> str:
    """The metrics as Markdown."""
    parts = ["# Metrics", "", "| metric | unit | k | n | interval | definition |", "|---|---|---|---|---|---|"]
    names = ("unit", "numerator", "denominator", "interval_method", "description_en")
    parts += [f"| `{m['metric']}` | {' | '.join(_in_cell(m[name]) for name in names)} |" for m in found]
    return "\n".join([*parts, ""])


def _rows(snapshot: Path | None, sql: str) -> list[dict[str, Any]]:
    if snapshot is not None:
        return ask(snapshot, sql).to_pylist()
    with Warehouse(":memory:") as warehouse:
        return warehouse.rows(sql)


def _keys_of(model: type[BaseModel], place: str):
    for name, field in model.model_fields.items():
        key = f"{place}.{name}" if place else name
        section = _section(field.annotation)
        if section not in (None, Constant):
            yield from _keys_of(section, key)
            continue
        yield Key(key, _type_name(field.annotation), _default(model, name), KEY_HELP.get(key, ""))


def _section(annotation: Any) -> type[BaseModel] | None:
    """The table of market.toml that an annotation stands for, if it does."""
    candidates = [annotation, *get_args(annotation)]
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)


def _type_name(annotation: Any) -> str:
    """A type in a configurator's words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_name(arguments[0])
    if origin is Literal:
        return " | ".join(map(str, arguments))
    if origin in (Union, types.UnionType):
        return " or ".join(_type_name(a) for a in arguments if a is not type(None))
    if origin is list:
        return f"list of {_type_name(arguments[0])}"
    if origin is dict:
        return f"table of {_type_name(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "{ value = … }"
    names = {str: "text", int: "whole number", float: "number", bool: "true | false"}
    return names.get(annotation, str(annotation))


def _default(model: type[BaseModel], name: str) -> str:
    field = model.model_fields[name]
    if field.is_required():
        return "required"
    if field.default is None or field.default is PydanticUndefined:
        return "path or url" if model is Source and name in ("path", "url") else ""
    return _toml(field.default)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return "{}" if value == {} else str(value)


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
