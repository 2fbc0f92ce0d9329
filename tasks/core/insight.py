"""What the week's rows mean: which changes are findings, how they rank, and which topics the report shows.

Rows of the weekly marts come in with their verdicts; nothing here tests anything again. A signal becomes a key
finding, a watch a line below them. Nets, ratios and shares of sentiment are one story: of each brand and family only
the best one is told. Rank = effect x confidence x weight, with effects of different units brought to one scale
(0.1 = ten points, a volume changed by half, 0.4 stars).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tasks.core.contracts import ALL
from tasks.core.report_model import Estimate, Finding, Measures, Topic, Totals
from tasks.core.wording import SUMMARY_LIMIT, Sentence, Wording, clip

MIN_N = 30
BASELINE_WEEKS = 8
MAX_FINDINGS = 6
MAX_WATCHES = 3
MAX_EVIDENCE = 50
FAMILIES = {
    "nss": "sentiment",
    "nsr": "sentiment",
    "negative_share": "sentiment",
    "positive_share": "sentiment",
    "volume": "volume",
    "share_of_voice": "voice",
    "mean_rating": "rating",
    "topic_share": "topic",
}
SMALLEST_WATCH = {"volume": 0.2, "mean_rating": 0.2}
SMALLEST_WATCH_SHARE = 0.05
SMALLEST_WATCHED_TOPIC = 10
SMALLEST_CLEARANCE = {"volume": 0.5, "mean_rating": 0.05}
SMALLEST_CLEARANCE_SHARE = 0.001


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
    measures: Measures = field(default_factory=Measures)

    @property
    def focus_brand(self) -> str:
        """Our own brand, or * where none is ours."""
        return self.own_brand or ALL

    def metric(self, metric: str, brand: str) -> Estimate:
        """A brand's measure over all kinds and segments; an empty one with verdict too_few where it has no row."""
        for row in self.metrics:
            if row["metric"] == metric and row["brand"] == brand and row["kind"] == ALL:
                return estimate_of(row)
        return Estimate(metric=metric, brand=brand, verdict="too_few")


@dataclass(frozen=True)
class Candidate:
    """A row that may be told, with what it is compared with."""

    estimate: Estimate
    reference: float
    is_baseline: bool
    score: float

    @property
    def family(self) -> str:
        return FAMILIES[self.estimate.metric]

    @property
    def story(self) -> tuple[str, str]:
        """Candidates of one story are told once."""
        topic_id = self.estimate.topic_id
        return (self.family, topic_id) if topic_id else (self.estimate.brand, self.family)

    @property
    def order(self) -> tuple:
        """Best first; then by name, so that equal scores keep one order."""
        e = self.estimate
        return (-self.score, e.kind != ALL, e.brand, e.metric, e.kind, e.segment, e.topic_id or "")


def estimate_of(row: Mapping[str, Any]) -> Estimate:
    """A row of marts.weekly_metric or marts.weekly_topic."""
    return Estimate(**{name: row[name] for name in Estimate.model_fields if row.get(name) is not None})


def candidates(week: WeekData) -> tuple[list[Candidate], list[Candidate], list[str]]:
    """Signals and watches, best first, one of each story; and warnings on rows that contradict themselves.

    A row is left out with a warning where no reference lies on the side that its verdict says.
    """
    signals: list[Candidate] = []
    watches: list[Candidate] = []
    warnings: list[str] = []
    tracked = {name for name, _ in week.brands}
    for row in [*week.metrics, *week.topic_rows]:
        rule = row["verdict"].removesuffix("_up").removesuffix("_down")
        if rule not in ("signal", "watch") or not _is_told(row, tracked):
            continue
        estimate = estimate_of(row)
        reference = _reference(estimate)
        if reference is None:
            warnings.append(
                f"{week.iso_week}: {estimate.metric} of {estimate.brand} is {estimate.verdict}, and no earlier value "
                "lies on that side: not told"
            )
            continue
        value, is_baseline = reference
        candidate = Candidate(estimate, value, is_baseline, _score(estimate, value, rule, week.own_brand))
        if rule == "signal":
            signals.append(candidate)
        elif _is_worth_watching(estimate, value):
            watches.append(candidate)
    signals = _one_of_each_story(signals)
    told = {candidate.story for candidate in signals}
    watches = [candidate for candidate in _one_of_each_story(watches) if candidate.story not in told]
    return signals, watches, warnings


