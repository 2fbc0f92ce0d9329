"""Which topics the report shows: those that the findings speak of, then the most frequent."""

from __future__ import annotations

from tasks.core.candidates import Candidate, candidates, shown, slopes
from tasks.core.contracts import ALL
from tasks.core.report_model import Estimate
from tasks.core.week_data import MIN_N, WeekData, estimate_of


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
    picks: list[tuple[str, Estimate]] = [("new", c.estimate) for c in told if c.estimate.topic_id and c.is_new]
    for group, ending in (("rising", "_up"), ("falling", "_down")):
        picks += [
            (group, c.estimate) for c in told if c.estimate.topic_id and not c.is_new and c.direction.endswith(ending)
        ]
    taken = {estimate.topic_id for _, estimate in picks}
    brand = topic_brand(week)
    shares = [
        estimate_of(row)
        for row in week.topic_rows
        if row["metric"] == "topic_share" and row["brand"] == brand and (row["k"] or 0) > 0
    ]
    largest = sorted(shares, key=lambda share: (-(share.k or 0), share.topic_id or ""))
    return picks + [("largest", share) for share in largest if share.topic_id not in taken][:each]


def topic_sentiment(week: WeekData, share: Estimate) -> Estimate | None:
    """Net sentiment of the documents of a topic; None where none is scored."""
    for row in week.topic_rows:
        if row["metric"] == "nss" and row["brand"] == share.brand and row["topic_id"] == share.topic_id:
            return estimate_of(row)
    return None


def _told(week: WeekData) -> list[Candidate]:
    signals, watches, _ = candidates(week)
    signals, watches = shown([*signals, *slopes(week, signals)], watches)
    return [*signals, *watches]
