"""E-mail, Slack, feed and PDF: small, complete, the same again, and harmless whatever stands in a document."""

import gzip
import json
import os
import re
import shutil
import xml.etree.ElementTree as ElementTree
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import feedparser
import pytest
from report_builder import make_report, quote

from tasks.errors import SourceError
from tasks.store import pdf
from tasks.store.heat_map import draw, view
from tasks.store.messages import load_messages
from tasks.store.outgoing import EMAIL_LIMIT, SLACK_LIMIT, mrkdwn
from tasks.store.references import HtmlPlaces
from tasks.store.render import index_files, names_of, report_files

SHARED = Path(os.environ.get("MARKETBRIEF_SHARED_DATA", "../shared/data"))
FORMATS = ("html", "email", "slack")
HOSTILE = (
    "</p></td></title><script>alert(1)</script><img src=x onerror=alert(2)>\"'><a href=javascript:alert(4)>x</a> "
    "<!channel> <@U123> <http://evil.example|click> @here *bold* _it_ ~no~ `code` {{ 7 * 7 }} &lt;b&gt; ]]> \x0b\x11 "
    "http://evil.example www.evil.example \u202e | -- \ufffe"
)


class Tags(HTMLParser):
    """Tags and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.words.append(data)


def files(**values) -> dict[str, bytes]:
    return report_files(make_report(**values), languages=("en", "zh"), formats=FORMATS)


@pytest.fixture(scope="module")
def plain() -> dict[str, bytes]:
    return files()


def linked(base: str):
    report = make_report()
    return report.model_copy(update={"provenance": report.provenance.model_copy(update={"link_base": base})})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_email_is_small_laid_out_in_tables_and_asks_for_nothing(plain, language):
    page = plain[f"email.{language}.html"].decode()
    found = Tags(page)
    assert len(page.encode()) <= EMAIL_LIMIT
    assert not {"style", "script", "link", "img", "svg", "form", "iframe", "details"} & set(found.tags)
    assert "class" not in {name for name, _ in found.attributes}
    assert found.tags["table"] > 5
    assert not [value for name, value in found.attributes if name == "src" or (name == "style" and "url(" in value)]
    widths = [value for name, value in found.attributes if name == "width"]
    assert {"600", "100%"} <= set(widths)
    assert HtmlPlaces(page).bare == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_email_and_slack_say_the_findings_and_numbers_of_the_page(plain, language):
    report = make_report()
    text = report.findings[0].text_zh if language == "zh" else report.findings[0].text_en
    of_page = {place.ref: place.text for place in HtmlPlaces(plain[f"report.{language}.html"].decode()).places}
    of_mail = HtmlPlaces(plain[f"email.{language}.html"].decode()).places
    shared = [
        place for place in of_mail if place.ref in of_page and place.ref.startswith(("kpi-", "f-", "totals", "q-"))
    ]
    assert len(shared) > 15
    for place in shared:
        if not place.ref.endswith(".source"):
            assert place.text == of_page[place.ref], place.ref
    part = plain[f"email.{language}.txt"].decode()
    assert text in part
    assert f"[{report.findings[0].finding_id}]" in part
    for kpi in ("kpi-volume", "kpi-nss"):
        assert of_page[f"{kpi}.value"] in part
    slack = plain[f"slack.{language}.txt"].decode()
    assert text in slack.replace("*", "")
    assert len(slack) <= SLACK_LIMIT


def test_bars_of_the_email_are_the_weeks_counts(plain):
    of_mail = {place.ref: place.text for place in HtmlPlaces(plain["email.en.html"].decode()).places}
    last = make_report().sentiment[-1]
    assert of_mail[f"fig-sentiment.{last.iso_week}.negative"] == str(last.negative)
    assert of_mail[f"fig-sentiment.{last.iso_week}.positive"] == str(last.positive)
    assert of_mail[f"fig-sentiment.{last.iso_week}.n"] == str(last.scored)


def test_many_long_quotes_do_not_make_an_email_too_large():
    long = "很长的评论。" * 6_000
    report = make_report()
    voices = tuple(quote(f"{number} {long}", None, "negative") for number in range(4))
    made = report_files(report.model_copy(update={"voices": voices}), languages=("zh",), formats=("email",))
    assert len(made["email.zh.html"]) <= EMAIL_LIMIT
    assert "<blockquote" not in made["email.zh.html"].decode()


def test_addresses_stand_where_the_reports_are_served_and_are_named_where_they_are_not(plain):
    made = report_files(linked("https://example.com/reports/"), languages=("en",), formats=FORMATS)
    address = "https://example.com/reports/2026-W47/report.en.html"
    assert f'href="{address}"' in made["email.en.html"].decode()
    assert f"<{address}|Open the report>" in made["slack.en.txt"].decode()
    assert address in made["email.en.txt"].decode()
    assert "The report: 2026-W47/report.en.html" in plain["slack.en.txt"].decode()
    assert 'href="2026-W47' not in plain["email.en.html"].decode()


def check_harmless(made: dict[str, bytes], expected: dict[str, bytes]) -> None:
    """Hostile text adds no tag to e-mails (links and long quotes may go), and no control sequence to Slack's text."""
    for language in ("en", "zh"):
        found, wanted = (Tags(side[f"email.{language}.html"].decode()) for side in (made, expected))
        assert found.tags - wanted.tags == Counter()
        assert set(wanted.tags - found.tags) <= {"a", "span", "blockquote", "time", "p", "h2"}
        assert not [name for name, _ in found.attributes if name.startswith("on")]
        assert not [value for name, value in found.attributes if name == "href" and not value.startswith("https://")]
        slack = made[f"slack.{language}.txt"].decode()
        assert not re.search(r"<(?!https://example\.com/)", slack)
        assert not re.search(r"(?i)@(here|channel|everyone)\b(?<!\u2060)", slack.replace("@\u2060", ""))
        assert "javascript:" not in slack


