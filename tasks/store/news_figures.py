"""Figures without a chart: who is preferred to whom, what competitors' pages say, the outlook, coverage of brands."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.core.report_model import Change, Outlook, WeeklyReport
from tasks.core.wording import NAME_LIMIT, Wording, clip
from tasks.store.charts import Chart
from tasks.store.figure_view import Cell, Column, FigureView, count_cell

TEXT_LIMIT = 220


def comparisons(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    """Who is preferred to whom, in sentences of customers and press."""
    figure_id = "fig-comparisons"
    query = _query(report, figure_id)
    if not report.preferences or not query:
        one = len(report.brands) == 1
        return FigureView(figure_id, w.say(f"fig_comparisons.{'one_brand' if one else 'none'}"), is_empty=True)
    first = report.preferences[0]
    key = "title" if first.document_count else "title_window"
    return FigureView(
        figure_id,
        w.say(
            f"fig_comparisons.{key}",
            brand=w.brand(first.preferred_brand),
            other=w.brand(first.other_brand),
            count=w.count(first.document_count or first.window_count),
        ),
        subtitle=w.say("fig_comparisons.subtitle"),
        columns=(
            Column("pair", w.say("fig_comparisons.pair"), is_number=False),
            Column("documents_this_week", w.say("fig_comparisons.week")),
            Column("documents_12_weeks", w.say("fig_comparisons.window")),
        ),
        rows=tuple(
            (
                Cell(
                    w.say(
                        "fig_comparisons.row",
                        brand=clip(row.preferred_brand, NAME_LIMIT),
                        other=clip(row.other_brand, NAME_LIMIT),
                    ),
                    f"{row.preferred_brand} > {row.other_brand}",
                ),
                count_cell(w, row.document_count),
                count_cell(w, row.window_count),
            )
            for row in report.preferences
        ),
        query=query,
    )


def changes(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    """What competitors' own pages announced or changed: before and after, sentence by sentence."""
    figure_id = "fig-changes"
    query = _query(report, figure_id)
    if not report.changes or not query:
        return FigureView(figure_id, w.say("fig_changes.none"), is_empty=True)
    count = len(report.changes)
    prices = sum(change.change_kind == "price" for change in report.changes)
    return FigureView(
        figure_id,
        w.say("fig_changes.title", count=w.count(count), prices=w.count(prices)),
        subtitle=w.say("fig_changes.subtitle"),
        columns=(
            Column("change_id", w.say("fig_changes.id"), is_number=False),
            Column("day", w.say("fig_changes.day"), is_number=False),
            Column("brand", w.say("fig_matrix.brand"), is_number=False),
            Column("kind", w.say("fig_changes.kind"), is_number=False),
            Column("before", w.say("fig_changes.before"), is_number=False),
            Column("after", w.say("fig_changes.after"), is_number=False),
        ),
        rows=tuple(_change_row(change, w) for change in report.changes),
        query=query,
    )


def _change_row(change: Change, w: Wording) -> tuple[Cell, ...]:
    before = change.before_text
    if before is None and change.before_amount is not None:
        before = w.money(change.before_amount, change.currency)
    after = change.title if change.change_kind == "new_page" and change.title else change.after_text
    return (
        Cell(change.change_id, change.change_id),
        Cell(w.day(change.changed_on), change.changed_on, is_time=True),
        Cell(clip(change.brand or change.source, NAME_LIMIT), change.brand or change.source),
        Cell(w.say(f"fig_changes.kind_{change.change_kind}"), change.change_kind),
        Cell(w.say("none") if before is None else clip(before, TEXT_LIMIT), before, lang=change.language),
        Cell(w.say("none") if after is None else clip(after, TEXT_LIMIT), after, lang=change.language),
    )