def findings(
    week: WeekData,
    wordings: Mapping[str, Wording],
    query_of: Callable[[Estimate], str],
    evidence_of: Callable[[Estimate], Sequence[str]],
) -> tuple[list[Finding], list[Finding], list[str]]:
    """The week's key findings and its watches.

    Without any signal, a week that still builds its baseline states levels, and a week with too few documents says
    so; a quiet week has no findings: its line is told from the measures.

    Args:
        wordings: one for en, one for zh.
        query_of: SQL that reproduces an estimate.
        evidence_of: ids of the documents behind an estimate.
    """
    signals, watches, warnings = candidates(week)
    signals, watches = _shown(signals, watches)

    def told(items: Sequence[Candidate], rule: str) -> list[Finding]:
        return [
            _finding(
                rank,
                rule,
                item.estimate,
                figure_of(item.estimate, week.focus_brand),
                {
                    language: wording.changed(
                        item.estimate,
                        item.reference,
                        is_baseline=item.is_baseline,
                        topic=week.topics.get(item.estimate.topic_id or ""),
                    )
                    for language, wording in wordings.items()
                },
                query_of,
                evidence_of,
            )
            for rank, item in enumerate(items, 1)
        ]

    main = told(signals, "signal")
    if not main and week.measures.compared == 0:
        main = _standing(week, wordings, query_of, evidence_of)
    return main, told(watches, "watch"), warnings


def summary(week: WeekData, wording: Wording, signals: Sequence[Candidate], watch_count: int) -> str:
    """The report in at most 160 characters. A watch is counted and never told here."""
    documents = wording.count(week.totals.counted)
    if signals:
        best = signals[0].estimate
        topic = week.topics.get(best.topic_id or "")
        text = wording.say(
            f"summary.{best.verdict}",
            subject=wording.subject(best, topic),
            value=wording.worded_level(best.metric, best.value),
            n=wording.count(best.n),
            others=wording.say("summary.others", count=len(signals) - 1) if len(signals) > 1 else "",
            documents=documents,
        )
        return clip(text, SUMMARY_LIMIT)
    if week.totals.counted == 0:
        return wording.say("summary.no_documents", previous=wording.count(week.totals.counted_previous))
    if week.measures.compared:
        return wording.say(
            "summary.quiet_watched" if watch_count else "summary.quiet",
            quiet=week.measures.no_clear_change,
            measures=week.measures.compared,
            documents=documents,
            watches=watch_count,
        )
    if week.totals.counted < MIN_N:
        return wording.say("summary.too_few", documents=documents)
    net = week.metric("nss", week.focus_brand)
    if net.value is None:
        return wording.say("summary.baseline", weeks=week.measures.earlier_weeks, documents=documents)
    return clip(
        wording.say(
            "summary.baseline_net",
            weeks=week.measures.earlier_weeks,
            documents=documents,
            subject=wording.subject(net),
            value=wording.worded_level("nss", net.value),
            n=wording.count(net.n),
        ),
        SUMMARY_LIMIT,
    )


def topic_brand(week: WeekData) -> str:
    """Whose topics are the week's largest: the focus brand's, or everybody's where it has fewer than 30 documents."""
    has_enough = any(
        row["brand"] == week.focus_brand and row["metric"] == "topic_share" and row["n"] >= MIN_N
        for row in week.topic_rows
    )
    return week.focus_brand if has_enough else ALL


def topic_picks(week: WeekData, *, each: int = 3) -> list[tuple[str, Estimate]]:
    """Topics to show: (group, share of the topic), those of the findings and watches of any brand, then the largest.

    A topic stands once, where it is strongest.
    """
    told = _told(week)
    picks: list[tuple[str, Estimate]] = []
    for group, ending in (("rising", "_up"), ("falling", "_down")):
        picks += [(group, e) for e in told if e.topic_id and e.verdict.endswith(ending)]
    shown = {estimate.topic_id for _, estimate in picks}
    brand = topic_brand(week)
    shares = [
        estimate_of(row)
        for row in week.topic_rows
        if row["metric"] == "topic_share" and row["brand"] == brand and (row["k"] or 0) > 0
    ]
    largest = sorted(shares, key=lambda share: (-(share.k or 0), share.topic_id or ""))
    return picks + [("largest", share) for share in largest if share.topic_id not in shown][:each]


