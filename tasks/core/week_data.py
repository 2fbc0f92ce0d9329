"""What a week's report is made from: rows of the marts as plain dictionaries, and what reads them by name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tasks.core.contracts import ALL
from tasks.core.report_model import Change, Estimate, Measures, Topic, Totals

MIN_N = 30


@dataclass(frozen=True)
class WeekData:
    """Rows of the marts that a week's report is made from, as plain dictionaries (see sql/report)."""

    project: str
    timezone: str
    iso_week: str
    week_start: date
    weeks: tuple[str, ...]
    own_brand: str | None
    brands: tuple[tuple[str, str], ...]
    totals: Totals
    metrics: Sequence[Mapping[str, Any]] = ()
    topic_rows: Sequence[Mapping[str, Any]] = ()
    topics: Mapping[str, Topic] = field(default_factory=dict)
    aspect_rows: Sequence[Mapping[str, Any]] = ()
    aspect_labels: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    changes: Sequence[Change] = ()
    new_names: Sequence[Mapping[str, Any]] = ()
    measures: Measures = field(default_factory=Measures)

    @property
    def focus_brand(self) -> str:
        """Our own brand, or * where none is ours."""
        return self.own_brand or ALL

    def aspect_label(self, aspect: str, language: str) -> str:
        """What an aspect is called in a language; its name where it has no label."""
        english, chinese = self.aspect_labels.get(aspect, (aspect, aspect))
        return chinese if language == "zh" else english

    def label_of(self, estimate: Estimate, language: str) -> str | None:
        """The name of the topic or aspect that an estimate is of; None where it is of neither."""
        if estimate.aspect:
            return self.aspect_label(estimate.aspect, language)
        topic = self.topics.get(estimate.topic_id or "")
        return topic.label if topic else None

    def metric(self, metric: str, brand: str) -> Estimate:
        """A brand's measure over all kinds and segments; an empty one with verdict too_few where it has no row."""
        for row in self.metrics:
            if row["metric"] == metric and row["brand"] == brand and row["kind"] == ALL:
                return estimate_of(row)
        return Estimate(metric=metric, brand=brand, verdict="too_few")


def estimate_of(row: Mapping[str, Any]) -> Estimate:
    """A row of marts.weekly_metric, marts.weekly_topic or marts.weekly_aspect."""
    return Estimate(**{name: row[name] for name in Estimate.model_fields if row.get(name) is not None})


def finding_id(estimate: Estimate, rule: str = "") -> str:
    """Stable name of what a finding speaks of, the same in every week."""
    parts = [estimate.metric, estimate.brand, estimate.kind, estimate.segment, estimate.topic_id or ""]
    parts += [part for part in (estimate.aspect, rule if rule not in ("signal", "watch") else "") if part]
    return "f-" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:10]


def evidence_filter(estimate: Estimate) -> dict[str, Any]:
    """Which documents stand behind an estimate: values for sql/report/evidence.sql."""
    is_up = estimate.verdict.endswith("_up")
    sentiment = None
    if estimate.verdict.startswith(("signal", "watch")):
        if estimate.metric == "negative_share":
            sentiment = "negative"
        elif estimate.metric == "positive_share":
            sentiment = "positive"
        elif estimate.metric in ("nss", "nsr"):
            sentiment = "positive" if is_up else "negative"
    return {
        "brand": estimate.brand,
        "kind": estimate.kind,
        "topic_id": estimate.topic_id,
        "aspect": estimate.aspect,
        "sentiment": None if estimate.aspect else sentiment,
        "is_rated": estimate.metric == "mean_rating",
        "is_naming": estimate.metric == "share_of_voice",
    }
