"""The heat map of brands and aspects: net sentiment of the documents that speak of an aspect, as a chart and a table.

Rows are aspects, the most frequent first; columns are brands, ours first. A cell's number says what its colour says, so
that it reads without colour; cells of fewer than 30 scored documents are empty. Aspects have names in each language, so
that this chart is drawn once a language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.core.report_model import AspectRow, WeeklyReport
from tasks.core.wording import NAME_LIMIT, Wording, clip
from tasks.store import charts
from tasks.store.charts import Chart
from tasks.store.figure_view import Cell, Column, FigureView, count_cell

FIGURE_ID = "fig-aspects"
MAX_BRANDS = 6
ROW_HEIGHT = 30
STEPS = ((-0.3, "neg", 0.45), (-0.05, "neg", 0.2), (0.05, "neu", 0.16), (0.3, "pos", 0.2), (2.0, "pos", 0.45))


def draw(report: WeeklyReport) -> dict[str, Chart]:
    """The chart of each language, by figure id and language; none where fewer than two cells have a value."""
    if sum(_net(row) is not None for row in report.aspects) < 2:
        return {}
    return {f"{FIGURE_ID}.{language}": _chart(report, language) for language in ("en", "zh")}


def view(report: WeeklyReport, w: Wording, drawn: Mapping[str, Chart]) -> FigureView:
    """The figure in one language; empty where no document of the week speaks of an aspect."""
    query = next((figure.query for figure in report.figures if figure.figure_id == FIGURE_ID), "")
    if not report.aspects or not query:
        return FigureView(FIGURE_ID, w.say("fig_aspects.empty"), is_empty=True)
    scored = [row for row in report.aspects if _net(row) is not None]
    more = len(dict.fromkeys(row.brand for row in report.aspects)) - len(_brands(report))
    return FigureView(
        FIGURE_ID,
        _title(scored, w),
        subtitle=w.say("fig_aspects.subtitle"),
        note=w.say("fig_voice.more", count=more) if more > 0 else "",
        description=w.say(
            "fig_aspects.desc",
            values=w.say("list_separator").join(
                w.say(
                    "fig_aspects.desc_cell",
                    brand=w.brand(row.brand),
                    aspect=_label(row, w.language),
                    value=w.level("nss", _net(row)),
                )
                for row in scored
            ),
        ),
        columns=(
            Column("aspect", w.say("fig_aspects.aspect"), is_number=False),
            Column("brand", w.say("fig_matrix.brand"), is_number=False),
            Column("documents", w.say("fig_topics.count")),
            Column("n", w.say("fig_topics.of")),
            Column("share", w.say("fig_topics.share")),
            Column("net_sentiment", w.say("fig_matrix.net")),
            Column("scored", w.say("field.n")),
            Column("lo", w.say("field.lo")),
            Column("hi", w.say("field.hi")),
        ),
        rows=tuple(_cells(row, w) for row in report.aspects),
        query=query,
        chart=drawn.get(f"{FIGURE_ID}.{w.language}"),
    )


def _title(scored: Sequence[AspectRow], w: Wording) -> str:
    """The lowest and the highest cell; levels, so that no verb of change stands in it."""
    if not scored:
        return w.say("fig_aspects.title_few")
    ordered = sorted(scored, key=lambda row: (_net(row) or 0, row.brand, row.aspect))
    lowest, highest = ordered[0], ordered[-1]
    if lowest is highest:
        return w.say(
            "fig_aspects.title_one",
            brand=w.brand(lowest.brand),
            aspect=_label(lowest, w.language),
            value=w.level("nss", _net(lowest)),
        )
    return w.say(
        "fig_aspects.title",
        lo=w.level("nss", _net(lowest)),
        lo_brand=w.brand(lowest.brand),
        lo_aspect=_label(lowest, w.language),
        hi=w.level("nss", _net(highest)),
        hi_brand=w.brand(highest.brand),
        hi_aspect=_label(highest, w.language),
    )


def _cells(row: AspectRow, w: Wording) -> tuple[Cell, ...]:
    net = row.sentiment
    return (
        Cell(_label(row, w.language), row.aspect),
        Cell(clip(row.brand, NAME_LIMIT), row.brand),
        count_cell(w, int(row.share.k or 0)),
        count_cell(w, row.share.n),
        Cell(w.percent(row.share.value), row.share.value),
        Cell(w.level("nss", net.value if net else None), net.value if net else None),
        count_cell(w, net.n if net else 0),
        Cell(w.level("nss", net.lo if net else None), net.lo if net else None),
        Cell(w.level("nss", net.hi if net else None), net.hi if net else None),
    )


def _label(row: AspectRow, language: str) -> str:
    return clip(row.label_zh if language == "zh" else row.label_en, NAME_LIMIT)


def _net(row: AspectRow) -> float | None:
    return row.sentiment.value if row.sentiment else None


def _brands(report: WeeklyReport) -> list[str]:
    """Columns: our brand, then the others in the configuration's order, as many as fit."""
    present = {row.brand for row in report.aspects}
    named = [brand for brand in report.brands if brand in present]
    return sorted(named, key=lambda brand: brand != report.own_brand)[:MAX_BRANDS]