def _shown(signals: list[Candidate], watches: list[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """At most six lines, of which at most three are watches."""
    signals = signals[:MAX_FINDINGS]
    return signals, watches[: min(MAX_WATCHES, MAX_FINDINGS - len(signals))]


def _told(week: WeekData) -> list[Estimate]:
    signals, watches, _ = candidates(week)
    return [candidate.estimate for shown in _shown(signals, watches) for candidate in shown]


def topic_sentiment(week: WeekData, share: Estimate) -> Estimate | None:
    """Net sentiment of the documents of a topic; None where none is scored."""
    for row in week.topic_rows:
        if row["metric"] == "nss" and row["brand"] == share.brand and row["topic_id"] == share.topic_id:
            return estimate_of(row)
    return None


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
        "sentiment": sentiment,
        "is_rated": estimate.metric == "mean_rating",
        "is_naming": estimate.metric == "share_of_voice",
    }


def finding_id(estimate: Estimate) -> str:
    """Stable name of what a finding speaks of, the same in every week."""
    parts = (estimate.metric, estimate.brand, estimate.kind, estimate.segment, estimate.topic_id or "")
    return "f-" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:10]


def _finding(
    rank: int,
    rule: str,
    estimate: Estimate,
    figure_id: str,
    sentences: Mapping[str, Sentence],
    query_of: Callable[[Estimate], str],
    evidence_of: Callable[[Estimate], Sequence[str]],
) -> Finding:
    return Finding(
        finding_id=finding_id(estimate),
        rank=rank,
        rule=rule,
        estimate=estimate,
        figure_id=figure_id,
        text_en=sentences["en"].text,
        text_zh=sentences["zh"].text,
        strong_en=sentences["en"].strong,
        strong_zh=sentences["zh"].strong,
        query=query_of(estimate),
        document_ids=tuple(evidence_of(estimate))[:MAX_EVIDENCE],
    )


def figure_of(estimate: Estimate, focus_brand: str) -> str:
    """Where the report shows an estimate: the focus brand has figures of its own, other brands a row of the matrix."""
    family = FAMILIES[estimate.metric]
    if family == "topic":
        return f"card-{estimate.topic_id}"
    if family == "voice":
        return "fig-voice"
    if estimate.brand not in (focus_brand, ALL):
        return "fig-matrix"
    return {"sentiment": "fig-net", "volume": "fig-sentiment", "rating": "kpi-mean_rating"}[family]


def _standing(
    week: WeekData,
    wordings: Mapping[str, Wording],
    query_of: Callable[[Estimate], str],
    evidence_of: Callable[[Estimate], Sequence[str]],
) -> list[Finding]:
    """Findings of a week in which nothing could be compared: levels, or that there are too few documents."""
    if week.totals.counted < MIN_N:
        estimate = week.metric("volume", ALL)
        sentences = {
            language: wording.too_few(week.totals.counted, week.totals.counted_previous)
            for language, wording in wordings.items()
        }
        return [_finding(1, "too_few", estimate, "fig-quality", sentences, query_of, evidence_of)]
    found: list[tuple[Estimate, dict[str, Sentence]]] = []
    net = week.metric("nss", week.focus_brand)
    if net.value is not None:
        found.append((net, _beside_the_best(week, wordings, "net", net)))
    voice = week.metric("share_of_voice", week.own_brand or _most_named(week))
    if voice.value is not None and len(week.brands) > 1:
        found.append((voice, _beside_the_best(week, wordings, "voice", voice)))
    largest = next((share for group, share in topic_picks(week) if group == "largest"), None)
    if largest is not None and largest.value is not None:
        label = clip(week.topics[largest.topic_id or ""].label, 40)
        found.append(
            (
                largest,
                {
                    language: wording.standing(
                        "topic_all" if largest.brand == ALL else "topic", largest, label=label, against=""
                    )
                    for language, wording in wordings.items()
                },
            )
        )
    return [
        _finding(rank, "standing", estimate, figure_of(estimate, week.focus_brand), sentences, query_of, evidence_of)
        for rank, (estimate, sentences) in enumerate(found, 1)
    ]


