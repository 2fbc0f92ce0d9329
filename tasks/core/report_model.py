"""The weekly report as one object: every rendering, in any language, is made from it and from nothing else.

`WeeklyReport` holds numbers, quotes and the SQL behind them, and the sentences of the findings in both languages.
As canonical JSON it is the payload of marts.report: keys sorted, floats rounded to six digits, so that equal
content is equal text. `provenance` (run, time, configuration, command, previous report, reason) is the only part that
the content hash leaves out: the same facts found by another run are the same report.

Units: shares and net sentiment are fractions ([0, 1] and [-1, 1]), ratings stars, volumes documents.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel

from tasks.core.report_blocks import (
    AspectRow,
    BrandSpan,
    Change,
    Estimate,
    Outlook,
    Part,
    Preference,
    Quote,
)

SCHEMA_VERSION = 1
SMALLEST_EXPECTED = 5


class Finding(Part):
    """A sentence of the report. strong_*: first and last (exclusive) code point of the part that is emphasised."""

    finding_id: str
    rank: int
    rule: str
    estimate: Estimate
    figure_id: str
    text_en: str
    text_zh: str
    strong_en: tuple[int, int]
    strong_zh: tuple[int, int]
    query: str
    document_ids: tuple[str, ...] = ()


class Kpi(Part):
    """A headline number; history holds up to 12 weeks, oldest first, the last one being this week."""

    kpi_id: str
    estimate: Estimate
    history: tuple[float | None, ...]
    query: str


class SentimentWeek(Part):
    """Documents of one week by sentiment, and the net sentiment with its interval (null where too few)."""

    iso_week: str
    negative: int = 0
    mixed: int = 0
    neutral: int = 0
    positive: int = 0
    abstained: int = 0
    net_n: int = 0
    net: float | None = None
    net_lo: float | None = None
    net_hi: float | None = None

    @property
    def scored(self) -> int:
        return self.negative + self.mixed + self.neutral + self.positive

    @property
    def documents(self) -> int:
        return self.scored + self.abstained


class BrandRow(Part):
    """A row of the competitor matrix: mentions of so many naming documents, share, net sentiment, top topic."""

    brand: str
    role: str
    voice: Estimate
    sentiment: Estimate
    negative: Estimate
    rating: Estimate
    top_topic_id: str | None = None
    top_topic_count: int | None = None
    top_aspect: str | None = None
    top_aspect_count: int | None = None
    voice_history: tuple[float | None, ...] = ()


class NewName(Part):
    """A name that no configuration lists, first seen in one of the last eight weeks."""

    entity_name: str
    entity_type: str
    first_week: str
    document_count: int
    total_count: int
    quote: Quote | None = None


class Page(Part):
    """A competitor's own page of the week."""

    document_id: str
    title: str | None
    brand: str | None
    source: str
    published_date: str
    url: str | None
    quote: Quote | None


class Topic(Part):
    """A topic's name; label and keywords are in the language of its documents."""

    topic_id: str
    language: str
    label: str
    keywords: tuple[str, ...]
    first_week: str | None = None


class TopicCard(Part):
    """A topic of the week for one brand: group is new, rising, falling or largest."""

    group: str
    topic: Topic
    share: Estimate
    sentiment: Estimate | None = None
    quotes: tuple[Quote, ...] = ()


class Driver(Part):
    """How much of the change in net sentiment goes with one topic: change with all documents minus change without."""

    topic_id: str
    n: int
    n_previous: int
    contribution: float
    lo: float
    hi: float


class Drivers(Part):
    """Leave-one-topic-out contributions to the week's change in net sentiment of one brand."""

    brand: str
    n: int
    n_previous: int
    delta: float | None = None
    rows: tuple[Driver, ...] = ()
    without_topic_count: int = 0


class AlertSubject(Part):
    """What made a rule fire: `part` of `whole` (documents), or the value of a finding."""

    name: str
    part: float
    whole: float
    finding_id: str | None = None


class Alert(Part):
    """A rule of the alert list: its threshold, and what it found (nothing: it did not fire)."""

    rule: str
    threshold: float
    subjects: tuple[AlertSubject, ...] = ()


class SourceRow(Part):
    """A source in the week. incomplete_reason: as in ops.source_health; unknown in reports older than the column."""

    source: str
    kind: str
    status: str
    expected: float | None
    received: int
    counted: int
    duplicates: int
    spam: int
    rejected_total: int
    newest_at: str | None
    languages: tuple[tuple[str, int], ...] = ()
    abstained: int = 0
    without_topic: int = 0
    missing_days: int | None = None
    incomplete_reason: str | None = "unknown"

    @property
    def is_fall(self) -> bool:
        """Low with documents on all its days: compared, as a fall of volume."""
        return self.status == "low" and self.incomplete_reason is None

    @property
    def is_short(self) -> bool:
        """Low or silent, and of a size at which that is not chance."""
        return self.status in ("low", "silent") and (self.expected or 0) >= SMALLEST_EXPECTED


class Model(Part):
    """A model in use, with the accuracy that its card states: (metric, data set, value, lo, hi, n)."""

    model_version_id: str
    task: str
    language: str
    name: str
    revision: str
    licence: str
    scores: tuple[tuple[str, str, float, float | None, float | None, int | None], ...] = ()


