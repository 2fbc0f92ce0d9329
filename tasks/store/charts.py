"""Charts as static SVG: Altair draws, vl-convert renders, and what comes out is made small, stable and themeable.

Each chart is drawn twice, wide and narrow, with text of 12 px in both; CSS shows the one that fits. Charts carry no
words of a language, only names, numbers and week labels, so that all languages share them; `dress` adds title,
description and ids. Plot sizes and paddings are fixed, never measured from text, so that a re-render is byte-equal.
Colours are the light theme's; `dress` turns them into CSS variables for HTML.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.store.references import xml_text

COLOURS = {
    "neg": "#c8501e",
    "neu": "#8b93a0",
    "pos": "#1f6fb2",
    "ink": "#1b2430",
    "muted": "#5a6472",
    "grid": "#e2e5ea",
    "paper": "#fffffe",
    "s1": "#1f6fb3",
    "s2": "#a8326b",
    "s3": "#1e7a68",
    "s4": "#8a6100",
    "s5": "#7a5195",
    "s6": "#5b6470",
}
DASHES = [[1, 0], [7, 3], [2, 2], [8, 3, 2, 3], [12, 4], [1, 3]]
MAX_LINES = len(DASHES)
MIN_N = 30
TEXT = 12
SMALL_TEXT = 11
_GAP = 15
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_NOISE = re.compile(
    r' (?:class|aria-[a-z]+|role|pointer-events|font-family|xmlns:xlink|version|opacity="1"|stroke-miterlimit)'
    r'(?:="[^"]*")?(?=[ />])'
)
_ID = re.compile(r'\bid="([^"]+)"')


@dataclass(frozen=True)
class Size:
    """Plot area and the paddings around it, in CSS pixels."""

    name: str
    width: int
    height: int
    left: int
    right: int
    top: int = 18
    bottom: int = 24

    @property
    def label_units(self) -> int:
        """Letters that fit right of the plot (a Chinese one counts as two)."""
        return int((self.right - 8) / 6.6)

    @property
    def left_units(self) -> int:
        """Letters that fit left of the plot."""
        return int((self.left - 10) / 6.6)


@dataclass(frozen=True)
class Chart:
    """A chart's two drawings, undressed."""

    wide: str
    narrow: str


def stacked_weeks(weeks: Sequence[str], counts: Sequence[tuple[int, int, int]]) -> Chart:
    """Stacked bars per week.

    Args:
        weeks: ISO weeks.
        counts: documents per week: negative, neutral or mixed, positive. Weeks of fewer than 30 are faded.
    """
    names = ["neg", "neu", "pos"]
    rows = [
        {"week": _short(week), "part": name, "count": count, "order": i, "opacity": 1 if sum(parts) >= MIN_N else 0.4}
        for week, parts in zip(weeks, counts, strict=True)
        for i, (name, count) in enumerate(zip(names, parts, strict=True))
    ]
    totals: list[dict[str, Any]] = [
        {"week": _short(week), "count": sum(parts), "label": _compact(sum(parts))}
        for week, parts in zip(weeks, counts, strict=True)
    ]

    def draw(alt: Any, size: Size) -> Any:
        x = _week_axis(alt, weeks, size)
        is_tight = size.width / max(1, len(weeks)) < 34
        every = 2 if is_tight and any(row["count"] >= 1000 for row in totals) else 1
        y = alt.Y("count:Q", title=None, axis=alt.Axis(tickCount=4, format=",d"), scale=alt.Scale(nice=True))
        bars = (
            alt.Chart(inline_data(alt, rows))
            .mark_bar(stroke=COLOURS["paper"], strokeWidth=1)
            .encode(
                x=x,
                y=y,
                color=alt.Color(
                    "part:N", legend=None, scale=alt.Scale(domain=names, range=[COLOURS[name] for name in names])
                ),
                opacity=alt.Opacity("opacity:Q", legend=None, scale=None),
                order=alt.Order("order:O"),
            )
        )
        labels = (
            alt.Chart(inline_data(alt, totals[::-1][::every]))
            .mark_text(dy=-7, fontSize=SMALL_TEXT if is_tight else TEXT, color=COLOURS["muted"])
            .encode(x=x, y=alt.Y("count:Q"), text=alt.Text("label:N"))
        )
        return alt.layer(bars, labels)

    return render(draw, height=190, left=44, right=8)


