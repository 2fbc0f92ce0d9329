"""The parts of the report that are not sentences: headline numbers, alerts, the brand matrix, sources, models."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.core.candidates import family_of
from tasks.core.contracts import ALL
from tasks.core.report_model import (
    Alert,
    AlertSubject,
    BrandRow,
    Estimate,
    Finding,
    Kpi,
    Model,
    SentimentWeek,
    SourceRow,
)
from tasks.core.week_data import WeekData

KPI_METRICS = ("volume", "nss", "share_of_voice", "mean_rating", "negative_share")
LOW_SOURCE = 0.8
HIGH_REJECTED = 0.01
HIGH_ABSTAINED = 0.2
NEGATIVE_SURGE = 0.05
_ACCURACY_WORDS = ("f1", "accuracy", "recall", "precision")


def kpis(
    week: WeekData,
    history: Sequence[Mapping[str, Any]],
    coverage: Sequence[Mapping[str, Any]],
    queries: Mapping[str, str],
) -> list[Kpi]:
    """Headline numbers of the focus brand, each with up to 12 weeks of history; then the coverage of the sources.

    A measure that the data can't have (ratings without ratings, a share of voice of nobody) is left out.

    Args:
        history: week, metric, value of the focus brand.
        coverage: week, received, expected.
        queries: SQL by kpi_id.
    """
    found = []
    for metric in KPI_METRICS:
        values = {row["week"]: row["value"] for row in history if row["metric"] == metric}
        estimate = week.metric(metric, week.focus_brand)
        has_data = estimate.n > 0 or any(value is not None for value in values.values())
        if metric != "volume" and not has_data:
            continue
        if metric == "volume" and estimate.value is None:
            estimate = estimate.model_copy(update={"value": 0.0})
        found.append(
            Kpi(
                kpi_id=metric,
                estimate=estimate,
                history=tuple(values.get(name) for name in week.weeks),
                query=queries[metric],
            )
        )
    return [*found, _coverage_kpi(week, coverage, queries["coverage"])]


def _coverage_kpi(week: WeekData, coverage: Sequence[Mapping[str, Any]], query: str) -> Kpi:
    """Received of expected documents: a count of what came, so without interval and verdict of a test."""
    shares = {row["week"]: row["received"] / row["expected"] for row in coverage}
    this = next((row for row in coverage if row["week"] == week.iso_week), None)
    before = week.weeks[-2] if len(week.weeks) > 1 else ""
    value, previous = shares.get(week.iso_week), shares.get(before)
    estimate = Estimate(
        metric="coverage",
        n=this["expected"] if this else 0,
        k=this["received"] if this else None,
        value=value,
        previous=previous,
        delta=None if value is None or previous is None else value - previous,
        verdict="baseline_building" if value is None else ("incomplete" if value < LOW_SOURCE else "complete"),
    )
    return Kpi(
        kpi_id="coverage",
        estimate=estimate,
        history=tuple(shares.get(name) for name in week.weeks),
        query=query,
    )


def sentiment_weeks(
    week: WeekData, counts: Sequence[Mapping[str, Any]], nets: Sequence[Mapping[str, Any]]
) -> tuple[SentimentWeek, ...]:
    """One entry for each week of the report's window, empty ones included."""
    by_week = {row["iso_week"]: row for row in counts}
    net_by_week = {row["iso_week"]: row for row in nets}
    names = ("negative", "mixed", "neutral", "positive", "abstained")
    found = []
    for name in week.weeks:
        row, net = by_week.get(name, {}), net_by_week.get(name, {})
        found.append(
            SentimentWeek(
                iso_week=name,
                **{key: row.get(key, 0) for key in names},
                net_n=net.get("n", 0),
                net=net.get("value"),
                net_lo=net.get("lo"),
                net_hi=net.get("hi"),
            )
        )
    return tuple(found)


def matrix(
    week: WeekData, rows: Sequence[Mapping[str, Any]], voices: Sequence[Mapping[str, Any]]
) -> tuple[BrandRow, ...]:
    """One row per tracked brand, the most named first; brands without any document stand last, with zero.

    Args:
        rows: top_topic_id, top_topic_count, top_aspect and top_aspect_count per brand.
        voices: brand, iso_week, value: share of voice over the weeks.
    """
    tops = {row["brand"]: row for row in rows}
    history = {(row["brand"], row["iso_week"]): row["value"] for row in voices}
    found = [
        BrandRow(
            brand=brand,
            role=role,
            voice=week.metric("share_of_voice", brand),
            sentiment=week.metric("nss", brand),
            negative=week.metric("negative_share", brand),
            rating=week.metric("mean_rating", brand),
            top_topic_id=tops.get(brand, {}).get("top_topic_id"),
            top_topic_count=tops.get(brand, {}).get("top_topic_count"),
            top_aspect=tops.get(brand, {}).get("top_aspect"),
            top_aspect_count=tops.get(brand, {}).get("top_aspect_count"),
            voice_history=tuple(history.get((brand, name)) for name in week.weeks),
        )
        for brand, role in week.brands
    ]
    return tuple(sorted(found, key=lambda row: (-(row.voice.k or 0), row.brand)))


