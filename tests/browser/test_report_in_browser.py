"""What a browser makes of a report: it fits the screen, can be read and printed, asks for nothing and runs nothing."""

from __future__ import annotations

import itertools
import re
import unicodedata
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js"
NAMED = [("plain", "en"), ("plain", "zh"), ("example", "en"), ("hostile", "en"), ("hostile", "zh")]
SMALLEST_TEXT = 11
# Radicals that a PDF's text layer gives in place of the characters they look like, and that NFKC leaves as they are.
RADICALS = str.maketrans("⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻥⻦⻨⻩⻬⻮⻰⻳", "见角贝车长门青韦页风飞食马鱼鸟麦黄齐齿龙龟")
VISIBLE_CHARTS = """() => [...document.querySelectorAll('figure svg')]
  .filter(svg => svg.getBoundingClientRect().width > 60)
  .map(svg => {
    const box = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim()).map(t => {
      const b = t.getBoundingClientRect();
      const m = t.getScreenCTM();
      return {text: t.textContent, left: b.left - box.left, top: b.top - box.top, right: b.right - box.left,
              bottom: b.bottom - box.top, size: parseFloat(getComputedStyle(t).fontSize) * Math.hypot(m.a, m.b),
              turned: Math.abs(m.b) > 0.01};
    });
    return {id: svg.closest('figure').id, width: box.width, height: box.height, texts};
  })"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["phone", "desktop"])
@pytest.mark.parametrize(("name", "language"), NAMED)
def test_nothing_is_wider_than_the_screen(open_page, pages, name, language, screen, scheme):
    page = open_page(pages.path(name, language), screen=screen, scheme=scheme)
    wide, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= room


@pytest.mark.parametrize("screen", ["phone", "desktop"])
@pytest.mark.parametrize(("name", "language"), NAMED)
def test_a_report_asks_for_nothing_and_runs_nothing(open_page, pages, name, language, screen):
    path = pages.path(name, language)
    page = open_page(path, screen=screen)
    title = page.title()
    for details in page.query_selector_all("details"):
        details.evaluate("node => node.open = true")
    page.wait_for_timeout(200)
    assert [address for address in page.asked if address != path.as_uri() and not address.startswith("data:")] == []
    assert page.dialogs == []
    assert page.errors == []
    assert page.title() == title != "hit"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", ["phone", "desktop"])
@pytest.mark.parametrize(("name", "language"), NAMED[:3])
def test_axe_finds_no_violation(open_page, pages, name, language, screen, scheme):
    page = open_page(pages.path(name, language), screen=screen, scheme=scheme)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    told = [f"{each['id']}: {each['help']} ({each['nodes'][0]['html'][:160]})" for each in found]
    assert told == []


@pytest.mark.parametrize("screen", ["phone", "desktop"])
@pytest.mark.parametrize(("name", "language"), NAMED[:3])
def test_chart_text_is_large_enough_whole_and_apart(open_page, pages, name, language, screen):
    charts = open_page(pages.path(name, language), screen=screen).evaluate(VISIBLE_CHARTS)
    assert charts
    problems = []
    for chart in charts:
        for text in chart["texts"]:
            if screen == "phone" and text["size"] < SMALLEST_TEXT - 0.01:
                problems.append(f"{chart['id']}: {text['text']!r} is {text['size']:.1f} px")
            inside = text["left"] >= -1 and text["right"] <= chart["width"] + 1
            if not (inside and text["top"] >= -1 and text["bottom"] <= chart["height"] + 1):
                problems.append(f"{chart['id']}: {text['text']!r} is cut off")
        for one, other in itertools.combinations([t for t in chart["texts"] if not t["turned"]], 2):
            if (
                one["text"] == other["text"]
                and abs(one["left"] - other["left"]) < 1
                and abs(one["top"] - other["top"]) < 1
            ):
                continue  # a label's light outline, drawn below it
            across = min(one["right"], other["right"]) - max(one["left"], other["left"])
            down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
            if across > 1 and down > 3:
                problems.append(f"{chart['id']}: {one['text']!r} lies over {other['text']!r}")
    assert problems == []


@pytest.mark.parametrize(("name", "language"), NAMED[:3])
def test_a_print_holds_what_the_tables_say(open_page, pages, tmp_path, name, language):
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed: run `make browser`")
    page = open_page(pages.path(name, language), screen="desktop")
    cells = page.evaluate("[...document.querySelectorAll('table td, table th')].map(cell => cell.textContent)")
    printed = tmp_path / "report.pdf"
    page.pdf(path=printed, format="A4")
    text = _squeezed("".join(sheet.extract_text() for sheet in pypdf.PdfReader(printed).pages))
    wanted = {_squeezed(cell) for cell in cells} - {""}
    missing = sorted(cell for cell in wanted if cell not in text)
    assert len(wanted) > 30
    assert missing == []


@pytest.mark.parametrize(("name", "language"), NAMED[:3])
def test_a_report_is_whole_without_script(open_page, pages, name, language):
    page = open_page(pages.path(name, language), has_script=False)
    for section in ("key-findings", "kpis", "sentiment", "competitors", "topics", "quality", "method"):
        assert page.locator(f"#{section}").is_visible()
    assert page.locator("#key-findings").inner_text().strip()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_an_email_fits_a_phone_and_asks_for_nothing(open_page, pages, name, language):
    path = pages.path(name, language).with_name(f"email.{language}.html")
    page = open_page(path)
    wide, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= room
    assert page.asked == [path.as_uri()]
    assert page.dialogs == []


def _squeezed(text: str) -> str:
    """Without blanks and soft hyphens, ligatures and the radicals that a PDF puts for characters undone (NFKC)."""
    return re.sub(r"[\s\u00ad]+", "", unicodedata.normalize("NFKC", text).translate(RADICALS))
