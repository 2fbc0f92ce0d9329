"""The data tests of sql/checks: selects that return the rows which must not be.

A file's name says how grave it is (`fail_…`: nothing is published, `warn_…`: a person should look), its first line what
holds when it is empty (fail) or what is the matter when it is not (warn). The column `key` names a row by identifiers
and counts, never by text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from tasks.config import SQL_ROOT
from tasks.errors import QualityGateError

Severity = Literal["fail", "warn"]
_INNER_SCHEMAS = re.compile(r"\b(raw|staging|enriched)\.")


@dataclass(frozen=True, slots=True)
class DataTest:
    """A test: its name without the severity, its sentence, its SQL."""

    name: str
    severity: Severity
    sentence: str
    sql: str

    @property
    def needs_warehouse(self) -> bool:
        """True where the test reads tables that no snapshot holds."""
        return bool(_INNER_SCHEMAS.search(self.sql))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a test found: number of offending rows, and the first keys in order."""

    test: DataTest
    row_count: int
    examples: tuple[str, ...]


def data_tests() -> list[DataTest]:
    """All tests, those that fail first, by name."""
    tests = []
    for path in sorted((SQL_ROOT / "checks").glob("*.sql")):
        severity, _, name = path.stem.partition("_")
        sql = path.read_text(encoding="utf-8")
        sentence = sql.partition("\n")[0].removeprefix("--").strip()
        tests.append(DataTest(name, "fail" if severity == "fail" else "warn", sentence, sql))
    return tests


def run_tests(rows_of: Callable[[str], list[dict[str, Any]]], tests: Iterable[DataTest]) -> list[Outcome]:
    """Run tests on an open database; one outcome each, in order.

    Args:
        rows_of: gives the rows of a select, such as Warehouse.rows.
    """
    outcomes = []
    for test in tests:
        keys = sorted(str(row["key"]) for row in rows_of(test.sql))
        outcomes.append(Outcome(test, len(keys), tuple(keys[:3])))
    return outcomes


def raise_failures(outcomes: Iterable[Outcome]) -> None:
    """Stop before anything is published.

    Raises:
        QualityGateError: a test marked fail has rows; it names the tests, how many rows, and an example key.
    """
    failed = [outcome for outcome in outcomes if outcome.row_count and outcome.test.severity == "fail"]
    if failed:
        told = [f"{o.test.name}: {o.row_count} row(s), such as {o.examples[0]}" for o in failed]
        raise QualityGateError(
            f"{len(failed)} data test(s) failed; nothing was published. " + "; ".join(told),
            why="what should hold: " + " ".join(outcome.test.sentence for outcome in failed),
            fix="the last snapshot stays as it was. Correct the input that the key names and run again; where the"
            " input is sound, this is a fault of the program: report it with this message",
        )
