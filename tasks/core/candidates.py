"""Which rows of a week may be told, and in what order.

A signal may become a key finding, a watch a line below them; nothing is tested here. Nets, ratios and shares of
sentiment are one story: of each brand and family only the best one is told. Rank = effect x confidence x weight, with
effects of different units brought to one scale (0.1 = ten points, a volume changed by half, 0.4 stars).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
    "aspect_share": "aspect",
    "announcement": "announcement",
    "new_name": "name",
}
UNTESTED = ("announcement", "new_name")
SLOPE_WEEKS = 12
SLOPE_WEIGHT = 0.8
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
    is_slope: bool = False

    @property
    def direction(self) -> str:
        """The verdict that the candidate is told by."""
        return (self.estimate.slope_verdict or "") if self.is_slope else self.estimate.verdict

    @property
    def is_new(self) -> bool:
        """A topic or an aspect that nobody spoke of in the baseline weeks."""
        e = self.estimate
        return bool(e.topic_id or e.aspect) and self.is_baseline and not self.is_slope and self.reference == 0

    @property
    def family(self) -> str:
        return family_of(self.estimate)

    @property
    def story(self) -> tuple[str, str]:
        """Candidates of one story are told once."""
        e = self.estimate
        if e.aspect:
            return (self.family, f"{e.brand} {e.aspect}")
        return (self.family, e.topic_id) if e.topic_id else (e.brand, self.family)

    @property
    def order(self) -> tuple:
        """Best first; then by name, so that equal scores keep one order."""
        e = self.estimate
        return (-self.score, e.kind != ALL, e.brand, e.metric, e.kind, e.segment, e.topic_id or "", e.aspect or "")


def family_of(estimate: Estimate) -> str:
    """Which measures tell one story: net sentiment on an aspect is another one than that of all documents."""
    family = FAMILIES[estimate.metric]
    return f"aspect_{family}" if estimate.aspect and family != "aspect" else family


def candidates(week: WeekData) -> tuple[list[Candidate], list[Candidate], list[str]]:
    """Signals and watches, best first, one of each story; and warnings on rows that contradict themselves.

    A row is left out with a warning where no reference lies on the side that its verdict says.
    """
    signals: list[Candidate] = []
    watches: list[Candidate] = []
    warnings: list[str] = []
    tracked = {name for name, _ in week.brands}
    for row in [*week.metrics, *week.topic_rows, *week.aspect_rows]:
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


def slopes(week: WeekData, told: Sequence[Candidate]) -> list[Candidate]:
    """Signals over twelve weeks, best first, of stories that no signal of the week tells."""
    known = {candidate.story for candidate in told}
    tracked = {name for name, _ in week.brands}
    found = []
    for row in [*week.metrics, *week.topic_rows, *week.aspect_rows]:
        if not (row.get("slope_verdict") or "").startswith("signal") or not _is_told(row, tracked):
            continue
        estimate = estimate_of(row)
        if estimate.slope is None or estimate.slope_start is None:
            continue
        line = estimate.model_copy(
            update={
                "value": estimate.slope_start + (SLOPE_WEEKS - 1) * estimate.slope,
                "q_value": estimate.slope_q_value,
            }
        )
        score = SLOPE_WEIGHT * _score(line, estimate.slope_start, "signal", week.own_brand)
        candidate = Candidate(estimate, estimate.slope_start, is_baseline=False, score=score, is_slope=True)
        if candidate.story not in known:
            found.append(candidate)
    return _one_of_each_story(found)


def shown(signals: list[Candidate], watches: list[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """At most six lines, of which at most three are watches."""
    signals = signals[:MAX_FINDINGS]
    return signals, watches[: min(MAX_WATCHES, MAX_FINDINGS - len(signals))]


def _is_told(row: Mapping[str, Any], tracked: set[str]) -> bool:
    """Rows that may become sentences: known families, and * only where several brands stand behind it."""
    if row.get("aspect"):
        return row["metric"] in ("aspect_share", "nss") and not (row["brand"] == ALL and len(tracked) == 1)
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
    is_part = estimate.topic_id or estimate.metric == "aspect_share"
    if is_part and max(estimate.k or 0, reference * estimate.n) < SMALLEST_WATCHED_TOPIC:
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
    if estimate.topic_id or estimate.aspect:
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
