"""The warehouse: the one DuckDB file that a run writes. Sole importer of duckdb.

SQL lives in files below sql/ and is named by its path without the ending ("marts/document"). A mart is a select
file: `Warehouse.rebuild` empties the declared table and fills it from the select, so that names, types and
comments come from sql/schema alone. Never hand a Warehouse to another task: open one inside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from tasks.config import SQL_ROOT
from tasks.errors import DataContractError, MarketBriefError, UsageError

SCHEMA_FILES = ("ops", "raw", "staging", "enriched", "marts")
_SAFE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def sql_text(name: str) -> str:
    """Text of the SQL file sql/<name>.sql."""
    return (SQL_ROOT / f"{name}.sql").read_text(encoding="utf-8")


def connect(path: Path | str, *, read_only: bool = False, is_locked_down: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file (":memory:" for none).

    Args:
        is_locked_down: for SQL that other people wrote: no files, no network, no change of settings.

    Raises:
        MarketBriefError: the file can't be opened.
    """
    try:
        connection = duckdb.connect(str(path), read_only=read_only, config=_SAFE)
    except duckdb.Error as error:
        raise MarketBriefError(
            f"Can't open {path}: {error}",
            why="another program may have it open for writing",
            fix="close that program; analysts read data/published/market.duckdb, never the warehouse",
        ) from error
    connection.execute("set timezone = 'UTC'")
    if is_locked_down:
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
    return connection


def ask(path: Path | str, sql: str, values: Mapping[str, Any] | None = None) -> pa.Table:
    """Result of one statement that a person wrote, on a read-only file, with no reach beyond it.

    Args:
        values: for the statement's $parameters; those that it does not use are left aside.

    Raises:
        UsageError: it is not one statement, a value is missing, or DuckDB refuses it.
    """
    with closing(connect(path, read_only=True, is_locked_down=True)) as connection:
        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1:
                raise UsageError(f"One statement is needed, not {len(statements)}", fix="ask one question at a time")
            wanted = statements[0].named_parameters
            missing = sorted(wanted - set(values or {}))
            if missing:
                raise UsageError(
                    f"The query needs a value for {', '.join(missing)}", fix=f"add --set {missing[0]}=VALUE"
                )
            relation = connection.sql(sql, params={name: (values or {})[name] for name in wanted} or None)
            if relation is None:
                raise UsageError("The statement gives no rows", fix="write a query; the snapshot is read-only")
            return relation.to_arrow_table()
        except duckdb.Error as error:
            raise UsageError(
                f"DuckDB refuses the query: {error}", fix="`marketbrief docs tables` lists tables and columns"
            ) from error


class Warehouse:
    """An open warehouse. Use as a context manager; the schema is made on first opening."""

    def __init__(self, path: Path | str) -> None:
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.connection = connect(path)
        self._make_schema()

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed as a whole, or not at all."""
        self.connection.begin()
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def frame(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Result of a query as a data frame."""
        return self._arrow(sql, params).to_pandas()

    def rows(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Result of a query as a list of dictionaries of plain Python values."""
        return self._arrow(sql, params).to_pylist()

    def scalar(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> Any:
        """First column of the first row; None where there is no row."""
        rows = self.connection.execute(sql, params).fetchall()  # an unread rest would block the next statement
        return rows[0][0] if rows else None

    def execute(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> None:
        """Run statements for their effect."""
        self.connection.execute(sql, params)

    def run_file(self, name: str) -> None:
        """Run the statements of sql/<name>.sql for their effect."""
        self.connection.execute(sql_text(name))

    def insert(self, table: str, data: pd.DataFrame | pa.Table | list[dict[str, Any]]) -> int:
        """Append rows by column name; columns that are left out become null.

        Args:
            table: schema.table, a name from our own code, never from input.

        Returns:
            Number of rows inserted.
        """
        if isinstance(data, list):
            data = pa.Table.from_pylist(data) if data else pa.table({})
        elif isinstance(data, pd.DataFrame):
            data = pa.Table.from_pandas(data, preserve_index=False)
        if data.num_rows == 0:
            return 0
        self.connection.register("incoming_rows", data)
        try:
            self.connection.execute(f"insert into {table} by name select * from incoming_rows")
        finally:
            self.connection.unregister("incoming_rows")
        return data.num_rows

    def replace(self, table: str, data: pd.DataFrame | pa.Table | list[dict[str, Any]]) -> int:
        """Empty a table and fill it, in one transaction."""
        with self.transaction():
            self.connection.execute(f"delete from {table}")
            return self.insert(table, data)

    def rebuild(self, table: str, params: Mapping[str, Any] | None = None) -> int:
        """Empty a table and fill it from sql/<schema>/<name>.sql, in one transaction.

        Returns:
            Number of rows of the new table.
        """
        with self.transaction():
            self.connection.execute(f"delete from {table}")
            self.connection.execute(f"insert into {table} by name {sql_text(table.replace('.', '/'))}", params)
        return int(self.scalar(f"select count(*) from {table}"))

    def check_unique(self, table: str, key: Sequence[str]) -> None:
        """Raise DataContractError where a key stands more than once."""
        columns = ", ".join(key)
        twice = self.rows(f"select {columns} from {table} group by {columns} having count(*) > 1 limit 3")
        if twice:
            raise DataContractError(f"{table} holds a key ({columns}) more than once, such as {twice[0]}")

    def _make_schema(self) -> None:
        """Declare tables, comments and macros, unless this very text of them was declared before."""
        files = [*(SQL_ROOT / "schema" / f"{name}.sql" for name in SCHEMA_FILES)]
        texts = [file.read_text(encoding="utf-8") for file in [*files, *sorted((SQL_ROOT / "macros").glob("*.sql"))]]
        fingerprint = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        self.connection.execute("create table if not exists main.schema_fingerprint (fingerprint varchar not null)")
        if self.scalar("select fingerprint from main.schema_fingerprint") == fingerprint:
            return
        with self.transaction():
            self._add_missing_columns(texts)
            for text in texts:
                self.connection.execute(text)
            self.connection.execute("delete from main.schema_fingerprint")
            self.connection.execute("insert into main.schema_fingerprint values (?)", [fingerprint])

    def _add_missing_columns(self, texts: Sequence[str]) -> None:
        """Give the tables of an older program's warehouse the columns that were declared since; they start as null."""
        columns = (
            "select schema_name || '.' || table_name as table_name, column_name, data_type from duckdb_columns()"
            " where database_name = current_database() and schema_name <> 'main' and not internal"
        )
        present: dict[str, set[str]] = {}
        for row in self.rows(columns):
            present.setdefault(row["table_name"], set()).add(row["column_name"])
        with closing(connect(":memory:")) as declared:
            for text in texts:
                declared.execute(text)
            wanted = declared.sql(columns).fetchall()
        for table, column, data_type in wanted:
            if column not in present.get(table, {column}):
                self.connection.execute(f'alter table {table} add column "{column}" {data_type}')

    def _arrow(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None) -> pa.Table:
        return self.connection.sql(sql, params=params).to_arrow_table()