class RatingAgreement(Part):
    """How far sentiment agreed with stars in a language: in the 4 weeks up to the report's, and in the 12 before.

    rated: counted documents with 1-2 or 4-5 stars; n: of these, those that the model calls negative or positive.
    value: share of n whose side is that of the stars, with its Wilson interval lo, hi; value_before is null where
    n_before is 0. has_dropped: the Newcombe interval of the change lies below 0, with 30 documents or more in each.
    """

    language: str
    rated: int
    n: int
    k: int
    value: float
    lo: float
    hi: float
    n_before: int
    value_before: float | None
    has_dropped: bool


class Definition(Part):
    """A metric's labels and definition, from marts.metric_definition."""

    metric: str
    unit: str
    label_en: str
    label_zh: str
    description_en: str
    description_zh: str


class Figure(Part):
    """A figure: the SQL that makes its table. A fixed id, so that sentences can point to it."""

    figure_id: str
    query: str


class Totals(Part):
    """Documents of customers and press in the week; articles of the press, spam left out, and the stories they tell."""

    received: int = 0
    duplicates: int = 0
    spam: int = 0
    counted: int = 0
    counted_previous: int = 0
    competitor_pages: int = 0
    articles: int = 0
    stories: int = 0


class Measures(Part):
    """How many measures were compared in the week, by verdict."""

    signal: int = 0
    watch: int = 0
    no_clear_change: int = 0
    too_few: int = 0
    baseline_building: int = 0
    excluded: int = 0
    earlier_weeks: int = 0
    query: str = ""

    @property
    def compared(self) -> int:
        return self.signal + self.watch + self.no_clear_change


class Provenance(Part):
    """Who made this revision, when and with what; not part of its content."""

    run_id: str
    published_at: str
    config_hash: str
    command: str
    reason: str
    data_fingerprint: str
    inputs_fingerprint: str = ""
    link_base: str = ""
    corrections_fingerprint: str = ""
    languages: tuple[str, ...]
    previous_week: str | None = None
    previous_revision: int | None = None


class WeeklyReport(Part):
    """Everything that one revision of one week's report says."""

    schema_version: int = SCHEMA_VERSION
    project: str
    timezone: str
    iso_week: str
    first_day: str
    last_day: str
    revision: int
    content_hash: str = ""
    own_brand: str | None
    focus_brand: str
    brands: tuple[str, ...]
    totals: Totals
    measures: Measures
    summary_en: str
    summary_zh: str
    findings: tuple[Finding, ...]
    watches: tuple[Finding, ...]
    kpis: tuple[Kpi, ...]
    alerts: tuple[Alert, ...]
    sentiment: tuple[SentimentWeek, ...]
    voices: tuple[Quote, ...]
    matrix: tuple[BrandRow, ...]
    weeks: tuple[str, ...]
    has_name_model: bool
    new_names: tuple[NewName, ...]
    pages: tuple[Page, ...]
    page_count: int
    topics: tuple[Topic, ...]
    topic_cards: tuple[TopicCard, ...]
    topic_brand: str
    largest_topics: tuple[Estimate, ...]
    drivers: Drivers | None
    preferences: tuple[Preference, ...] = ()
    changes: tuple[Change, ...] = ()
    aspects: tuple[AspectRow, ...] = ()
    outlooks: tuple[Outlook, ...] = ()
    brand_spans: tuple[BrandSpan, ...] = ()
    sources: tuple[SourceRow, ...]
    models: tuple[Model, ...]
    rating_agreement: tuple[RatingAgreement, ...] = ()
    definitions: tuple[Definition, ...]
    figures: tuple[Figure, ...]
    provenance: Provenance

    def query_of(self, figure_id: str) -> str:
        """SQL behind a figure."""
        return next(figure.query for figure in self.figures if figure.figure_id == figure_id)

    @property
    def all_quotes(self) -> tuple[Quote, ...]:
        """Every quote that the report shows, in its order; quote ids are unique."""
        found = [
            *self.voices,
            *(name.quote for name in self.new_names if name.quote),
            *(row.quote for row in self.preferences if row.quote),
            *(page.quote for page in self.pages if page.quote),
            *(quote for card in self.topic_cards for quote in card.quotes),
        ]
        return tuple({quote.quote_id: quote for quote in found}.values())

    def topic(self, topic_id: str | None) -> Topic | None:
        """A topic named in the report; None where it is not."""
        return next((topic for topic in self.topics if topic.topic_id == topic_id), None)


def canonical_json(part: BaseModel | dict[str, Any]) -> str:
    """JSON with sorted keys and floats rounded to six digits: equal content gives equal text."""
    data = part.model_dump(mode="json") if isinstance(part, BaseModel) else part
    return json.dumps(_rounded(data), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def content_hash(report: WeeklyReport) -> str:
    """SHA-256 over the report's content: without provenance, revision and the hash itself."""
    data = report.model_dump(mode="json", exclude={"provenance", "revision", "content_hash"})
    return hashlib.sha256(canonical_json(data).encode()).hexdigest()


def revision_reason(new: WeeklyReport, old: WeeklyReport | None) -> str:
    """Why a revision exists: first, model_changed, config_changed, corrections, late_data or recomputed."""
    if old is None:
        return "first"
    if {m.model_version_id for m in new.models} != {m.model_version_id for m in old.models}:
        return "model_changed"
    if new.provenance.config_hash != old.provenance.config_hash:
        return "config_changed"
    if new.provenance.corrections_fingerprint != old.provenance.corrections_fingerprint:
        return "corrections"
    if new.provenance.data_fingerprint != old.provenance.data_fingerprint:
        return "late_data"
    return "recomputed"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6) + 0.0  # + 0.0 turns -0.0 into 0.0
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
