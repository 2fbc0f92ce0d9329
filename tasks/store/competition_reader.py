"""Reads the report's blocks on competitors: aspects, comparisons in customers' own words, pages, coverage of brands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tasks.core import quotes
from tasks.core.report_model import AspectRow, BrandSpan, Change, Preference, Quote
from tasks.core.week_data import WeekData, estimate_of

Rows = Callable[..., list[dict[str, Any]]]
MAX_PREFERENCES = 6


def change_of(row: Mapping[str, Any]) -> Change:
    """A row of sql/report/changes."""
    amounts = {name: None if row[name] is None else float(row[name]) for name in ("before_amount", "after_amount")}
    return Change(**{**row, **amounts, "changed_on": str(row["changed_on"])})


class CompetitionReader:
    """Blocks of a week, by the SQL of sql/report.

    Args:
        rows: `WeekReader.rows`.
    """

    def __init__(self, rows: Rows, week: WeekData) -> None:
        self.rows = rows
        self.week = week

    def preferences(self, taken: set[str], said: list[str]) -> list[Preference]:
        """Who is preferred to whom, the most frequent first, each with one sentence of this week where there is one."""
        found = []
        for row in self.rows("comparisons")[:MAX_PREFERENCES]:
            pair = {name: row[name] for name in ("preferred_brand", "other_brand")}
            candidates = self.rows("comparison_candidates", **pair) if row["document_count"] else []
            found.append(Preference(**row, quote=_sentence_quote(candidates, taken, said)))
        return found

    def aspects(self) -> list[AspectRow]:
        """Share and net sentiment of each brand's aspects, in the order of the figure's query."""
        known = {(row["brand"], row["aspect"], row["metric"]): row for row in self.week.aspect_rows}
        found = []
        for row in self.rows("aspects"):
            share = known[row["brand"], row["aspect"], "aspect_share"]
            net = known.get((row["brand"], row["aspect"], "nss"))
            found.append(
                AspectRow(
                    brand=row["brand"],
                    aspect=row["aspect"],
                    label_en=self.week.aspect_label(row["aspect"], "en"),
                    label_zh=self.week.aspect_label(row["aspect"], "zh"),
                    share=estimate_of(share),
                    sentiment=estimate_of(net) if net else None,
                )
            )
        return found

    def brand_spans(self) -> list[BrandSpan]:
        """Brands that a source does not cover as long as others, or only so many documents of."""
        return [
            BrandSpan(**{**row, "first_date": str(row["first_date"]), "last_date": str(row["last_date"])})
            for row in self.rows("brand_coverage")
        ]


def _sentence_quote(rows: Sequence[Mapping[str, Any]], taken: set[str], said: list[str]) -> Quote | None:
    """The first sentence that fits, is nobody's whose document is quoted already, and resembles no other quote."""
    for row in rows:
        start, end = row["start_char"], row["end_char"]
        text = row["text"][start:end]
        is_said = any(quotes.similarity(text, other) >= quotes.NEAR_DUPLICATE_JACCARD for other in said)
        if row["document_id"] in taken or is_said or not text.strip() or end - start > quotes.QUOTE_LIMIT:
            continue
        taken.add(row["document_id"])
        said.append(text)
        return quotes.as_quote(row, quotes.Slice(start, end))
    return None