def test_hostile_text_stays_text_in_emails_and_slack(plain):
    check_harmless(files(text=HOSTILE, name=HOSTILE, url="javascript:alert(6)"), plain)


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["hostile_xss", "hostile_blns"])
def test_known_attacks_stay_text(plain, folder):
    if not (SHARED / folder).is_dir():
        pytest.skip("the shared data are not here")
    texts = []
    for path in sorted((SHARED / folder).rglob("*")):
        if path.suffix == ".json":
            data = json.loads(path.read_text(encoding="utf-8"))
            texts += [str(item) for item in (data if isinstance(data, list) else data.values())]
        elif path.name.endswith(".txt.gz"):
            texts += gzip.decompress(path.read_bytes()).decode(errors="replace").splitlines()
    assert len(texts) > 100
    step = max(1, -(-len(texts) // 3))
    for start in range(0, len(texts), step):
        text = " ".join(texts[start : start + step])[:30_000] or "x"
        check_harmless(files(text=text, name=text[:200] or "x", url=text[:100]), plain)
    feed = index_files([make_report(name=texts[0], text=texts[1])], exists={"2026-W47/report.en.html": True},
                       language="en")["feed.xml"]  # fmt: skip
    ElementTree.fromstring(feed)


def test_mrkdwn_keeps_what_is_said_and_disarms_what_acts():
    assert mrkdwn("a < b & c > d") == "a &lt; b &amp; c &gt; d"
    for text in ("<!channel>", "<@U1>", "*x*", "@here", "javascript:alert(1)", "`x`"):
        shown = str(mrkdwn(text)).replace("\u2060", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        assert shown == text
        assert mrkdwn(text) != text


EXISTS = {f"2026-W{week}/report{revision}.en.html": True for week in (46, 47, 48) for revision in ("", ".r2")}


def feed_of(reports, **values) -> bytes:
    return index_files(reports, exists=EXISTS, language="en", **values)["feed.xml"]


def test_the_feed_is_valid_stable_and_speaks_of_the_newest_revisions():
    late = make_report().provenance.model_copy(update={"published_at": "2026-11-25T06:00:00+00:00"})
    first, second = make_report(iso_week="2026-W46"), make_report()
    revised = make_report(revision=2, provenance=late)
    before, after = feed_of([first, second]), feed_of([first, second, revised])
    assert feed_of([second, first]) == before
    parsed = feedparser.parse(after)
    assert not parsed.bozo, parsed.get("bozo_exception")
    assert (parsed.version, len(parsed.entries)) == ("atom10", 2)
    newest, older = parsed.entries
    assert newest.link.endswith("2026-W47/report.r2.en.html")
    assert newest.title.endswith("2026-W47 r2")
    assert (newest.published, newest.updated) == ("2026-11-23T06:00:00+00:00", "2026-11-25T06:00:00+00:00")
    assert parsed.feed.updated == newest.updated
    assert make_report().findings[0].text_en in newest.content[0].value
    ids = [entry.id for entry in feedparser.parse(before).entries]
    assert [newest.id, older.id] == ids
    assert len({*ids, parsed.feed.id}) == 3
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", item) for item in ids)
    names = [element.tag.split("}")[1] for element in ElementTree.fromstring(after)]
    assert [names.count(name) for name in ("id", "title", "updated", "author")] == [1, 1, 1, 1]


def test_a_feed_of_hostile_text_is_still_xml_and_runs_nothing():
    made = feed_of([make_report(name=HOSTILE, text=HOSTILE)])
    root = ElementTree.fromstring(made)
    assert {element.tag.split("}")[1] for element in root.iter()} == {
        "feed", "title", "id", "updated", "link", "author", "name", "generator", "entry", "published", "summary",
        "content",
    }  # fmt: skip
    assert "<script>alert(1)</script>" in root.find("{*}author/{*}name").text
    assert feed_of([]).count(b"<entry>") == 0


def test_names_of_files_by_format():
    report = make_report(revision=2)
    assert names_of(report, "email", ("en", "zh")) == ["email.r2.en.html", "email.r2.zh.html"]
    assert names_of(report, "pdf", ("zh",)) == ["report.r2.zh.pdf"]
    assert names_of(report, "json", ("en", "zh")) == ["report.r2.json"]


def test_without_a_browser_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SourceError) as error:
        pdf.print_pdf("<html></html>", "2026-11-23T06:00:00+00:00")
    assert "apt install chromium" in error.value.fix


def test_a_browser_that_fails_is_told_without_its_output(monkeypatch, tmp_path):
    fake = tmp_path / "chromium"
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(fake))
    with pytest.raises(SourceError, match="could not print"):
        pdf.print_pdf("<html></html>", "2026-11-23T06:00:00+00:00")
    fake.write_text("#!/bin/sh\nexit 0\n")
    with pytest.raises(SourceError, match="printed nothing"):
        pdf.print_pdf("<html></html>", "2026-11-23T06:00:00+00:00")


def test_the_time_stamps_of_a_pdf_are_the_revisions(monkeypatch, tmp_path):
    fake = tmp_path / "chromium"
    script = 'for a in "$@"; do case $a in --print-to-pdf=*) out=${a#--print-to-pdf=};; esac; done\n'
    body = "printf '/CreationDate (D:20300101010203) /ModDate (D:20300101010203)' > \"$out\"\n"
    fake.write_text("#!/bin/sh\n" + script + body)
    fake.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(fake))
    made = pdf.print_pdf("<html></html>", "2026-11-23T06:00:00+00:00")
    assert made == b"/CreationDate (D:20261123060000) /ModDate (D:20261123060000)"


