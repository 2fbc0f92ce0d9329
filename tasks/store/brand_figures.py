"""The figures of section Competitors: share of voice, the matrix of brands, and names that nobody listed."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.core.report_model import BrandRow, WeeklyReport
from tasks.core.wording import NAME_LIMIT, Wording, clip
from tasks.store import charts
from tasks.store.charts import Chart
from tasks.store.figure_view import Cell, Column, FigureView, count_cell, weeks_of


def voice(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    figure_id = "fig-voice"
    weeks = weeks_of(report, w)
    if len(report.brands) == 1:
        return FigureView(figure_id, w.say("fig_voice.one_brand"), is_empty=True)
    if figure_id not in drawn:
        return FigureView(figure_id, w.say("fig_voice.empty", weeks=weeks), is_empty=True)
    ranked = [row for row in report.matrix if row.voice.value is not None]
    naming = max((row.voice.n for row in report.matrix), default=0)
    own = next((row for row in ranked if row.brand == report.own_brand), None)
    if own:
        rank = 1 + sum((row.voice.value or 0) > (own.voice.value or 0) for row in ranked)
        title = w.say(
            "fig_voice.title_own",
            brand=w.brand(own.brand),
            value=w.percent(own.voice.value),
            rank=rank,
            count=len(ranked),
        )
    elif ranked:
        most = ranked[0]
        title = w.say(
            "fig_voice.title_most",
            brand=w.brand(most.brand),
            value=w.percent(most.voice.value),
            n=w.count(most.voice.n),
        )
    else:
        title = w.say("fig_voice.title_few", n=w.count(naming))
    described = [
        w.say(
            "fig_voice.desc_brand",
            brand=w.brand(row.brand),
            value=w.percent(row.voice_history[-1]),
            before=w.percent(row.voice_history[0]),
        )
        for row in report.matrix
    ]
    more = len(report.matrix) - len(charted_brands(report))
    return FigureView(
        figure_id,
        title,
        subtitle=w.say("fig_voice.subtitle", weeks=weeks, n=w.count(naming)),
        note=w.say("fig_voice.more", count=more) if more else "",
        description=w.say("fig_voice.desc", first=report.weeks[0], values=w.say("list_separator").join(described)),
        columns=(
            Column("iso_week", w.say("figure.week"), is_number=False),
            *(Column(row.brand, clip(row.brand, NAME_LIMIT)) for row in report.matrix),
        ),
        rows=tuple(
            (
                Cell(week, week),
                *(Cell(w.percent(row.voice_history[i]), row.voice_history[i]) for row in report.matrix),
            )
            for i, week in enumerate(report.weeks)
        ),
        query=report.query_of(figure_id),
        chart=drawn[figure_id],
    )


def matrix(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    figure_id = "fig-matrix"
    scored = [row for row in report.matrix if row.sentiment.value is not None]
    by_net = sorted(scored, key=lambda row: (row.sentiment.value or 0, row.brand))
    if len(by_net) > 1:
        title = w.say(
            "fig_matrix.title",
            lo=w.level("nss", by_net[0].sentiment.value),
            lo_brand=w.brand(by_net[0].brand),
            hi=w.level("nss", by_net[-1].sentiment.value),
            hi_brand=w.brand(by_net[-1].brand),
        )
    elif by_net:
        title = w.say(
            "fig_matrix.title_one", value=w.level("nss", by_net[0].sentiment.value), brand=w.brand(by_net[0].brand)
        )
    else:
        title = w.say("fig_matrix.title_few")
    has_rating = any(row.rating.n for row in report.matrix)
    has_topic = any(row.top_topic_id for row in report.matrix)
    columns = [
        Column("brand", w.say("fig_matrix.brand"), is_number=False),
        Column("mentions", w.say("fig_matrix.mentions")),
        Column("share_of_voice", w.say("fig_matrix.share")),
        Column("net_sentiment", w.say("fig_matrix.net")),
        Column("net_sentiment_change", w.say("fig_matrix.change")),
        Column("net_sentiment_verdict", w.say("field.verdict"), is_number=False),
        Column("negative_share", w.say("fig_matrix.negative")),
    ]
    columns += [Column("mean_rating", w.say("fig_matrix.rating"))] if has_rating else []
    columns += [Column("top_topic", w.say("fig_matrix.topic"), is_number=False)] if has_topic else []
    return FigureView(
        figure_id,
        title,
        subtitle=w.say("fig_matrix.subtitle", n=w.count(max((row.voice.n for row in report.matrix), default=0))),
        columns=tuple(columns),
        rows=tuple(_matrix_row(report, w, row, has_rating, has_topic) for row in report.matrix),
        query=report.query_of(figure_id),
    )


def _matrix_row(report: WeeklyReport, w: Wording, row: BrandRow, has_rating: bool, has_topic: bool) -> tuple[Cell, ...]:
    own = f" ({w.say('fig_matrix.own')})" if row.brand == report.own_brand else ""
    net, negative = row.sentiment, row.negative
    few = Cell(w.say("fig_matrix.few", n=w.count(net.n)), None)
    cells = [
        Cell(clip(row.brand, NAME_LIMIT) + own, row.brand),
        count_cell(w, int(row.voice.k or 0)),
        Cell(w.percent(row.voice.value), row.voice.value),
        few if net.value is None else Cell(f"{w.level('nss', net.value)} (n={w.count(net.n)})", net.value),
        Cell(w.say("none") if net.verdict == "excluded" else w.change("nss", net.delta), net.delta),
        Cell(w.verdict(net.verdict), net.verdict),
        Cell(w.percent(negative.value), negative.value),
    ]
    if has_rating:
        rating = row.rating
        cells.append(
            Cell(
                w.say("none")
                if rating.value is None
                else f"{w.level('mean_rating', rating.value)} (n={w.count(rating.n)})",
                rating.value,
            )
        )
    if has_topic:
        topic = report.topic(row.top_topic_id)
        text = f"{clip(topic.label, NAME_LIMIT)} ({w.count(row.top_topic_count)})" if topic else w.say("none")
        cells.append(Cell(text, topic.label if topic else None, lang=topic.language if topic else None))
    return tuple(cells)


def names(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    figure_id = "fig-names"
    if not report.new_names:
        if not report.has_name_model:
            text = w.say("names.no_model")
        elif report.measures.earlier_weeks < 5:
            text = w.say("names.too_early", weeks=report.measures.earlier_weeks)
        else:
            text = w.say("names.none")
        return FigureView(figure_id, text, is_empty=True)
    return FigureView(
        figure_id,
        w.say("names.title", count=len(report.new_names), name=clip(report.new_names[0].entity_name, NAME_LIMIT)),
        subtitle=w.say("names.intro"),
        columns=(
            Column("name", w.say("names.name"), is_number=False),
            Column("first_week", w.say("names.first"), is_number=False),
            Column("documents_this_week", w.say("names.week_count")),
            Column("documents_in_all", w.say("names.total")),
        ),
        rows=tuple(
            (
                Cell(clip(name.entity_name, NAME_LIMIT), name.entity_name),
                Cell(name.first_week, name.first_week),
                count_cell(w, name.document_count),
                count_cell(w, name.total_count),
            )
            for name in report.new_names
        ),
        query=report.query_of(figure_id),
    )


def charted_brands(report: WeeklyReport) -> list[BrandRow]:
    """Own brand and the most named, as many as the chart has line styles; in the configuration's order, own first.

    The order gives each brand its colour, so that it keeps it from week to week.
    """
    chosen = sorted(report.matrix, key=lambda row: row.brand != report.own_brand)[: charts.MAX_LINES]
    return sorted(chosen, key=lambda row: (row.brand != report.own_brand, report.brands.index(row.brand)))