def _chart(report: WeeklyReport, language: str) -> Chart:
    brands = _brands(report)
    aspects = list(dict.fromkeys(row.aspect for row in report.aspects))
    labels = {row.aspect: _label(row, language) for row in report.aspects}
    nets = {(row.brand, row.aspect): _net(row) for row in report.aspects}
    cells: list[dict[str, Any]] = []
    for y, aspect in enumerate(aspects):
        for x, brand in enumerate(brands):
            value = nets.get((brand, aspect))
            _, name, opacity = next((s for s in STEPS if value is not None and value < s[0]), (0.0, "grid", 0.35))
            text = "·" if value is None else charts.signed(value * 100)
            cells.append({"x": x, "y": y, "name": name, "opacity": opacity, "text": text})

    def draw(alt: Any, size: charts.Size) -> Any:
        x_scale = alt.Scale(domain=[-0.5, len(brands) - 0.5], nice=False)
        y_scale = alt.Scale(domain=[-0.5, len(aspects) - 0.5], nice=False, reverse=True)
        names = ["neg", "neu", "pos", "grid"]
        base = alt.Chart(charts.inline_data(alt, cells))
        x = alt.X("x:Q", axis=None, scale=x_scale)
        y = alt.Y("y:Q", axis=None, scale=y_scale)
        width = size.width / len(brands)
        squares = base.mark_rect(width=width - 3, height=ROW_HEIGHT - 3, cornerRadius=3).encode(
            x=x,
            y=y,
            color=alt.Color(
                "name:N",
                legend=None,
                scale=alt.Scale(domain=names, range=[charts.COLOURS[name] for name in names]),
            ),
            opacity=alt.Opacity("opacity:Q", legend=None, scale=None),
        )
        numbers = base.mark_text(fontSize=13, color=charts.COLOURS["ink"]).encode(x=x, y=y, text=alt.Text("text:N"))
        rows = [{"y": i, "text": charts.fit(labels[aspect], size.left_units - 2)} for i, aspect in enumerate(aspects)]
        beside = (
            alt.Chart(charts.inline_data(alt, rows))
            .mark_text(align="right", fontSize=charts.TEXT, color=charts.COLOURS["ink"])
            .encode(x=alt.XValue(-8), y=y, text=alt.Text("text:N"))
        )
        is_slanted = width < 60  # names do not fit beside each other
        room = 9 if is_slanted else int((width - 4) / 7.4)
        heads = [{"x": i, "text": charts.fit(brand, room)} for i, brand in enumerate(brands)]
        slant: dict[str, Any] = {"angle": -50, "align": "left", "dx": 2} if is_slanted else {}
        above = (
            alt.Chart(charts.inline_data(alt, heads))
            .mark_text(fontSize=charts.TEXT, fontWeight="bold", color=charts.COLOURS["ink"], **slant)
            .encode(x=x, y=alt.YValue(-8 if is_slanted else -12), text=alt.Text("text:N"))
        )
        return alt.layer(squares, numbers, beside, above)

    return charts.render(
        draw,
        height=ROW_HEIGHT * len(aspects),
        left=190,
        right=6,
        top=26,
        bottom=6,
        narrow_left=104,
        narrow_right=30,
        narrow_top=74 if len(brands) > 3 else 26,
    )