def forecast(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    """What next week may bring: only forecasts that did better than the simple ones."""
    figure_id = "fig-forecast"
    query = _query(report, figure_id)
    shown = [row for row in report.outlooks if row.is_shown]
    if not shown or not query:
        key = "none_better" if report.outlooks else "too_early"
        return FigureView(figure_id, w.say(f"fig_forecast.{key}", count=w.count(len(report.outlooks))), is_empty=True)
    first = next((row for row in shown if row.brand == report.focus_brand), shown[0])
    return FigureView(
        figure_id,
        w.say(
            "fig_forecast.title",
            measure=w.label(first.metric),
            brand=w.brand(first.brand),
            value=w.worded_level(first.metric, first.value),
            range=w.interval(first.metric, first.lo, first.hi),
            week=first.target_week,
        ),
        subtitle=w.say("fig_forecast.subtitle", shown=w.count(len(shown)), count=w.count(len(report.outlooks))),
        columns=(
            Column("series", w.say("fig_forecast.series"), is_number=False),
            Column("value", w.say("fig_forecast.value")),
            Column("range", w.say("fig_forecast.range"), is_number=False),
            Column("mae", w.say("fig_forecast.mae")),
            Column("mae_last", w.say("fig_forecast.mae_last")),
            Column("mae_mean8", w.say("fig_forecast.mae_mean8")),
            Column("coverage", w.say("fig_forecast.coverage")),
        ),
        rows=tuple(_outlook_row(row, w) for row in shown),
        query=query,
    )


def _outlook_row(row: Outlook, w: Wording) -> tuple[Cell, ...]:
    def error(value: float | None) -> Cell:
        return Cell(w.say("none") if value is None else w.change(row.metric, value, 1).lstrip("+"), value)

    return (
        Cell(f"{w.label(row.metric)}, {w.brand(row.brand)}", f"{row.metric} {row.brand}"),
        Cell(w.level(row.metric, row.value), row.value),
        Cell(w.interval(row.metric, row.lo, row.hi), f"{row.lo} {row.hi}"),
        error(row.mae),
        error(row.mae_last),
        error(row.mae_mean8),
        Cell(w.say("fig_forecast.covered", share=w.percent(row.coverage), n=w.count(row.coverage_weeks)), row.coverage),
    )


def coverage(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    """Brands that a source does not cover alike."""
    figure_id = "fig-coverage"
    query = _query(report, figure_id)
    if not report.brand_spans or not query:
        return FigureView(figure_id, w.say("fig_coverage.none"), is_empty=True)
    capped = next((row for row in report.brand_spans if row.capped_at), None)
    title = (
        w.say("fig_coverage.title_capped", source=clip(capped.source, NAME_LIMIT), count=w.count(capped.capped_at))
        if capped
        else w.say("fig_coverage.title", count=w.count(len(report.brand_spans)))
    )
    return FigureView(
        figure_id,
        title,
        subtitle=w.say("fig_coverage.subtitle"),
        columns=(
            Column("source_brand", w.say("fig_coverage.brand"), is_number=False),
            Column("documents", w.say("fig_topics.count")),
            Column("first", w.say("fig_coverage.first"), is_number=False),
            Column("last", w.say("fig_coverage.last"), is_number=False),
            Column("first_covered_week", w.say("fig_coverage.compared"), is_number=False),
            Column("capped_at", w.say("fig_coverage.capped")),
        ),
        rows=tuple(
            (
                Cell(f"{clip(row.source, NAME_LIMIT)}: {clip(row.brand, NAME_LIMIT)}", f"{row.source} {row.brand}"),
                count_cell(w, row.document_count),
                Cell(w.day(row.first_date), row.first_date, is_time=True),
                Cell(w.day(row.last_date), row.last_date, is_time=True),
                Cell(row.first_covered_week, row.first_covered_week),
                Cell(w.say("none") if row.capped_at is None else w.count(row.capped_at), row.capped_at),
            )
            for row in report.brand_spans
        ),
        query=query,
    )


def _query(report: WeeklyReport, figure_id: str) -> str:
    """SQL of a figure; empty in reports that were frozen before the figure existed."""
    return next((figure.query for figure in report.figures if figure.figure_id == figure_id), "")
