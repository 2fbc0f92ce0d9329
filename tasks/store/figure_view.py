"""The shape of a figure in one language: title, table, SQL and chart; and the cells that tables share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tasks.core.report_model import WeeklyReport
from tasks.core.wording import Wording
from tasks.store.charts import Chart
from tasks.store.references import plain_keys

MIN_N = 30
_WEEK = re.compile(r"\d{4}-W\d{2}")


@dataclass(frozen=True)
class Cell:
    """A table's cell: the text of a language, the value of the CSV, and the language of foreign words."""

    text: str
    raw: Any
    lang: str | None = None
    is_time: bool = False

    @property
    def is_week(self) -> bool:
        """An ISO week, which is not to be broken into two lines."""
        return isinstance(self.raw, str) and _WEEK.fullmatch(self.raw) is not None


@dataclass(frozen=True)
class Column:
    """A table's column: its name in the CSV and its heading."""

    key: str
    label: str
    is_number: bool = True


@dataclass(frozen=True)
class FigureView:
    """A figure, ready for a template; title alone where there is nothing to show (is_empty)."""

    figure_id: str
    title: str
    subtitle: str = ""
    note: str = ""
    description: str = ""
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    query: str = ""
    chart: Chart | None = None
    legend: tuple[tuple[str, str], ...] = ()
    is_empty: bool = False

    @property
    def row_keys(self) -> list[str]:
        """Names of the rows in references."""
        return plain_keys([row[0].raw for row in self.rows], "row")

    @property
    def column_keys(self) -> list[str]:
        """Names of the columns in references."""
        return plain_keys([column.key for column in self.columns], "column")


def part_cell(w: Wording, part: int, whole: int) -> Cell:
    """A count, with its share where there are enough documents for one."""
    return Cell(f"{w.count(part)} ({w.percent(part / whole)})" if whole >= MIN_N else w.count(part), part)


def count_cell(w: Wording, value: int) -> Cell:
    return Cell(w.count(value), value)


def label_of(report: WeeklyReport, topic_id: str | None) -> str:
    topic = report.topic(topic_id)
    return topic.label if topic else ""


def language_of(report: WeeklyReport, topic_id: str | None) -> str | None:
    topic = report.topic(topic_id)
    return topic.language if topic else None


def weeks_of(report: WeeklyReport, w: Wording) -> str:
    if len(report.weeks) == 1:
        return report.weeks[0]
    return w.say("figure.weeks_shown", first=report.weeks[0], last=report.weeks[-1])
