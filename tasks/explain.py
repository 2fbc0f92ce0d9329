"""Where does it come from? The chain from a sentence or number of a report down to the rows that arrived.

report → sentence → value → SQL and its rows → documents → batch and row as received; quotes beside their documents.
Documents and values come from the published snapshot. What arrived stays in the warehouse, which nobody can read while
a run writes it: then the chain ends at the documents and says so. Texts as received are never shown: they hold
personal data that was redacted later; their hashes and places are.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from tasks.config import Settings
from tasks.core.contracts import ALL
from tasks.core.recomputed import facts
from tasks.core.report_model import WeeklyReport
from tasks.core.week_data import evidence_filter
from tasks.core.weeks import monday_of
from tasks.errors import MarketBriefError, SourceError, UsageError
from tasks.query import snapshot_path
from tasks.store.references import plain_keys
from tasks.store.warehouse import connect, sql_text

NO_FILTER = {
    "brand": ALL,
    "kind": ALL,
    "topic_id": None,
    "aspect": None,
    "sentiment": None,
    "is_rated": False,
    "is_naming": False,
    "source": None,
}


@dataclass(frozen=True)
class Part:
    """Something in a report that has an id: its sentences, its SQL, and which documents stand behind it."""

    kind: str
    sentences: tuple[str, ...] = ()
    query: str = ""
    document_filter: Mapping[str, Any] | None = None
    document_ids: tuple[str, ...] = ()
    quote_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """The chain. values: (reference, as the report states it, as the snapshot gives it now)."""

    ref: str
    kind: str
    iso_week: str
    revision: int
    run_id: str
    content_hash: str
    sentences: tuple[str, ...]
    values: tuple[tuple[str, Any, Any], ...]
    query: str
    rows: tuple[dict[str, Any], ...]
    document_count: int
    documents: tuple[dict[str, Any], ...]
    quotes: tuple[dict[str, Any], ...]
    raw_rows: tuple[dict[str, Any], ...]
    raw_note: str


def explain(settings: Settings, ref: str, week: str | None = None) -> Explanation:
    """Explain an id, or a reference such as fig-net.2026-W47.net_sentiment, in its newest report.

    Args:
        week: the ISO week of the report; by default the newest one that has the id.

    Raises:
        UsageError: no report (or not this week's) has such an id; the nearest ones are named.
        SourceError: nothing is published.
    """
    if week is not None:
        monday_of(week)
    path = snapshot_path(settings)
    with closing(connect(path, read_only=True, is_locked_down=True)) as connection:

        def ask(sql: str, **values: Any) -> list[dict[str, Any]]:
            return connection.sql(sql, params=values or None).to_arrow_table().to_pylist()

        report, part = _find(ask, ref, week)
        block = ref if ref in _parts(report) else ref.split(".")[0]
        history = ask(sql_text("verify/history"), brand=report.focus_brand)
        topics = ask(sql_text("verify/topics"), iso_week=report.iso_week)
        values = [
            (fact.ref, fact.stated, fact.computed)
            for fact in facts(report, ask, history, topics)
            if fact.ref == ref or fact.ref.startswith(f"{ref}.") or (ref == block and fact.ref.startswith(f"{block}."))
        ]
        rows = ask(part.query) if part.query else []
        documents = _documents(ask, report, ref, part)
    quotes = [quote.model_dump() for quote in report.all_quotes if quote.quote_id in part.quote_ids]
    ids = [row["document_id"] for row in documents] or [quote["document_id"] for quote in quotes]
    raw_rows, note = _raw_rows(settings, ids)
    return Explanation(
        ref=ref,
        kind=part.kind,
        iso_week=report.iso_week,
        revision=report.revision,
        run_id=report.provenance.run_id,
        content_hash=report.content_hash,
        sentences=part.sentences,
        values=tuple(values),
        query=part.query,
        rows=tuple(rows),
        document_count=int(documents[0]["matching_count"]) if documents else 0,
        documents=tuple({k: v for k, v in row.items() if k != "matching_count"} for row in documents),
        quotes=tuple(quotes),
        raw_rows=tuple(raw_rows),
        raw_note=note,
    )


def _find(ask: Any, ref: str, week: str | None) -> tuple[WeeklyReport, Part]:
    """The newest report that has the id, and the part of that id."""
    weeks = ask("select iso_week, max(revision) as revision from marts.report group by iso_week order by iso_week desc")
    if not weeks:
        raise SourceError("No report is published yet", fix="`marketbrief run` makes one")
    known: dict[str, str] = {}
    for row in weeks:
        if week is not None and row["iso_week"] != week:
            continue
        payload = ask("select payload from marts.report where iso_week = $iso_week and revision = $revision", **row)
        report = WeeklyReport.model_validate_json(payload[0]["payload"])
        parts = _parts(report)
        for name in (ref, ref.split(".")[0]):
            if name in parts:
                return report, parts[name]
        for name in parts:
            known.setdefault(name, report.iso_week)
    if not known:
        raise UsageError(f"No report was published for {week}", fix=f"the newest is of {weeks[0]['iso_week']}")
    near = difflib.get_close_matches(ref, list(known), n=3, cutoff=0.3) or list(known)[:3]
    where = f"The report of {week}" if week else "No report"
    raise UsageError(
        f"{where} has {'no' if week else 'an'} id {ref!r}",
        fix=f"near it are {', '.join(f'{name} ({known[name]})' for name in near)}; ids stand in report.json",
    )


def _parts(report: WeeklyReport) -> dict[str, Part]:
    """Every id of a report."""
    return dict(_all_parts(report))


def _all_parts(report: WeeklyReport) -> Iterator[tuple[str, Part]]:
    focus = {**NO_FILTER, "brand": report.focus_brand}
    for finding in (*report.findings, *report.watches):
        quotes = tuple(q.quote_id for q in report.all_quotes if q.document_id in finding.document_ids)
        sentences = (finding.text_en, finding.text_zh)
        yield finding.finding_id, Part("finding", sentences, finding.query, None, finding.document_ids, quotes)
    for kpi in report.kpis:
        filtered = NO_FILTER if kpi.kpi_id == "coverage" else {**NO_FILTER, **evidence_filter(kpi.estimate)}
        yield f"kpi-{kpi.kpi_id}", Part("headline number", (), kpi.query, filtered)
    voices = tuple(quote.quote_id for quote in report.voices)
    own_documents = {
        "fig-changes": tuple(change.document_id for change in report.changes),
        "fig-comparisons": tuple(row.quote.document_id for row in report.preferences if row.quote),
        "fig-forecast": (),
        "fig-coverage": (),
    }
    for figure in report.figures:
        if figure.figure_id in own_documents:
            ids = tuple(dict.fromkeys(own_documents[figure.figure_id]))
            said = tuple(quote.quote_id for quote in report.all_quotes if quote.document_id in ids)
            yield figure.figure_id, Part("figure", (), figure.query, None, ids, said)
            continue
        is_all = figure.figure_id in (
            "fig-voice",
            "fig-matrix",
            "fig-aspects",
            "fig-quality",
            "fig-names",
            "totals",
            "agreement",
        )
        shown = voices if figure.figure_id in ("fig-sentiment", "fig-net") else ()
        yield figure.figure_id, Part("figure", (), figure.query, NO_FILTER if is_all else focus, (), shown)
    yield "measures", Part("figure", (), report.measures.query)
    for card in report.topic_cards:
        filtered = {**NO_FILTER, "brand": card.share.brand, "topic_id": card.topic.topic_id}
        query = next((f.query for f in report.figures if f.figure_id == "fig-topics"), "")
        quotes = tuple(quote.quote_id for quote in card.quotes)
        yield f"card-{card.topic.topic_id}", Part("topic", (card.topic.label,), query, filtered, (), quotes)
    for quote in report.all_quotes:
        yield quote.quote_id, Part("quote", (quote.text,), "", None, (quote.document_id,), (quote.quote_id,))
    for page in report.pages:
        page_quotes = (page.quote.quote_id,) if page.quote else ()
        ref = f"page-{page.document_id[:12]}"
        yield ref, Part("competitor's page", (page.title or "",), "", None, (page.document_id,), page_quotes)
    for alert in report.alerts:
        names = tuple(subject.name for subject in alert.subjects)
        yield f"alert-{alert.rule}", Part("alert", names)


def _documents(ask: Any, report: WeeklyReport, ref: str, part: Part) -> Sequence[dict[str, Any]]:
    """Documents behind a part, narrowed to the row and column that the reference names."""
    if part.kind == "finding":
        return ask(
            sql_text("verify/lineage"),
            finding_id=ref.split(".")[0],
            iso_week=report.iso_week,
            revision=report.revision,
        )
    if part.document_ids:
        return ask(sql_text("verify/documents"), document_ids=list(part.document_ids))
    if part.document_filter is None:
        return []
    return ask(sql_text("verify/behind"), **_narrowed(report, ref, part.document_filter))


def _narrowed(report: WeeklyReport, ref: str, base: Mapping[str, Any]) -> dict[str, Any]:
    """The filter of a figure's documents, for the row (week, brand, topic, source) and column of a reference."""
    block, *cell = ref.split(".")
    found = {**base, "iso_week": report.iso_week}
    if not cell or block.startswith(("kpi-", "card-")):
        return found
    if cell[0] in report.weeks:
        found["iso_week"] = cell[0]
    if cell[-1] in ("negative", "mixed", "neutral", "positive"):
        found["sentiment"] = cell[-1]
    if block in ("fig-matrix", "fig-voice"):
        brands = [row.brand for row in report.matrix]
        keys = dict(zip(plain_keys(brands, "row"), brands, strict=True)) | {
            f"column{number}": brand for number, brand in enumerate(brands, 2)
        }
        named = next((keys[name] for name in cell if name in keys), None) or next(
            (b for b in cell if b in brands), None
        )
        if named:
            found |= {"brand": named, "is_naming": block == "fig-voice" or cell[-1] in ("mentions", "share_of_voice")}
    number = int(cell[0][3:]) if cell[0].startswith("row") and cell[0][3:].isdigit() else 0
    if block == "fig-topics" and 1 <= number <= len(report.largest_topics):
        share = report.largest_topics[number - 1]
        found |= {"topic_id": share.topic_id, "brand": share.brand}
    if block == "fig-aspects" and 1 <= number <= len(report.aspects):
        row = report.aspects[number - 1]
        found |= {"aspect": row.aspect, "brand": row.brand}
    if block == "fig-quality":
        found["source"] = next((row.source for row in report.sources if row.source == cell[0]), None)
    return found


def _raw_rows(settings: Settings, document_ids: Sequence[str]) -> tuple[list[dict[str, Any]], str]:
    """What arrived, from the warehouse; and why it is not told where it is not."""
    if not document_ids:
        return [], ""
    if not settings.warehouse_path.is_file():
        return [], "the warehouse is not here: what arrived can't be shown"
    try:
        connection = connect(settings.warehouse_path, read_only=True)
    except MarketBriefError:
        return [], "the warehouse is being written by a run: ask again when it has ended to see what arrived"
    with closing(connection):
        sql = sql_text("verify/raw_rows")
        return connection.sql(sql, params={"document_ids": list(document_ids)}).to_arrow_table().to_pylist(), ""