def test_the_heat_map_shows_each_cell_and_leaves_small_ones_empty(plain):
    report = make_report()
    chart = draw(report)["fig-aspects.zh"].wide
    assert "电池" in chart
    assert "\u221242" in chart
    assert "+35" in chart
    wording = view_of(report, "en")
    assert wording.title == ("Net sentiment by aspect: from −42 (Aurora, battery) to +35 (Borealis, price Aurora)")
    assert [cell.text for cell in wording.rows[2]] == ["battery", "Cirrus", "40", "271", "15%", "–", "4", "−50", "+60"]
    empty = report.model_copy(update={"aspects": ()})
    assert (draw(empty), view_of(empty, "zh").is_empty) == ({}, True)
    assert 'id="fig-aspects"' in plain["report.zh.html"].decode()


def test_names_of_many_brands_are_slanted_on_a_phone_and_never_overlap():
    report = make_report()
    first = report.aspects[0]
    names = ("Aurora", "Borealis", "Cirrus", "Dorado", "Eridanus", "Fornax", "Grus")
    rows = tuple(first.model_copy(update={"brand": name}) for name in names)
    chart = draw(report.model_copy(update={"aspects": rows, "brands": names}))["fig-aspects.en"]
    assert chart.narrow.count("rotate(-50)") == 6
    assert "rotate(" not in chart.wide
    assert "Grus" not in chart.wide  # the seventh stands in the table alone


def view_of(report, language: str):
    from tasks.core.wording import Wording

    return view(report, Wording(language, load_messages(language), report.definitions), draw(report))
