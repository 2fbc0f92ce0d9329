"""Every number of a report computed again by the SQL that the report prints, and set beside what the report states.

`facts` asks for each figure, headline number and finding once, through a function that runs SQL on the published
snapshot, and yields what the report states next to what the SQL gives. Nothing here knows how a report is composed:
that a number agrees is found out by asking, not by composing again. What the report derives itself (the leave-one-out
drivers) is derived again from the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from tasks.core import drivers
from tasks.core.report_model import Estimate, Finding, Kpi, WeeklyReport
from tasks.core.weeks import week_of

Row = Mapping[str, Any]
Ask = Callable[[str], Sequence[Row]]

MEASURES = (
    "n", "k", "value", "lo", "hi", "previous", "baseline", "delta", "delta_lo", "delta_hi", "q_value", "verdict",
    "slope", "slope_lo", "slope_hi", "slope_start", "slope_n", "slope_q_value", "slope_verdict",
)  # fmt: skip
DIGITS = 6


@dataclass(frozen=True)
class Fact:
    """A value as the report states it and as SQL on the snapshot gives it; ref names it (store/references)."""

    ref: str
    stated: Any
    computed: Any

    @property
    def is_equal(self) -> bool:
        return _plain(self.stated) == _plain(self.computed)


def facts(report: WeeklyReport, ask: Ask, history: Sequence[Row] = (), topics: Sequence[Row] = ()) -> Iterator[Fact]:
    """Every number of a report that has SQL.

    Args:
        ask: rows of a query on the snapshot as dictionaries.
        history: rows of sql/verify/history for the report's focus brand.
        topics: rows of sql/verify/topics.
    """
    for finding in (*report.findings, *report.watches):
        yield from _finding(finding, ask)
    for kpi in report.kpis:
        yield from _kpi(report, kpi, ask)
    yield from _history(report, history)
    yield from _cards(report, topics)
    yield from _measures(report, ask)
    yield from _totals(report, ask)
    known = {figure.figure_id: figure.query for figure in report.figures}
    for figure_id, maker in _MAKERS.items():
        if figure_id in known:
            yield from maker(report, ask(known[figure_id]))


def without_recomputation(report: WeeklyReport) -> list[str]:
    """Figures of the report whose SQL `facts` does not set beside what the report states."""
    return [name for figure in report.figures for name in [figure.figure_id] if name not in {*_MAKERS, "totals"}]


def _estimate(ref: str, stated: Estimate, row: Row) -> Iterator[Fact]:
    for name in MEASURES:
        if name in row:
            yield Fact(f"{ref}.{name}", getattr(stated, name), row[name])


def _one_row(ref: str, stated: Estimate, rows: Sequence[Row]) -> Iterator[Fact]:
    """An estimate and the one row of its query; no row means that there is no document."""
    if rows or stated.n or stated.value:
        yield Fact(f"{ref}.rows", 1, len(rows))
    if len(rows) == 1:
        yield from _estimate(ref, stated, rows[0])


def _finding(finding: Finding, ask: Ask) -> Iterator[Fact]:
    rows = ask(finding.query)
    yield from _one_row(finding.finding_id, finding.estimate, rows)
    for name, value in (rows[0] if len(rows) == 1 else {}).items():
        if name not in MEASURES and isinstance(value, int | float | Decimal):
            yield Fact(f"{finding.finding_id}.{name}", value, value)  # nothing states it: sentences may speak of it


def _kpi(report: WeeklyReport, kpi: Kpi, ask: Ask) -> Iterator[Fact]:
    ref = f"kpi-{kpi.kpi_id}"
    rows = ask(kpi.query)
    if kpi.kpi_id != "coverage":
        yield from _one_row(ref, kpi.estimate, rows)
        return
    of_week = {week_of(_day(row["week_start"])): row for row in rows}
    this = of_week.get(report.iso_week)
    shares = {week: _share(row["received"], row["expected"]) for week, row in of_week.items()}
    yield Fact(f"{ref}.k", kpi.estimate.k, this["received"] if this else None)
    yield Fact(f"{ref}.n", kpi.estimate.n, this["expected"] if this else 0)
    yield Fact(f"{ref}.value", kpi.estimate.value, shares.get(report.iso_week))
    for week, value in zip(report.weeks, kpi.history, strict=True):
        yield Fact(f"{ref}.history.{week}", value, shares.get(week))


def _history(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    values = {(row["metric"], row["iso_week"]): row["value"] for row in rows}
    for kpi in report.kpis:
        if kpi.kpi_id != "coverage" and rows:
            for week, value in zip(report.weeks, kpi.history, strict=True):
                yield Fact(f"kpi-{kpi.kpi_id}.history.{week}", value, values.get((kpi.estimate.metric, week)))


def _cards(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    of_key = {(row["metric"], row["brand"], row["topic_id"]): row for row in rows}
    for card in report.topic_cards if rows else ():
        for estimate in (card.share, card.sentiment):
            if estimate is not None:
                row = of_key.get((estimate.metric, estimate.brand, estimate.topic_id))
                ref = f"card-{card.topic.topic_id}.{estimate.metric}"
                yield from _one_row(ref, estimate, [row] if row else [])


def _measures(report: WeeklyReport, ask: Ask) -> Iterator[Fact]:
    counted = {row["verdict"]: row["measure_count"] for row in ask(report.measures.query)}
    names = {
        "signal": ("signal_up", "signal_down"),
        "watch": ("watch_up", "watch_down"),
        "no_clear_change": ("no_clear_change",),
        "too_few": ("too_few",),
        "baseline_building": ("baseline_building",),
        "excluded": ("excluded",),
    }
    for name, verdicts in names.items():
        yield Fact(f"measures.{name}", getattr(report.measures, name), sum(counted.get(v, 0) for v in verdicts))


def _totals(report: WeeklyReport, ask: Ask) -> Iterator[Fact]:
    rows = ask(report.query_of("totals"))
    for name in type(report.totals).model_fields:
        if rows and name in rows[0]:
            yield Fact(f"totals.{name}", getattr(report.totals, name), rows[0][name])


def _sentiment(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    by_week = {row["iso_week"]: row for row in rows}
    for week in report.sentiment:
        row = by_week.get(week.iso_week, {})
        for name in ("negative", "mixed", "neutral", "positive", "abstained"):
            yield Fact(f"fig-sentiment.{week.iso_week}.{name}", getattr(week, name), row.get(name, 0))


def _net(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    by_week = {row["iso_week"]: row for row in rows}
    for week in report.sentiment:
        row = by_week.get(week.iso_week, {})
        ref = f"fig-net.{week.iso_week}"
        yield Fact(f"{ref}.n", week.net_n, row.get("n", 0))
        for column, stated, name in (
            ("net_sentiment", week.net, "value"), ("lo", week.net_lo, "lo"), ("hi", week.net_hi, "hi"),
        ):  # fmt: skip
            yield Fact(f"{ref}.{column}", stated, row.get(name))


def _voice(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    values = {(row["brand"], row["iso_week"]): row["value"] for row in rows}
    for brand in report.matrix:
        for week, value in zip(report.weeks, brand.voice_history, strict=True):
            yield Fact(f"fig-voice.{week}.{brand.brand}", value, values.get((brand.brand, week)))


def _matrix(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    by_brand = {row["brand"]: row for row in rows}
    for brand in report.matrix:
        row = by_brand.get(brand.brand, {})
        ref = f"fig-matrix.{brand.brand}"
        stated = {
            "mention_count": brand.voice.k or 0,
            "naming_count": brand.voice.n,
            "share_of_voice": brand.voice.value,
            "scored_count": brand.sentiment.n,
            "net_sentiment": brand.sentiment.value,
            "net_sentiment_change": brand.sentiment.delta,
            "net_sentiment_change_lo": brand.sentiment.delta_lo,
            "net_sentiment_change_hi": brand.sentiment.delta_hi,
            "negative_share": brand.negative.value,
            "rating_count": brand.rating.n,
            "mean_rating": brand.rating.value,
            "top_topic_id": brand.top_topic_id,
            "top_topic_count": brand.top_topic_count,
            **(
                {"top_aspect": brand.top_aspect, "top_aspect_count": brand.top_aspect_count}
                if "top_aspect" in row
                else {}
            ),
        }
        counts = {"mention_count", "naming_count", "scored_count", "rating_count"}
        for name, value in stated.items():
            found = row.get(name, 0 if name in counts else None)
            yield Fact(f"{ref}.{name}", value, 0 if name in counts and found is None else found)


def _names(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    if not report.new_names:  # young data names nothing new: the query is asked from the fifth week on
        return
    yield Fact("fig-names.rows", len(report.new_names), len(rows))
    for number, (name, row) in enumerate(zip(report.new_names, rows, strict=False), 1):
        for column in ("entity_name", "first_week", "document_count", "total_count"):
            yield Fact(f"fig-names.row{number}.{column}", getattr(name, column), row[column])


def _topics(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    yield Fact("fig-topics.rows", True, len(rows) >= len(report.largest_topics))
    for number, (share, row) in enumerate(zip(report.largest_topics, rows, strict=False), 1):
        renamed = {**row, "k": row["topic_count"], "n": row["document_count"], "value": row["topic_share"]}
        yield Fact(f"fig-topics.row{number}.topic", share.topic_id, row["topic_id"])
        yield from _estimate(f"fig-topics.row{number}", share, renamed)


def _aspects(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    yield Fact("fig-aspects.rows", len(report.aspects), len(rows))
    for number, (aspect, row) in enumerate(zip(report.aspects, rows, strict=False), 1):
        ref = f"fig-aspects.row{number}"
        yield Fact(f"{ref}.brand", aspect.brand, row["brand"])
        yield Fact(f"{ref}.aspect", aspect.aspect, row["aspect"])
        yield from _estimate(ref, aspect.share, row)
        net = aspect.sentiment
        yield Fact(f"{ref}.scored_count", net.n if net else None, row["scored_count"])
        yield Fact(f"{ref}.net_sentiment", net.value if net else None, row["net_sentiment"])


def _comparisons(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    yield from _same("fig-comparisons", report.preferences, rows[: len(report.preferences)], without=("quote",))


def _changes(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    yield from _same("fig-changes", report.changes, rows)


def _forecast(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    yield from _same("fig-forecast", report.outlooks, rows)


def _coverage(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    yield from _same("fig-coverage", report.brand_spans, rows)


def _same(ref: str, parts: Sequence[BaseModel], rows: Sequence[Row], *, without: Sequence[str] = ()) -> Iterator[Fact]:
    """Parts that are rows as they stand, field by field."""
    yield Fact(f"{ref}.rows", len(parts), len(rows))
    for number, (part, row) in enumerate(zip(parts, rows, strict=False), 1):
        for name in type(part).model_fields:
            if name not in without:
                found = row.get(name)
                is_day = isinstance(found, date) and not isinstance(found, datetime)
                yield Fact(f"{ref}.row{number}.{name}", getattr(part, name), str(found) if is_day else found)


def _agreement(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    yield from _same("agreement", report.rating_agreement, rows)


def _drivers(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    if report.drivers is None:
        return
    made = drivers.drivers(rows, brand=report.drivers.brand)
    yield Fact("fig-drivers.is_computed", True, made is not None)
    if made is None:
        return
    for name in ("n", "n_previous", "delta", "without_topic_count"):
        yield Fact(f"fig-drivers.{name}", getattr(report.drivers, name), getattr(made, name))
    yield Fact("fig-drivers.rows", len(report.drivers.rows), len(made.rows))
    for number, (stated, computed) in enumerate(zip(report.drivers.rows, made.rows, strict=False), 1):
        for name in type(stated).model_fields:
            yield Fact(f"fig-drivers.row{number}.{name}", getattr(stated, name), getattr(computed, name))


def _quality(report: WeeklyReport, rows: Sequence[Row]) -> Iterator[Fact]:
    by_source = {(row["source"], row["kind"]): row for row in rows}
    yield Fact("fig-quality.rows", len(report.sources), len(rows))
    names = ("status", "expected", "received", "counted", "duplicates", "spam", "rejected_total", "abstained",
             "without_topic")  # fmt: skip
    for source in report.sources:
        row = by_source.get((source.source, source.kind), {})
        for name in names:
            yield Fact(f"fig-quality.{source.source}.{name}", getattr(source, name), row.get(name))
        newest = row.get("newest_published_at")
        stated = source.newest_at[:-1] if source.newest_at else None
        yield Fact(f"fig-quality.{source.source}.fresh", stated, newest.isoformat() if newest else None)
        columns = {"en": "english", "zh": "chinese", "other": "other_languages"}
        given = dict(source.languages)
        for language, column in columns.items():
            yield Fact(f"fig-quality.{source.source}.{language}", given.get(language, 0), row.get(column))


_MAKERS: dict[str, Callable[[WeeklyReport, Sequence[Row]], Any]] = {
    "fig-sentiment": _sentiment,
    "fig-net": _net,
    "fig-voice": _voice,
    "fig-matrix": _matrix,
    "fig-names": _names,
    "fig-aspects": _aspects,
    "fig-comparisons": _comparisons,
    "fig-changes": _changes,
    "fig-forecast": _forecast,
    "fig-coverage": _coverage,
    "fig-topics": _topics,
    "fig-drivers": _drivers,
    "fig-quality": _quality,
    "agreement": _agreement,
}

_NUMBER = re.compile(r"[+\u2212]?\d[\d,]*(?:\.\d+)?%?")


def strange_numbers(text: str, allowed: Sequence[float], *, constants: str, names: Sequence[str]) -> list[str]:
    """Numbers of a sentence that no computed value reads as, at 0, 1 or 2 digits, as a count, a share or points.

    Args:
        allowed: the values that the sentence may speak of.
        constants: the template's own words: numbers that stand in them belong to the wording.
        names: names that may hold digits of their own; they are taken out first.
    """
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ") if name else text
    fixed = set(_NUMBER.findall(constants))
    readings = {reading for value in allowed for reading in _readings(value)}
    return [
        number
        for number in _NUMBER.findall(text)
        if number not in fixed and number.replace(",", "").lstrip("+\u2212").rstrip("%") not in readings
    ]


def _readings(value: float) -> set[str]:
    size = abs(value)
    found = {f"{size * scale:.{digits}f}" for scale in (1, 100) for digits in (0, 1, 2)}
    return found | ({"1", "99"} if 0 < size < 1 else set())  # <1% and >99%


def _share(part: Any, whole: Any) -> float | None:
    return float(part) / float(whole) if whole else None


def _day(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        return round(float(value), DIGITS) + 0.0
    return value