def alerts(
    week: WeekData, findings: Sequence[Finding], rows: Sequence[SourceRow], batches: Sequence[Mapping[str, Any]]
) -> tuple[Alert, ...]:
    """Every rule of the alert list, with what made it fire.

    Args:
        findings: the week's findings, to point to the one that tells of a surge.
        rows: the quality table.
        batches: source, received, rejected records over all batches so far.
    """
    told = {(item.estimate.brand, family_of(item.estimate)): item.finding_id for item in findings}
    surges = [
        AlertSubject(
            name=row["brand"],
            part=row["value"],
            whole=row["baseline"],
            finding_id=told.get((row["brand"], "sentiment")),
        )
        for row in week.metrics
        if row["metric"] == "negative_share"
        and row["kind"] == ALL
        and row["brand"] != ALL
        and row["verdict"] == "signal_up"
        and row["value"] - row["baseline"] >= NEGATIVE_SURGE
    ]
    low = [
        AlertSubject(name=row.source, part=row.received, whole=row.expected)
        for row in rows
        if row.is_short and row.expected
    ]
    refused = [
        AlertSubject(name=row["source"], part=row["rejected"], whole=row["received"])
        for row in batches
        if row["received"] and row["rejected"] > HIGH_REJECTED * row["received"]
    ]
    totals = week.totals
    abstained = sum(row.abstained for row in rows if row.kind != "competitor")
    unjudged = (
        [AlertSubject(name=ALL, part=abstained, whole=totals.counted)]
        if totals.counted and abstained > HIGH_ABSTAINED * totals.counted
        else []
    )
    return (
        Alert(rule="negative_surge", threshold=NEGATIVE_SURGE, subjects=tuple(surges)),
        Alert(rule="low_source", threshold=LOW_SOURCE, subjects=tuple(low)),
        Alert(rule="rejected", threshold=HIGH_REJECTED, subjects=tuple(refused)),
        Alert(rule="abstained", threshold=HIGH_ABSTAINED, subjects=tuple(unjudged)),
    )


def sources(rows: Sequence[Mapping[str, Any]]) -> tuple[SourceRow, ...]:
    """The quality table, one row per source and kind."""
    found = []
    for row in rows:
        languages = (("en", row["english"]), ("zh", row["chinese"]), ("other", row["other_languages"]))
        kept = {name: row[name] for name in SourceRow.model_fields if name in row}
        kept["newest_at"] = row["newest_published_at"].isoformat() + "Z" if row["newest_published_at"] else None
        found.append(SourceRow(**kept, languages=tuple(pair for pair in languages if pair[1])))
    return tuple(found)


def models(rows: Sequence[Mapping[str, Any]]) -> tuple[Model, ...]:
    """Models in use, with the accuracy figures that their cards state."""
    return tuple(
        Model(
            **{name: row[name] for name in ("model_version_id", "task", "language", "name", "revision", "licence")},
            scores=tuple(_scores(json.loads(row["card"] or "{}"))),
        )
        for row in rows
    )


def _scores(card: Mapping[str, Any]) -> list[tuple[str, str, float, float | None, float | None, int | None]]:
    """(metric, data set, value, lo, hi, n) of a card's `metrics`.

    A card gives {metric: value}, {metric: {value, lo, hi}}, {data set: {metric: …}}, or a list of tables that name
    their data set. Figures other than accuracy, precision, recall and F1 are left to the card itself.
    """
    found: list[tuple[str, str, float, float | None, float | None, int | None]] = []

    def walk(node: Any, data_set: str, n: int | None) -> None:
        if isinstance(node, list):
            for item in node:
                walk(item, data_set, n)
        elif isinstance(node, Mapping):
            here = next(
                (str(node[key]) for key in ("dataset", "data_set", "set", "data") if _is_text(node, key)), data_set
            )
            size = node.get("n", n)
            size = int(size) if isinstance(size, int | float) else n
            for key, item in node.items():
                value = item.get("value") if isinstance(item, Mapping) else item
                if value is not None and _is_accuracy(key) and _is_fraction(value):
                    bounds = item if isinstance(item, Mapping) else {}
                    found.append((key, here, float(value), bounds.get("lo"), bounds.get("hi"), size))
                elif isinstance(item, Mapping | list) and key not in ("per_class", "confusion"):
                    walk(item, here if _is_accuracy(key) or key in ("metrics", "evaluation") else str(key), size)

    walk(card.get("metrics", {}), "", None)
    return found


def _is_text(node: Mapping[str, Any], key: str) -> bool:
    return isinstance(node.get(key), str)


def _is_accuracy(key: str) -> bool:
    return any(word in key.lower() for word in _ACCURACY_WORDS)


def _is_fraction(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
