"""The report's building blocks: a row of the weekly marts, a quote, the blocks on competitors and on what is ahead."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of the report: frozen, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(Part):
    """One row of marts.weekly_metric, weekly_topic (then topic_id is set) or weekly_aspect (then aspect is).

    What is not tested (an announcement, a new name) has what it states as value, and what it stood at as previous.
    """

    metric: str
    brand: str = "*"
    kind: str = "*"
    segment: str = "*"
    topic_id: str | None = None
    aspect: str | None = None
    n: int = 0
    k: float | None = None
    value: float | None = None
    lo: float | None = None
    hi: float | None = None
    previous: float | None = None
    baseline: float | None = None
    delta: float | None = None
    delta_lo: float | None = None
    delta_hi: float | None = None
    q_value: float | None = None
    verdict: str = "baseline_building"
    slope: float | None = None
    slope_lo: float | None = None
    slope_hi: float | None = None
    slope_start: float | None = None
    slope_n: int | None = None
    slope_q_value: float | None = None
    slope_verdict: str | None = None

    @property
    def full_baseline(self) -> float | None:
        """The baseline where all its weeks lie behind it; one of fewer weeks is not shown as if it were one."""
        return None if self.verdict in ("too_few", "baseline_building", "excluded") else self.baseline


class Quote(Part):
    """What somebody wrote: text == marts.document.text[start_char:end_char]."""

    quote_id: str
    document_id: str
    topic_id: str | None = None
    text: str
    start_char: int
    end_char: int
    is_cut_before: bool = False
    is_cut_after: bool = False
    language: str
    source: str
    published_date: str
    url: str | None = None
    sentiment: str | None = None


class Preference(Part):
    """How many documents put one tracked brand above another: this week, and in the twelve weeks up to it."""

    preferred_brand: str
    other_brand: str
    document_count: int
    window_count: int
    quote: Quote | None = None


class Change(Part):
    """What a competitor's own page announced or changed in the week; a row of marts.page_change."""

    change_id: str
    document_id: str
    brand: str | None
    source: str
    language: str
    title: str | None
    url: str | None
    changed_on: str
    change_kind: str
    before_text: str | None = None
    after_text: str | None = None
    before_amount: float | None = None
    after_amount: float | None = None
    currency: str | None = None
    start_char: int | None = None
    end_char: int | None = None


class Outlook(Part):
    """What is to be expected of next week, with how such forecasts did before; a row of marts.forecast."""

    metric: str
    brand: str
    target_week: str
    value: float
    lo: float | None
    hi: float | None
    model: str
    backtest_weeks: int
    mae: float | None
    mae_last: float | None
    mae_mean8: float | None
    mae_seasonal: float | None = None
    coverage: float | None
    coverage_weeks: int
    is_shown: bool


class AspectRow(Part):
    """What a brand's documents say of an aspect: its share of them, and net sentiment of those that speak of it."""

    brand: str
    aspect: str
    label_en: str
    label_zh: str
    share: Estimate
    sentiment: Estimate | None = None


class BrandSpan(Part):
    """From when to when a source has documents of a brand; a row of ops.brand_coverage."""

    source: str
    kind: str
    brand: str
    document_count: int
    first_date: str
    last_date: str
    first_covered_week: str
    capped_at: int | None = None