def line_with_band(
    weeks: Sequence[str], values: Sequence[tuple[float, float, float] | None], label: str | None
) -> Chart:
    """A line with its interval band, gaps where there is no value.

    Args:
        values: value, lower and upper end per week, in points.
        label: text at the last week's point; None where it has no value.
    """
    rows: list[dict[str, Any]] = []
    run = 0
    for week, value in zip(weeks, values, strict=True):
        if value is None:
            run += 1
            continue
        rows.append({"week": _short(week), "value": value[0], "lo": value[1], "hi": value[2], "run": run})
    low = min(0, *(row["lo"] for row in rows)) if rows else 0
    high = max(0, *(row["hi"] for row in rows)) if rows else 0
    scale = {"domain": [_floor(low, 10), _floor(high, 10) + 10], "nice": False}

    def draw(alt: Any, size: Size) -> Any:
        x = _week_axis(alt, weeks, size, grid=False)
        points = "abs(datum.value) < 0.5 ? '0' : (datum.value > 0 ? '+' : '') + format(datum.value, 'd')"
        y = alt.Y("value:Q", title=None, scale=alt.Scale(**scale), axis=alt.Axis(tickCount=5, labelExpr=points))
        base = alt.Chart(inline_data(alt, rows))
        zero = alt.Chart(inline_data(alt, [{"value": 0}])).mark_rule(color=COLOURS["muted"], strokeWidth=1).encode(y=y)
        band = base.mark_area(color=COLOURS["s1"], opacity=0.2).encode(
            x=x, y=alt.Y("lo:Q", scale=alt.Scale(**scale), title=None), y2=alt.Y2("hi:Q"), detail=alt.Detail("run:N")
        )
        line = base.mark_line(color=COLOURS["s1"], strokeWidth=2.5).encode(x=x, y=y, detail=alt.Detail("run:N"))
        dots = base.mark_circle(color=COLOURS["s1"], size=30, opacity=1).encode(x=x, y=y)
        layers = [zero, band, line, dots]
        if label is not None and rows:
            end = alt.Chart(inline_data(alt, [{**rows[-1], "label": label}])).encode(x=x, y=y, text=alt.Text("label:N"))
            layers += _haloed(end, dy=-12, fontSize=14, fontWeight="bold", color=COLOURS["ink"])
        return alt.layer(*layers)

    return render(draw, height=190, left=44, right=14)


