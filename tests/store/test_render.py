"""Files of a report: the same bytes each time, the same numbers in every format, and hostile text that stays text."""

import csv
import io
import json
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from report_builder import make_report

from tasks.store.render import (
    index_files,
    markdown_text,
    report_files,
    safe_cell,
    safe_url,
    write_files,
)

HOSTILE = (
    "</p></blockquote></code></pre></td></title></style><script>alert(1)</script>"
    "<img src=x onerror=alert(2)><svg onload=alert(3)>\"'><a href=javascript:alert(4)>x</a> "
    "[x](javascript:alert(5)) ![y](http://evil.example/z.png) **bold** `code` {{ 7 * 7 }} {% raw %} "
    "http://evil.example www.evil.example &lt;b&gt; \u202e | a |\n# head\n- list\n<!-- ]]> --> ${1}"
)
FORMATS = ("html", "md", "json", "email", "slack")


class Skeleton(HTMLParser):
    """Tags with the names of their attributes, all attribute values, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.values += [(name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def files(**values) -> dict[str, bytes]:
    return report_files(make_report(**values), languages=("en", "zh"), formats=FORMATS)


@pytest.fixture(scope="module")
def plain() -> dict[str, bytes]:
    return files()


@pytest.fixture(scope="module")
def hostile() -> dict[str, bytes]:
    return files(text=HOSTILE, name=HOSTILE, url="javascript:alert(6)")


def test_rendering_again_gives_the_same_bytes(plain):
    assert files() == plain


def test_the_files_of_a_first_revision_and_of_a_second(plain):
    names = set(plain)
    assert {"report.en.html", "report.zh.html", "report.en.md", "report.zh.md", "report.json"} <= names
    assert {"data/fig-net.csv", "data/fig-matrix.csv", "figures/fig-net.en.svg", "figures/fig-voice.zh.svg"} <= names
    second = set(files(revision=2))
    assert {"report.r2.en.html", "report.r2.json", "data-r2/fig-net.csv", "figures-r2/fig-net.en.svg"} <= second
    assert not names & second


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hostile_text_changes_no_markup(plain, hostile, language):
    """Hostile text gives the tags and attributes of plain text, less the links to bad addresses."""
    expected = Skeleton(plain[f"report.{language}.html"].decode())
    found = Skeleton(hostile[f"report.{language}.html"].decode())
    links = Counter(
        {
            ("a", ("href", "rel")): -6,
            ("blockquote", ("cite", "data-ref", "dir", "lang")): -5,
            ("blockquote", ("data-ref", "dir", "lang")): 5,
        }
    )
    difference = Counter(found.tags)
    difference.subtract(Counter(expected.tags))
    assert {key: count for key, count in difference.items() if count} == {
        key: count for key, count in links.items() if count
    }
    assert not [tag for tag, _ in found.tags if tag in ("script", "img", "iframe", "object", "embed", "form")]
    assert not [name for name, _ in found.values if name.startswith("on")]
    assert not [value for name, value in found.values if name in ("href", "src", "cite") and "javascript" in value]
    assert "<script>alert(1)</script>" in found.text


def test_template_syntax_in_text_is_not_run(hostile):
    for name in ("report.en.html", "report.en.md"):
        assert "7 * 7" in hostile[name].decode().replace("\\*", "*")
        assert "49" not in re.findall(r"\{\{ ?(\d+)", hostile[name].decode())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hostile_text_injects_nothing_into_markdown(plain, hostile, language):
    def tokens(source: bytes) -> Counter:
        parsed = MarkdownIt("commonmark").enable("table").parse(source.decode())
        found: Counter = Counter()
        for token in parsed:
            found[token.type] += 1
            for child in token.children or []:
                found[child.type] += child.type not in ("text", "softbreak")
        return found

    expected, found = tokens(plain[f"report.{language}.md"]), tokens(hostile[f"report.{language}.md"])
    lost_links = Counter({"link_open": 6, "link_close": 6})
    assert found == expected - lost_links
    assert found["html_block"] == found["html_inline"] == 0
    links = [child.attrGet("href") or child.attrGet("src") for token in
             MarkdownIt("commonmark").enable("table").parse(hostile[f"report.{language}.md"].decode())
             for child in token.children or [] if child.type in ("link_open", "image")]  # fmt: skip
    assert links
    assert not [link for link in links if "javascript" in str(link) or "evil" in str(link)]


def test_markdown_shows_text_as_it_is():
    samples = [
        HOSTILE.replace("\n", " "),
        "1. not a list",
        "- no list",
        "# no head",
        "> no quote",
        "a_b_c *x* ~~y~~ | z",
        "---",
        "===",
        "-",
        "1)",
        "3.4 of 5",
        "+3 points",
        "## x",
        "2) no",
    ]
    for sample in samples:
        html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown_text(sample))
        page = Skeleton(html)
        assert [tag for tag, _ in page.tags] == ["p"], sample
        assert page.text == " ".join(sample.split())


def test_only_web_addresses_become_links():
    assert safe_url("https://example.com/a?b=c&d=%20#e") == "https://example.com/a?b=c&d=%20#e"
    assert safe_url('https://example.com/"><script>') == "https://example.com/%22%3E%3Cscript%3E"
    assert safe_url("HTTP://example.com/路") == "HTTP://example.com/%E8%B7%AF"
    for bad in ("javascript:alert(1)", "data:text/html,x", "//example.com", "https://", "https:// x", "java\nscript:x",
                "ftp://example.com", "", None, "http://[::1"):  # fmt: skip
        assert safe_url(bad) is None, bad


def test_cells_that_a_spreadsheet_would_run_are_disarmed():
    assert [safe_cell(v) for v in ("=1+1", "+1", "-1", "@x", "\tx", "\rx")] == [
        "'=1+1",
        "'+1",
        "'-1",
        "'@x",
        "'\tx",
        "'\rx",
    ]
    assert [safe_cell(v) for v in (-1, -0.5, None, "a=b")] == [-1, -0.5, "", "a=b"]


def test_csv_is_safe_and_reads_back():
    made = files(name='=HYPERLINK("http://evil")')
    rows = list(csv.reader(io.StringIO(made["data/fig-matrix.csv"].decode("utf-8-sig"))))
    assert rows[0][:3] == ["brand", "mentions", "share_of_voice"]
    assert rows[1][0] == '\'=HYPERLINK("http://evil")'
    assert rows[1][1:3] == ["210", "0.34"]
    voice = list(csv.reader(io.StringIO(made["data/fig-voice.csv"].decode("utf-8-sig"))))
    assert voice[0][1].startswith("'=")
    assert made["data/fig-net.csv"].startswith("\ufeff".encode())


def cells(markup: str) -> list[str]:
    return [Skeleton(cell).text for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", markup, re.S)]


def numbers(text: str) -> Counter:
    return Counter(re.findall(r"[+\u2212]?\d+(?:[.,]\d+)*%?", text))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_html_markdown_and_json_say_the_same_numbers(plain, language):
    page = Skeleton(re.sub(r"<style>.*?</style>", "", plain[f"report.{language}.html"].decode(), flags=re.S))
    markdown = MarkdownIt("commonmark").enable("table").render(plain[f"report.{language}.md"].decode())
    said = Skeleton(markdown).text
    data = json.loads(plain["report.json"])
    for finding in data["findings"] + data["watches"]:
        assert finding[f"text_{language}"] in page.text
        assert finding[f"text_{language}"] in said
    figures = re.findall(r'<figure id="fig-.*?</figure>', plain[f"report.{language}.html"].decode(), re.S)
    assert len(figures) == 9
    assert [cell for figure in figures for cell in cells(figure) if cell not in cells(markdown)] == []
    kpis = list(re.findall(r'<p class="value[^>]*>(.*?)</p>', plain[f"report.{language}.html"].decode()))
    assert kpis
    assert all(value in said for value in kpis)


def test_both_languages_have_the_same_ids_and_numbers(plain):
    def ids(name: str) -> list[str]:
        return re.findall(r'\bid="([^"]+)"', plain[name].decode())

    assert ids("report.en.html") == ids("report.zh.html")
    assert len(ids("report.en.html")) == len(set(ids("report.en.html")))
    english, chinese = (
        [numbers(" ".join(cells(table))) for table in re.findall(r"<tbody>.*?</tbody>", page, re.S)]
        for page in (plain[f"report.{code}.html"].decode() for code in ("en", "zh"))
    )
    assert english == chinese
    assert len(english) > 8


def test_every_inner_link_leads_somewhere(plain):
    for code in ("en", "zh"):
        page = plain[f"report.{code}.html"].decode()
        ids = set(re.findall(r'\bid="([^"]+)"', page))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= ids
        local = re.findall(r'href="(data/[^"]+)"', page)
        assert local
        assert set(local) <= set(plain)
    shown = re.findall(r"\]\((figures/[^)]+)\)", plain["report.en.md"].decode())
    assert shown
    assert set(shown) <= set(plain)


def test_a_page_asks_for_nothing_from_outside(plain):
    page = Skeleton(plain["report.en.html"].decode())
    assert not [tag for tag, _ in page.tags if tag in ("script", "img", "iframe", "link") and tag != "link"]
    assert not [value for name, value in page.values if name == "src"]
    assert not re.search(r"@import|url\((?!#)", plain["report.en.html"].decode())
    assert len(plain["report.en.html"]) < 250_000


def test_sections_stand_in_their_order(plain):
    page = plain["report.en.html"].decode()
    assert re.findall(r'<section id="([^"]+)"', page) == [
        "key-findings", "kpis", "alerts", "sentiment", "competitors", "topics", "drivers", "quality", "method",
        "reproduce", "glossary",
    ]  # fmt: skip


def test_links_between_weeks_and_languages(plain):
    page = plain["report.zh.html"].decode()
    assert '<html lang="zh-Hans">' in page
    assert '<link rel="prev" href="../2026-W46/report.zh.html">' in page
    assert '<link rel="alternate" hreflang="en" href="report.en.html">' in page
    assert '<link rel="index" href="../index.html">' in page
    provenance = make_report().provenance.model_copy(update={"previous_week": None, "previous_revision": None})
    first = files(provenance=provenance)
    assert "First report" in first["report.en.html"].decode()
    assert "首期报告" in first["report.zh.html"].decode()


def test_headings_in_markdown_carry_no_numbers(plain):
    headings = re.findall(r"^#+ (.*)$", plain["report.en.md"].decode(), re.M)
    assert headings
    assert not [heading for heading in headings if re.search(r"\d", heading)]


def test_the_status_says_what_is_incomplete_and_what_was_revised(plain):
    assert "provisional: shop incomplete" in plain["report.en.html"].decode()
    late = make_report().provenance.model_copy(update={"reason": "late_data"})
    assert "revised r2 (late data)" in files(revision=2, provenance=late)["report.r2.en.html"].decode()
    assert "修订 r2（数据迟到）" in files(revision=2, provenance=late)["report.r2.zh.html"].decode()


def test_index_lists_what_is_there_and_latest_leads_to_the_newest():
    reports = [make_report(), make_report(iso_week="2026-W48"), make_report(iso_week="2026-W48", revision=2)]
    exists = {
        "2026-W47/report.en.html": True,
        "2026-W48/report.en.html": True,
        "2026-W48/report.r2.en.html": True,
        "2026-W48/report.r2.json": True,
    }
    made = index_files(reports, exists=exists, language="en")
    index = made["index.html"].decode()
    assert re.findall(r'href="(20[^"]+)"', index) == [
        "2026-W48/report.r2.en.html", "2026-W48/report.r2.json", "2026-W48/report.en.html", "2026-W47/report.en.html",
    ]  # fmt: skip
    assert 'url=../2026-W48/report.r2.en.html"' in made["latest/report.en.html"].decode()
    assert "latest/report.zh.html" not in made
    assert index_files([], exists={}, language="zh")["index.html"].decode().count("尚无报告") == 1


def test_files_are_written_whole_and_left_alone_when_unchanged(tmp_path):
    write_files(tmp_path, {"a/b.txt": b"one"})
    before = (tmp_path / "a/b.txt").stat()
    write_files(tmp_path, {"a/b.txt": b"one", "c.txt": b"two"})
    after = (tmp_path / "a/b.txt").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["b.txt", "c.txt"]


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    write_files(tmp_path, {"a.txt": b"old"})

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("tasks.store.render.os.replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_files(tmp_path, {"a.txt": b"new"})
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.txt", b"old")]
