"""Charts: real marks, readable sizes, the same bytes each time, and names that can do no harm."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import altair
import jsonschema
import pytest
import vl_convert

from tasks.core.weeks import week_range
from tasks.store import charts

WEEKS = week_range("2026-W36", "2026-W47")
SVG = "{http://www.w3.org/2000/svg}"


def stacked() -> charts.Chart:
    return charts.stacked_weeks(WEEKS, [(40 + i, 30, 60 + 3 * i) if i != 4 else (5, 6, 7) for i in range(12)])


def banded() -> charts.Chart:
    return charts.line_with_band(WEEKS, [(20.0 + i, 10.0, 31.0) if i != 4 else None for i in range(12)], "+31")


def lined(*names: str) -> charts.Chart:
    named = names or ("Aurora", "Borealis", "北风咖啡机器有限公司")
    return charts.lines(WEEKS, [(name, [30.0 - i, None, *[31.0 - i] * 10]) for i, name in enumerate(named)])


def ranged(*names: str) -> charts.Chart:
    named = names or ("battery · charge", "配送 · 快递")
    return charts.ranges([(name, 18.0, 14.0, 24.0, 6.0 if i else None, "18%") for i, name in enumerate(named)])


ALL = {"stacked": stacked, "banded": banded, "lined": lined, "ranged": ranged}


@pytest.fixture(scope="module")
def drawn() -> dict[str, charts.Chart]:
    return {name: make() for name, make in ALL.items()}


def tree(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in tree(svg).iter(f"{SVG}text")]


def test_the_specifications_are_valid(monkeypatch):
    """Drawing skips altair's own check, which costs more than the drawing: here it is made up for."""
    specs = []
    render = vl_convert.vegalite_to_svg
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", lambda spec, **more: specs.append(spec) or render(spec, **more))
    for make in ALL.values():
        make()
    assert len(specs) == 8
    for spec in specs:
        altair.LayerChart.from_dict(spec, validate=True)
    with pytest.raises(jsonschema.exceptions.ValidationError):
        altair.LayerChart.from_dict({**specs[0], "config": {"axis": {"labelFontSize": "large"}}}, validate=True)


@pytest.mark.parametrize("name", ALL)
def test_a_chart_is_drawn_the_same_each_time(drawn, name):
    assert ALL[name]() == drawn[name]


@pytest.mark.parametrize("name", ALL)
def test_charts_have_marks_and_readable_text_in_both_widths(drawn, name):
    for svg, width in ((drawn[name].wide, 720), (drawn[name].narrow, 342)):
        root = tree(svg)
        assert float(root.get("width", 0)) == width
        marks = [
            node for tag in ("path", "rect", "line", "circle") for node in root.iter(SVG + tag) if node.get("d") != ""
        ]
        assert len(marks) >= 3
        sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)px"', svg)]
        assert sizes
        assert min(sizes) >= 11


@pytest.mark.parametrize("name", ALL)
def test_coordinates_are_rounded(drawn, name):
    for svg in (drawn[name].wide, drawn[name].narrow):
        assert not re.search(r"\d\.\d{3,}", svg)


def test_every_week_of_the_stack_prints_its_n():
    assert {"130", "18", "174"} <= set(texts(stacked().wide))
    assert {"130", "18", "174"} <= set(texts(stacked().narrow))


def test_weeks_of_small_n_are_faded():
    opacities = re.findall(r'opacity="([\d.]+)"', stacked().wide)
    assert opacities.count("0.4") == 3


def test_lines_carry_their_names_and_dashes():
    words = " ".join(texts(lined().wide))
    assert "Aurora 31%" in words
    assert "Borealis 30%" in words
    assert len(set(re.findall(r'stroke-dasharray="([\d.,]+)"', lined().wide))) >= 2


def test_labels_keep_a_distance_of_fifteen_pixels_inside_the_plot():
    for places in ([100.0, 101.0, 102.0, 103.0], [218.0, 219.0, 220.0], [0.0, 0.0], []):
        moved = charts._dodged(places, 220)
        ordered = sorted(moved)
        assert all(b - a >= 15 - 1e-9 for a, b in pairwise(ordered))
        assert all(place <= 220 for place in moved)
        assert sorted(range(len(places)), key=lambda i: places[i]) == sorted(range(len(moved)), key=lambda i: moved[i])


def test_hostile_names_are_only_text():
    name = "</text><script>alert(1)</script>&\"'"
    for chart in (lined(name, "B"), ranged(name * 3)):
        for svg in (chart.wide, chart.narrow):
            assert not list(tree(svg).iter(SVG + "script"))
            assert any(word.startswith("</te") for word in texts(svg))


def test_dressing_adds_words_and_unique_ids(drawn):
    both = "".join(
        charts.dress(svg, key=f"fig-{name}-{variant}", title="A <b> & title", description="1 and 2", is_themed=True)
        for name, chart in drawn.items()
        for variant, svg in (("wide", chart.wide), ("narrow", chart.narrow))
    )
    ids = re.findall(r'\bid="([^"]+)"', both)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", both)) <= set(ids)
    root = tree(charts.dress(drawn["lined"].wide, key="k", title="A <b>", description="1 and 2", is_themed=True))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "k-title k-desc"
    assert [node.text for node in root[:2]] == ["A <b>", "1 and 2"]


def test_themed_charts_take_their_colours_from_the_page(drawn):
    for chart in drawn.values():
        themed = charts.dress(chart.wide, key="k", title="t", description="d", is_themed=True)
        assert "var(--" in themed
        assert not re.search(r'"#[0-9a-f]{6}"', themed)
        plain = charts.dress(chart.wide, key="k", title="t", description="d", is_themed=False)
        assert "var(--" not in plain
        assert 'fill="#ffffff"' in plain


def test_sparklines_leave_gaps_where_nothing_is_known():
    svg = charts.sparkline([1.0, 2.0, None, 3.0, 4.0])
    assert svg.count("<polyline") == 2
    assert 'aria-hidden="true"' in svg
    assert "<polyline" not in charts.sparkline([None, None])
    assert charts.text_sparkline([0.0, None, 1.0]) == "▁·█"
    assert charts.text_sparkline([None]) == ""
    assert charts.text_sparkline([2.0, 2.0]) == "▁▁"


def test_long_and_wide_names_are_cut_to_the_room_they_have():
    assert charts.fit("Aurora", 8) == "Aurora"
    assert charts.fit("Aurora Appliances", 8) == "Aurora…"
    assert charts.fit("北风咖啡机器", 8) == "北风咖…"


def test_characters_that_xml_forbids_do_not_end_the_process():
    made = charts.lines(["2026-W01", "2026-W02"], [("a\x01b\x00c\ufffe", [10.0, 20.0]), ("d", [1.0, 2.0])])
    assert "abc 20%" in made.wide
    dressed = charts.dress(made.wide, key="k", title="t\x01", description="d\x02", is_themed=False)
    assert not set("\x00\x01\x02\ufffe") & set(dressed)