def lines(weeks: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]]) -> Chart:
    """Lines of shares with their names and last values beside them; the first is drawn strongest.

    Args:
        series: name and one share in percent per week (None: no value), at most MAX_LINES of them.
    """
    names = [str(i) for i in range(len(series))]
    rows: list[dict[str, Any]] = [
        {"week": _short(week), "value": value, "name": names[i], "run": f"{i}-{run}"}
        for i, (_, values) in enumerate(series)
        for week, value, run in _runs(weeks, values)
    ]
    top = _floor(max((row["value"] for row in rows), default=0), 10) + 10
    lasts = [
        (i, len(weeks) - 1 - back, value)
        for i, (_, values) in enumerate(series)
        for back, value in [next(((b, v) for b, v in enumerate(reversed(values)) if v is not None), (0, None))]
        if value is not None
    ]

    def draw(alt: Any, size: Size) -> Any:
        x = _week_axis(alt, weeks, size, grid=False)
        scale = alt.Scale(domain=[0, top], nice=False)
        y = alt.Y("value:Q", title=None, scale=scale, axis=alt.Axis(tickCount=4, labelExpr="datum.value + '%'"))
        colour = alt.Color(
            "name:N",
            legend=None,
            scale=alt.Scale(domain=names, range=[COLOURS[f"s{i + 1}"] for i in range(len(names))]),
        )
        drawn = (
            alt.Chart(inline_data(alt, rows))
            .mark_line()
            .encode(
                x=x,
                y=y,
                color=colour,
                detail=alt.Detail("run:N"),
                strokeDash=alt.StrokeDash(
                    "name:N", legend=None, scale=alt.Scale(domain=names, range=DASHES[: len(names)])
                ),
                strokeWidth=alt.StrokeWidth(
                    "name:N",
                    legend=None,
                    scale=alt.Scale(domain=names, range=[3.0, *[1.8] * (len(names) - 1)]),
                ),
            )
        )
        step = size.width / len(weeks)
        places = _dodged([(1 - value / top) * size.height for _, _, value in lasts], size.height)
        ends: list[dict[str, Any]] = [
            {
                "name": names[i],
                "value": value,
                "place": (1 - place / size.height) * top,
                "text": fit(series[i][0], size.label_units - 5) + f" {value:.0f}%",
                "from": (at + 0.5) * step,
            }
            for (i, at, value), place in zip(lasts, places, strict=True)
        ]
        layers = [drawn]
        for start in sorted({end["from"] for end in ends}):
            from_there = alt.Chart(inline_data(alt, [end for end in ends if end["from"] == start]))
            layers.append(
                from_there.mark_rule(strokeWidth=1, opacity=0.6).encode(
                    x=alt.XValue(start + 3), x2=alt.X2Value(size.width + 4), y=y, y2=alt.Y2("place:Q"), color=colour
                )
            )
        for is_first, weight in ((True, "bold"), (False, "normal")):
            named = alt.Chart(inline_data(alt, [end for end in ends if (end["name"] == "0") == is_first]))
            layers.append(
                named.mark_text(align="left", fontSize=TEXT, fontWeight=weight).encode(
                    x=alt.XValue(size.width + 7),
                    y=alt.Y("place:Q", scale=scale, title=None),
                    text=alt.Text("text:N"),
                    color=colour,
                )
            )
        return alt.layer(*layers)

    return render(draw, height=220, left=40, right=160, narrow_right=116)


def ranges(rows: Sequence[tuple[str, float, float, float, float | None, str]]) -> Chart:
    """A row per item: a dot with its interval, and an upright stroke where the baseline lies.

    Args:
        rows: name, value, lower and upper end, baseline (percent), text at the right.
    """
    data: list[dict[str, Any]] = [
        {"row": i, "value": value, "lo": lo, "hi": hi, "base": base, "text": text}
        for i, (_, value, lo, hi, base, text) in enumerate(rows)
    ]
    top = _floor(max(max(row["hi"], row["base"] or 0) for row in data), 5) + 5

    def draw(alt: Any, size: Size) -> Any:
        units = int(size.width / 6.6)
        named = [{**row, "name": fit(name, units)} for row, (name, *_) in zip(data, rows, strict=True)]
        y_scale = alt.Scale(domain=[-0.75, len(rows) - 0.25], reverse=True, nice=False)
        x_scale = alt.Scale(domain=[0, top], nice=False)
        x = alt.X(
            "value:Q", title=None, scale=x_scale, axis=alt.Axis(tickCount=5, labelExpr="datum.value + '%'", grid=True)
        )
        y = alt.Y("row:Q", axis=None, scale=y_scale)
        base = alt.Chart(inline_data(alt, named)).encode(y=y)
        interval = base.mark_rule(color=COLOURS["s1"], strokeWidth=3, opacity=0.4).encode(
            x=alt.X("lo:Q", scale=x_scale, title=None), x2=alt.X2("hi:Q")
        )
        dots = base.mark_circle(color=COLOURS["s1"], size=90, opacity=1).encode(x=x)
        with_base = alt.Chart(inline_data(alt, [row for row in named if row["base"] is not None]))
        strokes = with_base.mark_tick(orient="vertical", color=COLOURS["ink"], thickness=2, size=16, opacity=1).encode(
            x=alt.X("base:Q", scale=x_scale, title=None), y=y
        )
        names = base.encode(x=alt.XValue(0), text=alt.Text("name:N"))
        values = base.encode(x=alt.X("hi:Q", scale=x_scale, title=None), text=alt.Text("text:N"))
        return alt.layer(
            interval,
            strokes,
            dots,
            *_haloed(names, dy=-17, align="left", fontSize=TEXT, color=COLOURS["ink"]),
            *_haloed(values, dx=7, align="left", fontSize=TEXT, color=COLOURS["muted"]),
        )

    return render(draw, height=40 * len(rows) + 10, left=6, right=54, narrow_right=54, top=8)