def _beside_the_best(
    week: WeekData, wordings: Mapping[str, Wording], key: str, estimate: Estimate
) -> dict[str, Sentence]:
    """The level's sentence, with the highest value of another brand beside it."""
    others = [week.metric(estimate.metric, name) for name, _ in week.brands if name != estimate.brand]
    known = sorted((o for o in others if o.value is not None), key=lambda o: (-(o.value or 0), o.brand))
    sentences = {}
    for language, wording in wordings.items():
        against = (
            wording.say(
                f"standing.{key}_against",
                brand=wording.brand(known[0].brand),
                value=wording.level(estimate.metric, known[0].value),
                n=wording.count(known[0].n),
            )
            if known and estimate.brand != ALL
            else ""
        )
        sentences[language] = wording.standing(
            key, estimate, against=against, documents=wording.count(week.totals.counted)
        )
    return sentences


def _most_named(week: WeekData) -> str:
    shares = [week.metric("share_of_voice", name) for name, _ in week.brands]
    return min(shares, key=lambda share: (-(share.k or 0), share.brand)).brand


def _is_told(row: Mapping[str, Any], tracked: set[str]) -> bool:
    """Rows that may become sentences: known families, and * only where several brands stand behind it."""
    if row.get("topic_id"):
        return row["metric"] == "topic_share" and not (row["brand"] == ALL and len(tracked) == 1)
    return row["metric"] in FAMILIES and not (row["brand"] == ALL and len(tracked) == 1 and row["metric"] != "volume")


def _reference(estimate: Estimate) -> tuple[float, bool] | None:
    """What the verdict was reached against: the baseline for a signal, the week before for a watch.

    Returns:
        The value and whether it is the baseline's; the other one where the first does not lie on the verdict's side.
    """
    if estimate.value is None:
        return None
    sign = 1 if estimate.verdict.endswith("_up") else -1
    pairs = [(estimate.baseline, True), (estimate.previous, False)]
    if estimate.verdict.startswith("watch"):
        pairs.reverse()
    for reference, is_baseline in pairs:
        if reference is not None and sign * (estimate.value - reference) > 0:
            return reference, is_baseline
    return None


def _effect(estimate: Estimate, reference: float) -> float:
    """Size of a change in its own unit; relative for volumes, halved for nets, whose range is 2."""
    value = estimate.value or 0.0
    if estimate.metric == "volume":
        return abs(value - reference) / reference if reference else 1.0
    return abs(value - reference)


def _is_worth_watching(estimate: Estimate, reference: float) -> bool:
    """Watches are many by chance: those that are small, rest on a few documents or hardly leave zero are not listed."""
    if _effect(estimate, reference) < SMALLEST_WATCH.get(estimate.metric, SMALLEST_WATCH_SHARE):
        return False
    if estimate.topic_id and max(estimate.k or 0, reference * estimate.n) < SMALLEST_WATCHED_TOPIC:
        return False
    ends = [abs(end) for end in (estimate.delta_lo, estimate.delta_hi) if end is not None]
    return not ends or min(ends) >= SMALLEST_CLEARANCE.get(estimate.metric, SMALLEST_CLEARANCE_SHARE)


def _score(estimate: Estimate, reference: float, rule: str, own_brand: str | None) -> float:
    value = estimate.value or 0.0
    if estimate.metric == "volume":
        effect = 0.25 * abs(math.log((value + 1) / (reference + 1)))
    elif estimate.metric == "mean_rating":
        effect = abs(value - reference) / 4
    else:
        effect = abs(value - reference) / (2 if estimate.metric in ("nss", "nsr") else 1)
    if rule == "signal":
        confidence = 1 - (estimate.q_value or 0.0)
    else:
        ends = [abs(end) for end in (estimate.delta_lo, estimate.delta_hi) if end is not None]
        confidence = min(ends) / max(ends) if ends and max(ends) > 0 else 0.0
    weight = 1.5 if estimate.brand == own_brand else 1.0
    if estimate.metric == "negative_share":
        weight *= 1.3
    if estimate.topic_id:
        weight *= 0.8
    if estimate.metric == "nsr":  # the same story on a wider scale: the plainer measures go first
        weight *= 0.7
    if estimate.kind != ALL:
        weight *= 0.8
    return effect * confidence * weight


def _one_of_each_story(items: list[Candidate]) -> list[Candidate]:
    best: dict[tuple[str, str], Candidate] = {}
    for item in sorted(items, key=lambda item: item.order):
        best.setdefault(item.story, item)
    return list(best.values())
