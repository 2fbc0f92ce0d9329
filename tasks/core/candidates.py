"""Which rows of a week may be told, and in what order.

A signal may become a key finding, a watch a line below them; nothing is tested here. Nets, ratios and shares of
sentiment are one story: of each brand and family only the best one is told. Rank = effect x confidence x weight, with
effects of different units brought to one scale (0.1 = ten points, a volume changed by half, 0.4 stars).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.core.contracts import ALL
from tasks.core.report_model import Estimate
from tasks.core.week_data import WeekData, estimate_of

MAX_FINDINGS = 6
MAX_WATCHES = 3
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


def shown(signals: list[Candidate], watches: list[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """At most six lines, of which at most three are watches."""
    signals = signals[:MAX_FINDINGS]
    return signals, watches[: min(MAX_WATCHES, MAX_FINDINGS - len(signals))]


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