def dress(svg: str, *, key: str, title: str, description: str, is_themed: bool) -> str:
    """A drawing with its role, title and description, and ids that are unique in its document.

    Args:
        key: prefix of all ids.
        is_themed: colours as CSS variables (inside HTML); else the light theme's on white (a file of its own).
    """
    for number, name in enumerate(dict.fromkeys(_ID.findall(svg))):
        svg = svg.replace(f'id="{name}"', f'id="{key}-{number}"').replace(f"url(#{name})", f"url(#{key}-{number})")
    head, body = svg.split(">", 1)
    said, told = html.escape(xml_text(title)), html.escape(xml_text(description))
    words = f'<title id="{key}-title">{said}</title><desc id="{key}-desc">{told}</desc>'
    head += f' role="img" aria-labelledby="{key}-title {key}-desc"'
    if not is_themed:
        head += ' font-family="system-ui, sans-serif"'
        return head + ">" + words + '<rect width="100%" height="100%" fill="#ffffff"/>' + body + "\n"
    for name, colour in COLOURS.items():
        body = body.replace(f'"{colour}"', f'"var(--{name})"')
    return head + ">" + words + body


def sparkline(values: Sequence[float | None], *, width: int = 132, height: int = 30) -> str:
    """A line of past values with a dot on the last, without axes; decoration beside the printed numbers."""
    known = [value for value in values if value is not None]
    if not known:
        known = [0.0]
    low, span = min(known), (max(known) - min(known)) or 1.0
    step = (width - 8) / max(1, len(values) - 1)
    points = [
        (round(4 + i * step, 1), round(height - 5 - (value - low) / span * (height - 10), 1))
        if value is not None
        else None
        for i, value in enumerate(values)
    ]
    paths: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            paths.append([])
        else:
            paths[-1].append(point)
    drawn = "".join(
        f'<polyline points="{" ".join(f"{x:g},{y:g}" for x, y in path)}"/>' for path in paths if len(path) > 1
    )
    dots = "".join(f'<circle cx="{path[0][0]:g}" cy="{path[0][1]:g}" r="1.5"/>' for path in paths if len(path) == 1)
    last = points[-1] if points else None
    end = f'<circle class="end" cx="{last[0]:g}" cy="{last[1]:g}" r="3"/>' if last else ""
    return (
        f'<svg class="spark" aria-hidden="true" focusable="false" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">{drawn}{dots}{end}</svg>'
    )


