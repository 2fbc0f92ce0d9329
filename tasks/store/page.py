"""What a page of the report shows in one language, as plain text: the same for HTML and Markdown.

Templates put these values in their places and escape them; no number is formatted anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tasks.core.contracts import ALL
from tasks.core.report_model import (
    Alert,
    AlertSubject,
    Estimate,
    Finding,
    Kpi,
    Model,
    Page,
    RatingAgreement,
    SourceRow,
    TopicCard,
    WeeklyReport,
)
from tasks.core.wording import NAME_LIMIT, Wording, clip
from tasks.store import charts
from tasks.store.charts import Chart
from tasks.store.figures import views

SECTIONS = (
    "key-findings",
    "kpis",
    "alerts",
    "sentiment",
    "competitors",
    "topics",
    "drivers",
    "quality",
    "method",
    "reproduce",
    "glossary",
)
GROUPS = ("new", "rising", "falling", "largest")
MAX_SCORES = 3


@dataclass(frozen=True)
class KpiCard:
    """A headline number as text; lines say the change and the baseline."""

    kpi_id: str
    label: str
    value: str
    n: str
    estimate: Estimate
    lines: tuple[str, ...]
    history: str
    values: tuple[float | None, ...]
    query: str
    is_words: bool

    @property
    def text_sparkline(self) -> str:
        return charts.text_sparkline(self.values)


@dataclass(frozen=True)
class AlertLine:
    """An alert that fired."""

    ref: str
    text: str
    finding_id: str | None


@dataclass(frozen=True)
class TopicView:
    """A topic's card as text."""

    topic_id: str
    label: str
    language: str
    about: str
    share: str
    estimate: Estimate
    lines: tuple[str, ...]
    keywords: str
    quotes: tuple


@dataclass(frozen=True)
class TopicGroup:
    """Cards of the new, rising, falling or most frequent topics; `empty` is said where there are none."""

    title: str
    cards: tuple[TopicView, ...]
    empty: str


@dataclass(frozen=True)
class ModelLine:
    """A row of the models' table."""

    name: str
    task: str
    accuracy: str
    licence: str


