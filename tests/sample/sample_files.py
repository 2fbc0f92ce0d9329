"""Reads the sample's inbox with nothing but the standard library, as an independent check of what it holds."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
INBOX = SAMPLE / "inbox"
BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
BRANDS = {
    "northw": "Northwind", "bellac": "Bellacrema", "kaffel": "Kaffelund", "torvan": "Torvane", "moricc": "Moricci",
    "北风咖啡旗": "Northwind", "贝拉奇官方": "Bellacrema", "卡弗伦海外": "Kaffelund", "托凡旗舰店": "Torvane",
    "莫里奇专营": "Moricci",
}  # fmt: skip
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass(frozen=True)
class Found:
    """One record of a file; `problem` says why it can't be used."""

    source: str
    file: str
    position: int
    key: str
    text: str = ""
    title: str = ""
    day: date | None = None
    rating: int | None = None
    brand: str | None = None
    problem: str = ""

    @property
    def week(self) -> str:
        assert self.day is not None
        year, week, _ = self.day.isocalendar()
        return f"{year}-W{week:02d}"


def read_inbox() -> list[Found]:
    """Every record of every file, sources and files in sorted order."""
    readers = {"storefront": _storefront, "webshop": _webshop, "mall": _mall, "survey": _survey}
    found: list[Found] = []
    for path in sorted(path for path in INBOX.rglob("*") if path.is_file()):
        name = path.relative_to(INBOX).as_posix()
        top = name.split("/")[0]
        if top == "press":
            found += _feed(path, name)
        elif top == "sites":
            found.append(_page(path, name))
        else:
            found += readers[top](path, name)
    return found


def _brand(value: str) -> str:
    return BRANDS[value[: 6 if value.isascii() else 5].lower()]


def _berlin_day(moment: datetime) -> date:
    return moment.astimezone(BERLIN).date()


def _make(source: str, file: str, position: int, key: str, text: str, when: date | None, **rest) -> Found:
    problem = "empty_text" if not text.strip() else "bad_date" if when is None else ""
    return Found(source, file, position, key, text, day=when, problem=problem, **rest)


def _parsed(value: str, pattern: str, zone) -> date | None:
    try:
        return _berlin_day(datetime.strptime(value, pattern).replace(tzinfo=zone))
    except ValueError:
        return None


def _rows(text: str, delimiter: str = ",") -> tuple[list[str], list[list[str]]]:
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return header, rows


def _storefront(path: Path, name: str) -> list[Found]:
    header, rows = _rows(gzip.decompress(path.read_bytes()).decode("utf-8"))
    found = []
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            found.append(Found("storefront", name, number, row[0], problem="field_count"))
            continue
        item = dict(zip(header, row, strict=True))
        when = _parsed(item["at"], "%Y-%m-%d %H:%M:%S", UTC)
        rest = {"title": item["title"], "rating": int(item["score"]), "brand": _brand(item["product"])}
        found.append(_make("storefront", name, number, item["reviewId"], item["content"], when, **rest))
    return found


def _webshop(path: Path, name: str) -> list[Found]:
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            item = json.loads(line)
        except json.JSONDecodeError:
            item = None
        if not isinstance(item, dict):
            found.append(Found("webshop", name, number, f"line{number}", problem="bad_json"))
            continue
        text = "\n\n".join(part for part in (item.get("comment"), item.get("more")) if part)
        stamp = item.get("ts")
        when = _berlin_day(datetime.fromtimestamp(stamp / 1000, UTC)) if isinstance(stamp, int) else None
        rest = {"title": item.get("headline") or "", "rating": item["stars"], "brand": _brand(item["brand"])}
        found.append(_make("webshop", name, number, item["id"], text, when, **rest))
    return found


def _mall(path: Path, name: str) -> list[Found]:
    header, rows = _rows(path.read_bytes().decode("gb18030"))
    found = []
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            found.append(Found("mall", name, number, row[0], problem="field_count"))
            continue
        item = dict(zip(header, row, strict=True))
        when = _parsed(item["评论时间"], "%Y年%m月%d日 %H:%M", SHANGHAI)
        rest = {"rating": int(item["评分"]), "brand": _brand(item["店铺"])}
        found.append(_make("mall", name, number, item["评论编号"], item["评论内容"], when, **rest))
    return found


def _survey(path: Path, name: str) -> list[Found]:
    header, rows = _rows(path.read_bytes().decode("cp1252"), "\t")
    found = []
    for number, row in enumerate(rows, 1):
        item = dict(zip(header, row, strict=True))
        parts = (item["answer_general"], item["answer_anything_else"])
        text = "\n\n".join(part for part in parts if part.strip())
        try:
            when = datetime.strptime(item["date"], "%d.%m.%Y").date()
        except ValueError:
            when = None
        rest = {"rating": int(item["stars"]), "brand": "Northwind"}
        found.append(_make("survey", name, number, f"{item['date']} {text}", text, when, **rest))
    return found


def _paragraphs(content: str) -> str:
    return "\n\n".join(_unescape(part) for part in re.findall(r"<p>(.*?)</p>", content, re.DOTALL))


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _feed(path: Path, name: str) -> list[Found]:
    root = ET.fromstring(path.read_bytes())
    found = []
    if root.tag == "rss":
        for number, item in enumerate(root.iter("item"), 1):
            content = item.findtext(CONTENT)
            text = _paragraphs(content) if content else item.findtext("description", "")
            written = item.findtext("pubDate")
            when = _berlin_day(parsedate_to_datetime(written)) if written else None
            key, title = item.findtext("guid", ""), item.findtext("title", "")
            found.append(_make("press_en", name, number, key, text, when, title=title))
        return found
    for number, entry in enumerate(root.iter(f"{ATOM}entry"), 1):
        content = entry.findtext(f"{ATOM}content", "")
        text = _paragraphs(content) or content
        try:
            when = _berlin_day(datetime.fromisoformat(entry.findtext(f"{ATOM}published", "")))
        except ValueError:
            when = None
        key, title = entry.findtext(f"{ATOM}id", ""), entry.findtext(f"{ATOM}title", "")
        found.append(_make("press_zh", name, number, key, text, when, title=title))
    return found


class _Article(HTMLParser):
    """Paragraphs and title inside <article>, and the date in the page's head."""

    def __init__(self) -> None:
        super().__init__()
        self.place = ""
        self.title = ""
        self.paragraphs: list[str] = []
        self.published = ""
        self.is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "meta" and given.get("property") == "article:published_time":
            self.published = given["content"] or ""
        self.is_inside = self.is_inside or tag == "article"
        if self.is_inside and tag in ("h1", "p"):
            self.place = "" if given.get("class") == "byline" else tag
            if self.place == "p":
                self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        self.is_inside = self.is_inside and tag != "article"
        if tag in ("h1", "p"):
            self.place = ""

    def handle_data(self, data: str) -> None:
        if self.place == "h1":
            self.title += data
        elif self.place == "p":
            self.paragraphs[-1] += data


def _page(path: Path, name: str) -> Found:
    parser = _Article()
    parser.feed(path.read_text(encoding="utf-8"))
    source = f"site_{name.split('/')[1]}"
    text = "\n\n".join(parser.paragraphs)
    brand = source.removeprefix("site_").capitalize()
    return _make(
        source, name, 1, path.stem, text, date.fromisoformat(parser.published), title=parser.title, brand=brand
    )
