"""What happened that no test looks for: prices on competitors' own pages, and names that nobody listed.

These are facts, not changes of a measure: their sentences say what a page states or where a name stands, with counts
and the evidence, and never that something rose or fell. They come after the findings that passed a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tasks.core.report_model import Change, Estimate, Finding
from tasks.core.week_data import WeekData, finding_id
from tasks.core.wording import Sentence, Wording

MAX_NEWS = 3
MIN_NAME_DOCUMENTS = 10
MAX_EVIDENCE = 50


def news(
    week: WeekData, wordings: Mapping[str, Wording], query_of: Callable[[Estimate], str], *, first_rank: int
) -> list[Finding]:
    """Findings on announced prices (one a brand and price, those with the old price first), then on the newest name."""
    found = [
        _priced(week, changes, wordings, query_of, rank) for rank, changes in enumerate(_announced(week), first_rank)
    ]
    return [*found, *_named(week, wordings, query_of, first_rank + len(found))][:MAX_NEWS]


def _announced(week: WeekData) -> list[list[Change]]:
    """Price changes of the week that say the same: brand, currency and amount."""
    groups: dict[tuple[str, str, float], list[Change]] = {}
    for change in week.changes:
        if change.change_kind == "price" and change.brand and change.after_amount is not None and change.currency:
            groups.setdefault((change.brand, change.currency, change.after_amount), []).append(change)
    return [
        groups[key] for key in sorted(groups, key=lambda key: (all(c.before_amount is None for c in groups[key]), *key))
    ]


def _priced(
    week: WeekData,
    changes: Sequence[Change],
    wordings: Mapping[str, Wording],
    query_of: Callable[[Estimate], str],
    rank: int,
) -> Finding:
    told = min(changes, key=lambda change: (change.before_amount is None, change.changed_on, change.change_id))
    pages = len({change.document_id for change in changes})
    estimate = Estimate(
        metric="announcement",
        brand=told.brand or "",
        kind="competitor",
        segment=told.currency or "",
        n=pages,
        value=told.after_amount,
        previous=told.before_amount,
        verdict="no_clear_change",
    )
    page_count = len({change.document_id for change in week.changes})
    sentences = {
        language: wording.announced_price(told.brand or "", told, pages, page_count)
        for language, wording in wordings.items()
    }
    return _finding(
        estimate, "announcement", rank, "fig-changes", sentences, query_of, [c.document_id for c in changes]
    )


def _named(
    week: WeekData, wordings: Mapping[str, Wording], query_of: Callable[[Estimate], str], rank: int
) -> list[Finding]:
    """The most frequent new name, where it stands in ten documents or more."""
    row = next(iter(week.new_names), None)
    documents = week.totals.counted
    if row is None or row["document_count"] < MIN_NAME_DOCUMENTS or not documents:
        return []
    count = row["document_count"]
    estimate = Estimate(
        metric="new_name", brand=row["entity_id"], n=documents, k=count, value=round(count / documents, 6),
        verdict="no_clear_change",
    )  # fmt: skip
    sentences = {
        language: wording.new_name(row["entity_name"], count, documents, row["first_week"])
        for language, wording in wordings.items()
    }
    return [_finding(estimate, "new_name", rank, "fig-names", sentences, query_of, [])]


def _finding(
    estimate: Estimate,
    rule: str,
    rank: int,
    figure_id: str,
    sentences: Mapping[str, Sentence],
    query_of: Callable[[Estimate], str],
    document_ids: Sequence[str],
) -> Finding:
    return Finding(
        finding_id=finding_id(estimate, f"{rule} {estimate.value}"),
        rank=rank,
        rule=rule,
        estimate=estimate,
        figure_id=figure_id,
        text_en=sentences["en"].text,
        text_zh=sentences["zh"].text,
        strong_en=sentences["en"].strong,
        strong_zh=sentences["zh"].strong,
        query=query_of(estimate),
        document_ids=tuple(dict.fromkeys(document_ids))[:MAX_EVIDENCE],
    )