def text_sparkline(values: Sequence[float | None]) -> str:
    """A line of past values in block characters; a dot where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    return "".join("·" if v is None else "▁▂▃▄▅▆▇█"[min(7, int((v - low) / span * 8))] for v in values)


def render(
    draw: Any,
    *,
    height: int,
    left: int,
    right: int,
    narrow_left: int | None = None,
    narrow_right: int | None = None,
    narrow_top: int | None = None,
    top: int = 18,
    bottom: int = 24,
) -> Chart:
    """Draw wide (720 px) and narrow (342 px)."""
    import altair as alt
    import vl_convert
    from altair.utils.schemapi import debug_mode

    drawings = []
    for name, total in (("wide", 720), ("narrow", 342)):
        is_narrow = name == "narrow"
        before = narrow_left if narrow_left is not None and is_narrow else left
        beside = narrow_right if narrow_right is not None and is_narrow else right
        above = narrow_top if narrow_top is not None and is_narrow else top
        size = Size(name, total - before - beside, height, before, beside, above, bottom)
        with debug_mode(False):  # the specifications are checked by the tests, not once per report
            spec = draw(alt, size).to_dict(validate=False)
        spec |= {"width": size.width, "height": size.height, **_frame(size)}
        drawings.append(_tidy(vl_convert.vegalite_to_svg(spec, vl_version="6.4")))
    return Chart(*drawings)


def _frame(size: Size) -> dict[str, Any]:
    """What is the same in all charts, as parts of a Vega-Lite specification."""
    return {
        "background": "transparent",
        "autosize": {"type": "none"},
        "padding": {"left": size.left, "right": size.right, "top": size.top, "bottom": size.bottom},
        "config": {
            "aria": False,
            "view": {"stroke": None},
            "axis": {
                "labelFontSize": TEXT,
                "labelColor": COLOURS["muted"],
                "gridColor": COLOURS["grid"],
                "ticks": False,
                "labelPadding": 6,
                "labelOverlap": False,
                "domain": False,
            },
        },
    }


def _tidy(svg: str) -> str:
    """Smaller and stable: coordinates of one digit, without attributes that draw nothing."""
    svg = _LONG_NUMBER.sub(lambda match: f"{round(float(match[0]), 1):g}", svg)
    svg = _NOISE.sub("", svg)
    return re.sub(r'<path d="M0,0h0v0h0Z"\s*/>|<path d=""[^>]*/>', "", svg).strip()


def _week_axis(alt: Any, weeks: Sequence[str], size: Size, *, grid: bool = False) -> Any:
    """Weeks in their order; every second label where they would touch, the last one always there."""
    labels = [_short(week) for week in weeks]
    step = max(1, -(-34 * len(labels) // size.width))
    shown = labels[::-1][::step][::-1]
    return alt.X(
        "week:O",
        title=None,
        scale=alt.Scale(domain=labels, paddingInner=0.25, paddingOuter=0.12, type="band"),
        axis=alt.Axis(labelAngle=0, values=shown, grid=grid),
    )


def _haloed(chart: Any, **style: Any) -> list[Any]:
    """Text that stays readable on lines: a stroke of paper below it."""
    below = {**style, "color": COLOURS["paper"], "stroke": COLOURS["paper"], "strokeWidth": 4, "strokeJoin": "round"}
    return [chart.mark_text(**below), chart.mark_text(**style)]


def inline_data(alt: Any, rows: Sequence[Mapping[str, Any]]) -> Any:
    """Rows as the data of a chart."""
    return alt.Data(values=list(rows))


def _runs(weeks: Sequence[str], values: Sequence[float | None]) -> list[tuple[str, float, int]]:
    """Weeks with a value, numbered by the unbroken run that they belong to."""
    found, run = [], 0
    for week, value in zip(weeks, values, strict=True):
        if value is None:
            run += 1
        else:
            found.append((week, value, run))
    return found


def _dodged(places: Sequence[float], height: float) -> list[float]:
    """Places of labels at least 15 px apart, as near to where they belong as the height allows."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [places[i] for i in order]
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + _GAP)
    if moved and moved[-1] > height:
        moved[-1] = height
        for i in range(len(moved) - 2, -1, -1):
            moved[i] = min(moved[i], moved[i + 1] - _GAP)
    result = [0.0] * len(places)
    for i, place in zip(order, moved, strict=True):
        result[i] = place
    return result


def signed(points: float) -> str:
    """A whole number of points with its sign; zero without one."""
    text = f"{points:+.0f}"
    return "0" if text in ("+0", "-0") else text.replace("-", "\u2212")


def fit(text: str, units: int) -> str:
    """Text of at most so many units (a wide letter counts as two), with an ellipsis where cut."""
    text = xml_text(text)
    widths = [2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text]
    if sum(widths) <= units:
        return text
    kept, used = "", 0
    for letter, width in zip(text, widths, strict=True):
        if used + width > units - 1:
            break
        kept, used = kept + letter, used + width
    return kept.rstrip() + "…"


def _short(iso_week: str) -> str:
    return iso_week[-3:]


def _compact(count: int) -> str:
    return str(count) if count < 1000 else f"{count / 1000:.1f}k"


def _floor(value: float, step: int) -> int:
    return int(value // step) * step
