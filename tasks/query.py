"""Questions to the published snapshot: queries by name (sql/queries) or in SQL, and their results as files.

A named query is a file whose leading comment lines say what it answers. Its $parameters have defaults where one stands
to reason: $week and $iso_week are the newest reported week, $brand is our own.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.config import SQL_ROOT, Settings
from tasks.errors import SourceError, UsageError
from tasks.store.warehouse import ask

_FORMULA = re.compile(r"^[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query of sql/queries. description: its leading comment, in one line."""

    name: str
    description: str
    sql: str


def named_queries() -> list[NamedQuery]:
    """All named queries, by name."""
    return [
        NamedQuery(path.relative_to(SQL_ROOT / "queries").with_suffix("").as_posix(), _describe(text), text)
        for path in sorted((SQL_ROOT / "queries").rglob("*.sql"))
        for text in [path.read_text(encoding="utf-8")]
    ]


def find_query(name: str) -> NamedQuery:
    """The named query.

    Raises:
        UsageError: there is none of that name.
    """
    known = {query.name: query for query in named_queries()}
    if name not in known:
        near = difflib.get_close_matches(name, list(known), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(
            f"There is no query named {name!r}", fix=f"{hint}`marketbrief query` lists the names; --sql takes your own"
        )
    return known[name]


def snapshot_path(settings: Settings) -> Path:
    """Path of the published snapshot.

    Raises:
        SourceError: nothing was published yet.
    """
    if not settings.snapshot_path.is_file():
        raise SourceError(
            f"Nothing is published yet: there is no {settings.snapshot_path}", fix="`marketbrief run` makes it"
        )
    return settings.snapshot_path


def run_query(settings: Settings, sql: str, values: Mapping[str, str] | None = None) -> pa.Table:
    """Rows of a read-only query on the snapshot.

    Raises:
        SourceError: nothing was published yet.
        UsageError: DuckDB refuses the query, or a parameter has no value.
    """
    path = snapshot_path(settings)
    newest = ask(path, "select max(iso_week) as iso_week from marts.report").column("iso_week")[0].as_py()
    defaults = {"week": newest, "iso_week": newest, "brand": settings.own_brand}
    return ask(path, sql, {**{k: v for k, v in defaults.items() if v is not None}, **(values or {})})


def parse_values(assignments: list[str]) -> dict[str, str]:
    """Read ["brand=Torvane", …].

    Raises:
        UsageError: one is not NAME=VALUE.
    """
    values = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise UsageError(f"--set {assignment} is not NAME=VALUE", fix="such as --set brand=Northwind")
        values[name] = value
    return values


def rows_of(table: pa.Table) -> list[tuple[Any, ...]]:
    """Rows as tuples of plain Python values, in the order of the columns (whose names may repeat)."""
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def to_csv(table: pa.Table) -> str:
    """Rows as CSV with a header. Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_harmless(name) for name in table.column_names])
    for row in rows_of(table):
        writer.writerow([_harmless(_flat(value)) for value in row])
    return buffer.getvalue()


def to_json(table: pa.Table) -> str:
    """Rows as a JSON array of objects, one line each."""
    names = table.column_names
    objects = (dict(zip(names, map(jsonable, row), strict=True)) for row in rows_of(table))
    lines = (json.dumps(row, ensure_ascii=False) for row in objects)
    return "[" + ",\n ".join(lines) + "]\n"


def write_parquet(table: pa.Table, path: Path) -> None:
    """Rows as a Parquet file."""
    import pyarrow.parquet as pq

    pq.write_table(table, path)


def jsonable(value: Any) -> Any:
    """A value of a row as JSON knows it: decimals as numbers, times as ISO text, bytes as hex."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _flat(value: Any) -> Any:
    return json.dumps(jsonable(value), ensure_ascii=False) if isinstance(value, list | dict) else jsonable(value)


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _describe(sql: str) -> str:
    lines = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return " ".join(lines)
