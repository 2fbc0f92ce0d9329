"""The report's figures in one language: what each says, its table, its SQL, and the chart that stands before them.

A figure without data is a sentence that says so. Titles state the message and bring a change verb only where the
verdict is a signal. Tables hold every number that the chart shows; the same rows are the figure's CSV.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tasks.core.contracts import ALL
from tasks.core.report_model import SentimentWeek, WeeklyReport
from tasks.core.wording import NAME_LIMIT, Wording, clip
from tasks.store import charts, heat_map, news_figures
from tasks.store.brand_figures import charted_brands, matrix, names, voice
from tasks.store.charts import Chart
from tasks.store.figure_view import (
    MIN_N,
    Cell,
    Column,
    FigureView,
    count_cell,
    label_of,
    language_of,
    part_cell,
    weeks_of,
)


def draw(report: WeeklyReport) -> dict[str, Chart]:
    """The charts of a report, shared by its languages; figures without data have none."""
    drawn: dict[str, Chart] = {}
    if any(week.scored for week in report.sentiment):
        counts = [(week.negative, week.mixed + week.neutral, week.positive) for week in report.sentiment]
        drawn["fig-sentiment"] = charts.stacked_weeks(report.weeks, counts)
    if any(week.net is not None for week in report.sentiment):
        last = report.sentiment[-1].net
        nets = [_points(week) for week in report.sentiment]
        label = None if last is None else charts.signed(last * 100)
        drawn["fig-net"] = charts.line_with_band(report.weeks, nets, label)
    rows = charted_brands(report)
    if len(report.brands) > 1 and any(value is not None for row in rows for value in row.voice_history):
        series = [(row.brand, [None if v is None else v * 100 for v in row.voice_history]) for row in rows]
        drawn["fig-voice"] = charts.lines(report.weeks, series)
    drawn |= heat_map.draw(report)
    shares = [share for share in report.largest_topics if share.value is not None]
    if shares:
        drawn["fig-topics"] = charts.ranges(
            [
                (
                    label_of(report, share.topic_id),
                    (share.value or 0) * 100,
                    (share.lo or 0) * 100,
                    (share.hi or 0) * 100,
                    None if share.full_baseline is None else share.full_baseline * 100,
                    f"{(share.value or 0) * 100:.0f}%",
                )
                for share in shares
            ]
        )
    return drawn


def views(report: WeeklyReport, wording: Wording, drawn: Mapping[str, Chart]) -> dict[str, FigureView]:
    """Every figure of the report in one language, by id."""
    makers = (
        _sentiment,
        _net,
        news_figures.forecast,
        voice,
        matrix,
        heat_map.view,
        names,
        news_figures.comparisons,
        news_figures.changes,
        _topics,
        _drivers,
        _quality,
        news_figures.coverage,
    )
    return {view.figure_id: view for maker in makers for view in [maker(report, wording, drawn)]}


def _sentiment(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    figure_id = "fig-sentiment"
    brand = w.brand(report.focus_brand)
    weeks = weeks_of(report, w)
    if figure_id not in drawn:
        return FigureView(figure_id, w.say("fig_sentiment.empty", brand=brand, weeks=weeks), is_empty=True)
    this = report.sentiment[-1]
    if this.scored < MIN_N:
        title = w.say("fig_sentiment.title_few", n=w.count(this.scored))
    else:
        key = "fig_sentiment.title_all" if report.focus_brand == ALL else "fig_sentiment.title"
        title = w.say(
            key,
            brand=brand,
            n=w.count(this.scored),
            negative=w.percent(this.negative / this.scored),
            positive=w.percent(this.positive / this.scored),
        )
    names = ("negative", "mixed", "neutral", "positive", "abstained")
    description = w.say("list_separator").join(
        w.say(
            "fig_sentiment.desc_week",
            week=week.iso_week,
            negative=w.count(week.negative),
            middle=w.count(week.mixed + week.neutral),
            positive=w.count(week.positive),
        )
        for week in report.sentiment
    )
    return FigureView(
        figure_id,
        title,
        subtitle=w.say("fig_sentiment.subtitle", brand=brand, weeks=weeks),
        note=w.say("figure.faded"),
        description=w.say("fig_sentiment.desc", values=description),
        columns=(
            Column("iso_week", w.say("figure.week"), is_number=False),
            *(Column(name, w.say(f"sentiment.{name}")) for name in names),
            Column("n", w.say("field.n")),
        ),
        rows=tuple(
            (
                Cell(week.iso_week, week.iso_week),
                *(count_cell(w, getattr(week, name)) for name in names),
                count_cell(w, week.scored),
            )
            for week in report.sentiment
        ),
        query=report.query_of(figure_id),
        chart=drawn[figure_id],
        legend=(
            ("neg", w.say("sentiment.negative")),
            ("neu", w.say("sentiment.neutral_or_mixed")),
            ("pos", w.say("sentiment.positive")),
        ),
    )


def _net(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    figure_id = "fig-net"
    brand = w.brand(report.focus_brand)
    weeks = weeks_of(report, w)
    if figure_id not in drawn:
        return FigureView(figure_id, w.say("fig_net.empty", brand=brand, weeks=weeks), is_empty=True)
    estimate = next((kpi.estimate for kpi in report.kpis if kpi.kpi_id == "nss"), None)
    verdict = estimate.verdict if estimate else "too_few"
    if verdict not in ("signal_up", "signal_down", "no_clear_change", "too_few", "excluded"):
        verdict = "level"
    title = w.say(
        f"fig_net.title_{verdict}",
        brand=brand,
        value=w.worded_level("nss", estimate.value if estimate else None),
        n=w.count(estimate.n if estimate else 0),
    )
    described = [
        w.say("fig_net.desc_few", week=week.iso_week)
        if week.net is None
        else w.say(
            "fig_net.desc_week",
            week=week.iso_week,
            value=w.level("nss", week.net),
            range=w.interval("nss", week.net_lo, week.net_hi),
        )
        for week in report.sentiment
    ]
    return FigureView(
        figure_id,
        title,
        subtitle=w.say("fig_net.subtitle", weeks=weeks),
        note=w.say("figure.band"),
        description=w.say("fig_net.desc", values=w.say("list_separator").join(described)),
        columns=(
            Column("iso_week", w.say("figure.week"), is_number=False),
            Column("n", w.say("field.n")),
            Column("net_sentiment", w.label("nss")),
            Column("lo", w.say("field.lo")),
            Column("hi", w.say("field.hi")),
        ),
        rows=tuple(
            (
                Cell(week.iso_week, week.iso_week),
                count_cell(w, week.net_n),
                *(Cell(w.level("nss", value), value) for value in (week.net, week.net_lo, week.net_hi)),
            )
            for week in report.sentiment
        ),
        query=report.query_of(figure_id),
        chart=drawn[figure_id],
    )


def _topics(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    figure_id = "fig-topics"
    if not report.largest_topics:
        return FigureView(figure_id, w.say("fig_topics.empty"), is_empty=True)
    first = report.largest_topics[0]
    if first.value is None:
        title = w.say("fig_topics.title_few", n=w.count(first.n))
    else:
        label = clip(label_of(report, first.topic_id), NAME_LIMIT)
        title = w.say("fig_topics.title", label=label, value=w.percent(first.value), n=w.count(first.n))
    is_all = report.topic_brand == ALL
    described = [
        w.say(
            "fig_topics.desc_topic",
            label=clip(label_of(report, share.topic_id), NAME_LIMIT),
            value=w.percent(share.value),
            baseline=w.percent(share.full_baseline),
        )
        for share in report.largest_topics
    ]
    return FigureView(
        figure_id,
        title,
        subtitle=w.say(
            "fig_topics.subtitle_all" if is_all else "fig_topics.subtitle", brand=w.brand(report.topic_brand)
        ),
        description=w.say("fig_topics.desc", values=w.say("list_separator").join(described)),
        columns=(
            Column("topic", w.say("fig_topics.topic"), is_number=False),
            Column("documents", w.say("fig_topics.count")),
            Column("n", w.say("fig_topics.of")),
            Column("share", w.say("fig_topics.share")),
            Column("lo", w.say("field.lo")),
            Column("hi", w.say("field.hi")),
            Column("baseline", w.say("field.baseline")),
            Column("verdict", w.say("field.verdict"), is_number=False),
        ),
        rows=tuple(
            (
                Cell(
                    clip(label_of(report, share.topic_id), NAME_LIMIT),
                    label_of(report, share.topic_id),
                    lang=language_of(report, share.topic_id),
                ),
                count_cell(w, int(share.k or 0)),
                count_cell(w, share.n),
                *(Cell(w.percent(v), v) for v in (share.value, share.lo, share.hi, share.full_baseline)),
                Cell(w.verdict(share.verdict), share.verdict),
            )
            for share in report.largest_topics
        ),
        query=report.query_of(figure_id),
        chart=drawn.get(figure_id),
    )


def _drivers(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    figure_id = "fig-drivers"
    table = report.drivers
    if table is None or not table.rows:
        return FigureView(
            figure_id, w.say("fig_drivers.none" if table is None else "fig_drivers.no_topics"), is_empty=True
        )
    delta = w.points(table.delta, _digits(table.delta))
    first = next((row for row in table.rows if row.lo * row.hi > 0), None)
    title = w.say("fig_drivers.title_none", delta=delta)
    if first:
        label = clip(label_of(report, first.topic_id), NAME_LIMIT)
        title = w.say("fig_drivers.title", label=label, value=w.points(first.contribution, 1), delta=delta)
    return FigureView(
        figure_id,
        title,
        subtitle=w.say(
            "fig_drivers.intro",
            brand=w.brand(table.brand),
            delta=delta,
            n=w.count(table.n),
            n_previous=w.count(table.n_previous),
        ),
        note=w.say("fig_drivers.without", count=w.count(table.without_topic_count), n=w.count(table.n)),
        columns=(
            Column("topic", w.say("fig_drivers.topic"), is_number=False),
            Column("contribution", w.say("fig_drivers.contribution")),
            Column("lo", w.say("field.lo")),
            Column("hi", w.say("field.hi")),
            Column("n", w.say("fig_drivers.n")),
            Column("n_previous", w.say("fig_drivers.n_previous")),
        ),
        rows=tuple(
            (
                Cell(
                    clip(label_of(report, row.topic_id), NAME_LIMIT),
                    label_of(report, row.topic_id),
                    lang=language_of(report, row.topic_id),
                ),
                *(Cell(w.points(value, 1), value) for value in (row.contribution, row.lo, row.hi)),
                count_cell(w, row.n),
                count_cell(w, row.n_previous),
            )
            for row in table.rows
        ),
        query=report.query_of(figure_id),
    )


def _quality(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    figure_id = "fig-quality"
    if not report.sources:
        return FigureView(figure_id, w.say("fig_quality.empty"), is_empty=True)
    expected = [row for row in report.sources if row.expected]
    received = sum(row.received for row in (expected or report.sources))
    low = [row.source for row in report.sources if row.is_short]
    if expected:
        problem = (
            w.say("fig_quality.some_low", sources=w.say("list_separator").join(low))
            if low
            else w.say("fig_quality.all_fine")
        )
        title = w.say(
            "fig_quality.title",
            received=w.count(received),
            expected=w.count(sum(row.expected or 0 for row in expected)),
            problem=problem,
        )
    else:
        title = w.say("fig_quality.title_first", received=w.count(received))
    keys = (
        "expected",
        "received",
        "counted",
        "duplicates",
        "spam",
        "rejected",
        "fresh",
        "languages",
        "abstained",
        "without_topic",
    )
    text_keys = ("fresh", "languages")
    return FigureView(
        figure_id,
        title,
        subtitle=w.say("fig_quality.subtitle"),
        columns=(
            Column("source", w.say("fig_quality.source"), is_number=False),
            Column("kind", w.say("fig_quality.kind"), is_number=False),
            Column("status", w.say("fig_quality.status"), is_number=False),
            *(Column(key, w.say(f"fig_quality.{key}"), is_number=key not in text_keys) for key in keys),
        ),
        rows=tuple(
            (
                Cell(row.source, row.source),
                Cell(w.say(f"kind.{row.kind}"), row.kind),
                Cell(w.say(f"fig_quality.status_{row.status}"), row.status),
                Cell(w.count(row.expected), row.expected),
                *(count_cell(w, n) for n in (row.received, row.counted, row.duplicates, row.spam, row.rejected_total)),
                Cell((row.newest_at or "")[:10] or w.say("none"), row.newest_at, is_time=bool(row.newest_at)),
                Cell(_languages(w, row.languages), " ".join(f"{name}:{n}" for name, n in row.languages)),
                part_cell(w, row.abstained, row.counted),
                part_cell(w, row.without_topic, row.counted),
            )
            for row in report.sources
        ),
        query=report.query_of(figure_id),
    )


def _languages(w: Wording, languages: Sequence[tuple[str, int]]) -> str:
    return w.say("list_separator").join(f"{w.say('language.' + name)} {w.count(n)}" for name, n in languages) or w.say(
        "none"
    )


def _points(week: SentimentWeek) -> tuple[float, float, float] | None:
    if week.net is None or week.net_lo is None or week.net_hi is None:
        return None
    return (week.net * 100, week.net_lo * 100, week.net_hi * 100)


def _digits(value: float | None) -> int:
    """One digit where a whole number would read as no change at all."""
    return 1 if value is not None and abs(value) < 0.005 else 0