def context(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> dict[str, Any]:
    """Everything that the templates name, for one language."""
    year, week = report.iso_week.split("-W")
    return {
        "report": report,
        "w": w,
        "language": w.language,
        "summary": report.summary_zh if w.language == "zh" else report.summary_en,
        "heading": w.say("header.week", week=int(week), year=year),
        "days": days(report, w),
        "status": _status(report, w),
        "sections": [(name, w.say(f"section.{name.replace('-', '_')}")) for name in SECTIONS],
        "opening": _opening(report, w),
        "caveats": _caveats(report, w),
        "kpi_scope": w.say(
            "kpi.scope_all" if report.own_brand is None else "kpi.scope", brand=w.brand(report.focus_brand)
        ),
        "kpis": [_kpi(kpi, w) for kpi in report.kpis],
        "has_ratings": any(kpi.kpi_id == "mean_rating" for kpi in report.kpis),
        "alerts": [
            (
                w.say("alerts.rule", rule=_rule(alert, w)),
                [_alert(alert, number, subject, w) for number, subject in enumerate(alert.subjects, 1)],
            )
            for alert in report.alerts
            if alert.subjects
        ],
        "alert_rules": w.say(
            "alerts.rules", rules=w.say("list_separator").join(_rule(alert, w) for alert in report.alerts)
        ),
        "figures": views(report, w, drawn),
        "voices_about": w.say(
            "voices.about_all" if report.focus_brand == ALL else "voices.about", brand=w.brand(report.focus_brand)
        ),
        "has_page_source": any(row.kind == "competitor" for row in report.sources),
        "topic_groups": _topic_groups(report, w),
        "totals": _totals(report, w),
        "models": [_model(model, w) for model in report.models],
        "agreements": [_agreement(agreement, w) for agreement in report.rating_agreement],
        "definitions": [
            (d.label_zh, d.description_zh) if w.language == "zh" else (d.label_en, d.description_en)
            for d in report.definitions
        ],
        "published": report.provenance.published_at.replace("T", " ").replace("+00:00", " UTC"),
        "day": lambda iso: day(iso, w),
        "page_title": lambda page: _page_title(page, w),
        "evidence": lambda finding: _evidence(finding, w),
        "behind": lambda finding: _behind(finding, w),
    }


def day(iso: str, w: Wording) -> str:
    """A date as the language writes it."""
    value = date.fromisoformat(iso[:10])
    return w.say("date.day", day=value.day, month=_month(value, w), year=value.year)


def days(report: WeeklyReport, w: Wording) -> str:
    """The week's first and last day."""
    first, last = date.fromisoformat(report.first_day), date.fromisoformat(report.last_day)
    key = "other_years" if first.year != last.year else "same_year" if first.month != last.month else "same_month"
    return w.say(
        f"date.{key}",
        first_day=first.day,
        last_day=last.day,
        first_month=_month(first, w),
        last_month=_month(last, w),
        first_year=first.year,
        last_year=last.year,
        month=_month(last, w),
        year=last.year,
    )


def _month(value: date, w: Wording) -> str:
    return w.listed("date.months")[value.month - 1]


def _status(report: WeeklyReport, w: Wording) -> str:
    """final, provisional while a source is incomplete, or revised."""
    if report.revision > 1:
        reason = w.say(f"reason.{report.provenance.reason}")
        return w.say("header.status_revised", revision=report.revision, reason=reason)
    low = [row.source for row in report.sources if row.is_short]
    if low:
        return w.say("header.status_provisional", sources=w.say("list_separator").join(low))
    return w.say("header.status_final")


def _opening(report: WeeklyReport, w: Wording) -> list[str]:
    """What stands before the findings: that the week is quiet, or that the baseline is still being built."""
    measures = report.measures
    documents = w.count(report.totals.counted)
    if any(finding.rule in ("signal", "slope") for finding in report.findings):
        return []
    if report.totals.counted == 0:
        return [w.say("findings.no_documents")]
    if measures.compared:
        if measures.watch:
            return [
                w.say(
                    "findings.quiet_watched",
                    quiet=measures.no_clear_change,
                    measures=measures.compared,
                    documents=documents,
                    watches=measures.watch,
                )
            ]
        return [w.say("findings.quiet", measures=measures.compared, documents=documents)]
    if measures.earlier_weeks < 8:
        return [w.say("findings.baseline", weeks=measures.earlier_weeks)]
    return []


def _caveats(report: WeeklyReport, w: Wording) -> list[str]:
    """What was not compared, and why."""
    measures = report.measures
    total = measures.compared + measures.excluded + measures.too_few + measures.baseline_building
    lines = []
    if measures.excluded:
        low = [row for row in report.sources if row.is_short and not row.is_fall]
        named = w.say("list_separator").join(_excluded_source(row, w) for row in low)
        lines.append(
            w.say(
                "findings.excluded",
                excluded=measures.excluded,
                measures=total,
                sources=w.say("findings.excluded_sources", sources=named) if named else "",
            )
        )
    lines += [
        w.say(
            "findings.fall",
            source=row.source,
            received=w.count(row.received),
            expected=w.count(row.expected),
        )
        for row in report.sources
        if row.is_fall
    ]
    if report.brand_spans:
        lines.append(w.say("findings.brand_spans", count=w.count(len(report.brand_spans))))
    if measures.too_few and report.totals.counted:
        lines.append(w.say("findings.too_few", count=measures.too_few, measures=total))
    return lines


def _excluded_source(row: SourceRow, w: Wording) -> str:
    """A source that is left out, with what of it is missing."""
    reason = f"findings.reason_{row.incomplete_reason or 'silent'}"
    return w.say(
        "findings.excluded_source",
        source=row.source,
        received=w.count(row.received),
        expected=w.count(row.expected),
        reason=w.say(reason, days=w.count(row.missing_days)),
    )


def _kpi(kpi: Kpi, w: Wording) -> KpiCard:
    estimate, metric = kpi.estimate, kpi.kpi_id
    if metric == "coverage":
        value, n, lines = _coverage(estimate, w)
        is_words = estimate.value is None
    else:
        value = w.level(metric, estimate.value)
        is_words = estimate.value is None
        if is_words:
            value = w.verdict(estimate.verdict)
            n = w.say("kpi.too_few" if estimate.verdict == "too_few" else "kpi.n", n=w.count(estimate.n))
        else:
            interval = w.interval(metric, estimate.lo, estimate.hi)
            n = w.denominator(estimate) + (w.say("detail.separator") + interval if interval else "")
        lines = _kpi_changes(estimate, w)
    known = [item for item in kpi.history if item is not None]
    return KpiCard(
        kpi_id=metric,
        label=w.say(f"kpi.{metric}"),
        value=value,
        n=n,
        estimate=estimate,
        lines=tuple(lines),
        history=w.say(
            "kpi.history", weeks=len(kpi.history), lo=w.level(metric, min(known)), hi=w.level(metric, max(known))
        )
        if known
        else w.say("kpi.history_none"),
        values=kpi.history,
        query=kpi.query,
        is_words=is_words,
    )


def _kpi_changes(estimate: Estimate, w: Wording) -> list[str]:
    metric = estimate.metric
    if estimate.verdict == "excluded":
        return [w.say("kpi.not_compared")]
    lines = []
    if estimate.delta is not None:
        interval = w.interval_of_change(metric, estimate.delta_lo, estimate.delta_hi)
        change = w.worded_change(metric, estimate.delta)
        lines.append(
            w.say("kpi.on_week_range", change=change, range=interval)
            if interval
            else w.say("kpi.on_week", change=change)
        )
    elif estimate.verdict != "too_few":
        lines.append(w.say("kpi.no_previous"))
    if estimate.full_baseline is not None:
        lines.append(w.say("kpi.baseline", value=w.level(metric, estimate.full_baseline)))
    return lines


def _coverage(estimate: Estimate, w: Wording) -> tuple[str, str, list[str]]:
    if estimate.value is None:
        return w.verdict(estimate.verdict), w.say("kpi.coverage_none", n=w.count(estimate.n)), []
    n = w.say("kpi.coverage_n", received=w.count(estimate.k), expected=w.count(estimate.n))
    if estimate.delta is None:
        return w.percent(estimate.value), n, [w.say("kpi.no_previous")]
    change = w.worded_change("coverage", estimate.delta)
    return w.percent(estimate.value), n, [w.say("kpi.on_week", change=change)]


def _alert(alert: Alert, number: int, subject: AlertSubject, w: Wording) -> AlertLine:
    if alert.rule == "negative_surge":
        part, whole = w.percent(subject.part), w.percent(subject.whole)
    else:
        part, whole = w.count(subject.part), w.count(subject.whole)
    share = w.percent(subject.part / subject.whole) if subject.whole else w.say("none")
    text = w.say(f"alerts.fired_{alert.rule}", name=clip(subject.name, NAME_LIMIT), part=part, whole=whole, share=share)
    return AlertLine(f"alert-{alert.rule}.{number}", text, subject.finding_id)


def _rule(alert: Alert, w: Wording) -> str:
    is_points = alert.rule == "negative_surge"
    threshold = w.points(alert.threshold).lstrip("+") if is_points else w.percent(alert.threshold)
    return w.say(f"alerts.{alert.rule}", threshold=threshold)


def _topic_groups(report: WeeklyReport, w: Wording) -> list[TopicGroup]:
    if not report.topic_cards:
        return []
    groups = []
    for name in GROUPS:
        cards = tuple(_topic(report, card, w) for card in report.topic_cards if card.group == name)
        if cards or name != "largest":
            empty = w.say(f"topics.none_{name}") if name != "largest" else ""
            groups.append(TopicGroup(w.say("topics.heading_new" if name == "new" else f"topics.{name}"), cards, empty))
    return groups


def _topic(report: WeeklyReport, card: TopicCard, w: Wording) -> TopicView:
    share, sentiment = card.share, card.sentiment
    key = "topics.few" if share.value is None else "topics.share"
    lines = []
    if share.delta is not None and share.verdict not in ("too_few", "excluded"):
        interval = w.interval_of_change("topic_share", share.delta_lo, share.delta_hi)
        lines.append(w.say("kpi.on_week_range", change=w.worded_change("topic_share", share.delta), range=interval))
    if share.full_baseline is not None:
        lines.append(w.say("kpi.baseline", value=w.percent(share.full_baseline)))
    if sentiment is not None and sentiment.value is not None:
        lines.append(w.say("topics.net", value=w.level("nss", sentiment.value), n=w.count(sentiment.n)))
    elif sentiment is not None:
        lines.append(w.say("topics.net_few", n=w.count(sentiment.n)))
    if card.topic.first_week == report.iso_week:
        lines.append(w.say("topics.new"))
    return TopicView(
        topic_id=card.topic.topic_id,
        label=clip(card.topic.label, 80),
        language=card.topic.language,
        about=w.say("topics.about_all" if share.brand == ALL else "topics.about", brand=w.brand(share.brand)),
        share=w.say(key, k=w.count(share.k), n=w.count(share.n), value=w.percent(share.value)),
        estimate=share,
        lines=tuple(lines),
        keywords=clip(w.say("list_separator").join(card.topic.keywords[:8]), 160),
        quotes=card.quotes,
    )


def _evidence(finding: Finding, w: Wording) -> list[tuple[str, str, str]]:
    """The row behind a finding: name, label and value of what is known."""
    e = finding.estimate
    metric = e.metric
    pairs: Sequence[tuple[str, str | None]] = (
        ("value", w.worded_level(metric, e.value, 1) if e.value is not None else None),
        ("range", w.interval(metric, e.lo, e.hi, 1)),
        ("n", w.count(e.n)),
        ("baseline", w.level(metric, e.full_baseline, 1) if e.full_baseline is not None else None),
        ("previous", w.level(metric, e.previous, 1) if e.previous is not None else None),
        ("change", w.change_interval(metric, e.delta_lo, e.delta_hi, 1)),
        ("q_value", f"{e.q_value:.3f}" if e.q_value is not None else None),
        ("verdict", w.verdict(e.verdict)),
    )
    return [(name, w.say(f"field.{name}"), value) for name, value in pairs if value]


def _behind(finding: Finding, w: Wording) -> str:
    shown = len(finding.document_ids)
    return w.say("findings.behind_all" if shown < 50 else "findings.behind", count=w.count(shown))


def _totals(report: WeeklyReport, w: Wording) -> str:
    """What was received and what of it counts; and, where the press wrote, its articles as stories."""
    totals = report.totals
    said = w.say(
        "fig_quality.totals",
        received=w.count(totals.received),
        counted=w.count(totals.counted),
        duplicates=w.count(totals.duplicates),
        spam=w.count(totals.spam),
        pages=w.count(totals.competitor_pages),
    )
    if not totals.articles:
        return said
    told = w.say("fig_quality.stories", articles=w.count(totals.articles), stories=w.count(totals.stories))
    return f"{said} {told}" if w.language == "en" else f"{said}{told}"


def _model(model: Model, w: Wording) -> ModelLine:
    known = w.listed_names("method")
    task = w.say(f"method.task_{model.task}") if f"task_{model.task}" in known else model.task
    language = w.say(f"language.{model.language}") if model.language in ("en", "zh") else ""
    shown = [_score(score, w) for score in model.scores[:MAX_SCORES]]
    if len(model.scores) > MAX_SCORES:
        shown.append(w.say("method.more_scores", count=len(model.scores) - MAX_SCORES))
    return ModelLine(
        name=f"{model.name}@{model.revision}",
        task=f"{task} ({language})" if language else task,
        accuracy=w.say("list_separator").join(shown) or w.say("method.no_accuracy"),
        licence=model.licence,
    )


def _agreement(agreement: RatingAgreement, w: Wording) -> str:
    """How far sentiment agrees with stars, as sentences."""
    told = w.say(
        "method.agreement",
        language=w.say(f"language.{agreement.language}"),
        rated=w.count(agreement.rated),
        n=w.count(agreement.n),
        share=w.percent(agreement.value, 1),
        lo=w.percent(agreement.lo, 1),
        hi=w.percent(agreement.hi, 1),
    )
    if agreement.value_before is not None:
        before = w.percent(agreement.value_before, 1)
        told += w.say("method.agreement_before", share=before, n=w.count(agreement.n_before))
    return told + (w.say("method.agreement_dropped") if agreement.has_dropped else w.say("method.agreement_end"))


def _score(score: tuple, w: Wording) -> str:
    metric, data, value, lo, hi, n = score
    name = metric.replace("_", " ").replace("f1", "F1")
    text = w.say("method.score", metric=name, value=f"{value:.2f}")
    if lo is not None and hi is not None:
        text = w.say("method.score_range", metric=name, value=f"{value:.2f}", lo=f"{lo:.2f}", hi=f"{hi:.2f}")
    if data:
        text = w.say("method.score_data", score=text, data=clip(data, NAME_LIMIT))
    return w.say("method.score_n", score=text, n=w.count(n)) if n else text


def _page_title(page: Page, w: Wording) -> str:
    return clip(page.title, 120) if page.title and page.title.strip() else w.say("pages.untitled")
