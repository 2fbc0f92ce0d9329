"""Writes the inbox as its sources would export it, with repeated and broken records among the good ones.

Each source is a list of files, each file a list of records; a record is a document, an earlier version of one, or a
broken line. The ledger says what a reader must make of them, files taken in sorted order.
"""

from __future__ import annotations

import csv
import gzip
import html
import io
import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path

from . import pages
from .plan import MONTHS
from .world import PROJECT_ZONE, SHANGHAI, Doc, rng_for

BRAND_CODES = {
    "storefront": {
        "Northwind": "northwind-espresso", "Bellacrema": "bellacrema-espresso", "Kaffelund": "kaffelund-espresso",
        "Torvane": "torvane-espresso", "Moricci": "moricci-espresso",
    },
    "webshop": {
        "Northwind": "NORTHW", "Bellacrema": "BELLAC", "Kaffelund": "KAFFEL", "Torvane": "TORVAN", "Moricci": "MORICC",
    },
    "mall": {
        "Northwind": "北风咖啡旗舰店", "Bellacrema": "贝拉奇官方店", "Kaffelund": "卡弗伦海外店",
        "Torvane": "托凡旗舰店",
        "Moricci": "莫里奇专营店",
    },
}  # fmt: skip
STORE_FIELDS = ("reviewId", "userName", "product", "score", "title", "content", "at", "region", "appVersion")
MALL_FIELDS = ("评论编号", "用户昵称", "店铺", "评分", "评论内容", "评论时间", "省份")
SURVEY_FIELDS = ("date", "stars", "answer_general", "answer_anything_else", "area")
REPEATS = {"storefront": 12, "webshop": 9, "mall": 10, "survey": 5, "press_en": 5, "press_zh": 3}


@dataclass
class Line:
    """One record of a file: a document (as it is now, or as it was), or raw broken text with the reason it breaks."""

    doc: Doc | None = None
    earlier: bool = False
    raw: str = ""
    reason: str = ""


def write_inbox(docs: list[Doc], inbox: Path) -> dict[str, dict]:
    """Write every source's files under the inbox; returns the ledger by source."""
    if inbox.exists():
        shutil.rmtree(inbox)
    by_source: dict[str, list[Doc]] = {}
    for doc in sorted(docs, key=lambda doc: (doc.at, doc.record_id)):
        by_source.setdefault(doc.source, []).append(doc)
    ledger = {}
    for source, found in sorted(by_source.items()):
        if source.startswith("site_"):
            files = {f"sites/{source.removeprefix('site_')}/{doc.record_id}.html": [Line(doc)] for doc in found}
            render: Callable[[list[Line]], bytes] = _page
        else:
            layout, render = LAYOUTS[source]
            files = layout(found)
        for name, lines in files.items():
            path = inbox / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(render(lines))
            for number, line in enumerate(lines, 1):
                if line.doc is not None and not line.earlier and "file" not in line.doc.flags:
                    line.doc.flags |= {"file": name, "position": str(number)}
        ledger[source] = _count(files)
    return ledger


def _count(files: dict[str, list[Line]]) -> dict:
    """What one ingest of all the files, in sorted order, must count."""
    seen: dict[str, bool] = {}
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for name in sorted(files):
        for line in files[name]:
            counts["received"] += 1
            if line.doc is None:
                counts["rejected"] += 1
                reasons[line.reason] += 1
            elif line.doc.record_id not in seen:
                counts["loaded"] += 1
                seen[line.doc.record_id] = line.earlier
            elif seen[line.doc.record_id] and not line.earlier:
                counts["updated"] += 1
                seen[line.doc.record_id] = False
            else:
                counts["duplicates"] += 1
    keys = ("received", "loaded", "updated", "duplicates", "rejected")
    return {
        "files": sorted(files),
        **{key: counts[key] for key in keys},
        "rejected_by_reason": dict(sorted(reasons.items())),
    }


def _insert(files: dict[str, list[Line]], broken: list[tuple[str, str]], source: str) -> dict[str, list[Line]]:
    """Put broken lines at seeded places into the files, never first or last."""
    rng = rng_for("broken", source)
    names = sorted(files)
    for index, (reason, raw) in enumerate(broken):
        lines = files[names[index % len(names)]]
        lines.insert(rng.randrange(1, len(lines) - 1), Line(raw=raw, reason=reason))
    return files


def _storefront(docs: list[Doc]) -> dict[str, list[Line]]:
    """One file a month; each starts with records of the month before, some of which have grown since."""
    rng = rng_for("repeat", "storefront")
    files, before = {}, []
    for month in MONTHS:
        own = [doc for doc in docs if doc.at.month == month]
        again = [doc for doc in before if "updated" in doc.flags]
        pool = [doc for doc in before if "updated" not in doc.flags and doc.at.day >= 20]
        again += rng.sample(pool, REPEATS["storefront"]) if pool else []
        again.sort(key=lambda doc: (doc.at, doc.record_id))
        files[f"storefront/reviews_2026-{month:02d}.csv.gz"] = [Line(doc) for doc in again] + [
            Line(doc, earlier="updated" in doc.flags) for doc in own
        ]
        before = own
    broken = [
        ("bad_date", "st900001,k.user1,northwind-espresso,5,,Great coffee and easy to clean.,n/a,GB,3.1"),
        (
            "bad_date",
            "st900002,l.user2,torvane-espresso,1,Broken,Stopped working after a month.,0000-00-00 00:00:00,US,3.1",
        ),
        ("bad_date", "st900003,m.user3,moricci-espresso,4,,Good foam.,2026-13-45 09:00:00,IE,3.2"),
        ("empty_text", "st900004,n.user4,kaffelund-espresso,5,,,2026-06-11 10:20:31,GB,3.1"),
        ("empty_text", "st900005,o.user5,bellacrema-espresso,2,,   ,2026-07-02 18:05:44,DE,3.2"),
        ("empty_text", 'st900006,p.user6,northwind-espresso,3,,"",2026-08-19 07:41:09,AU,3.2'),
        ("field_count", "st900007,q.user7,torvane-espresso"),
        (
            "field_count",
            "st900008,r.user8,moricci-espresso,4,Fine,Nice, but loud, and heavy,2026-09-03 12:00:00,GB,3.3",
        ),
    ]
    return _insert(files, broken, "storefront")


def _storefront_bytes(lines: list[Line]) -> bytes:
    rows = []
    for line in lines:
        doc = line.doc
        if doc is None:
            rows.append(line.raw)
            continue
        text = doc.flags["updated"] if line.earlier else doc.text
        version = f"3.{doc.at.month - 4}"
        code = BRAND_CODES["storefront"][doc.brand or ""]
        at = f"{doc.at:%Y-%m-%d %H:%M:%S}"
        rows.append(_csv_row([doc.record_id, doc.author, code, doc.rating, doc.title, text, at, doc.segment, version]))
    body = "\n".join([",".join(STORE_FIELDS), *rows]) + "\n"
    return gzip.compress(body.encode(), 9, mtime=0)


def _csv_row(values: list, delimiter: str = ",") -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerow(values)
    return buffer.getvalue()[:-1]


def _webshop(docs: list[Doc]) -> dict[str, list[Line]]:
    """Three files of JSON lines; a few records stand in them twice."""
    rng = rng_for("repeat", "webshop")
    names = {5: "q2", 6: "q2", 7: "q3", 8: "q3", 9: "q3", 10: "q4", 11: "q4"}
    files: dict[str, list[Line]] = {}
    for doc in docs:
        files.setdefault(f"webshop/export_2026-{names[doc.at.month]}.jsonl", []).append(Line(doc))
    for index in range(REPEATS["webshop"]):
        lines = files[sorted(files)[index % 3]]
        lines.append(Line(rng.choice(lines[: len(lines) // 2]).doc))
    broken = [
        ("bad_json", '{"id": "ws900001", "brand": "NORTHW", "comment": "cut off in the mid'),
        ("bad_json", "-- export resumed after time-out --"),
        ("bad_json", '["ws900003", "MORICC", 5]'),
        (
            "empty_text",
            '{"id": "ws900004", "brand": "KAFFEL", "stars": 5, "comment": "", "more": null, "ts": 1784000000000}',
        ),
        ("empty_text", '{"id": "ws900005", "brand": "TORVAN", "stars": 4, "ts": 1784500000000}'),
        ("bad_date", '{"id": "ws900006", "brand": "BELLAC", "stars": 4, "comment": "Nice cups.", "ts": "soon"}'),
        ("bad_date", '{"id": "ws900007", "brand": "NORTHW", "stars": 2, "comment": "Too loud for me.", "ts": null}'),
    ]
    return _insert(files, broken, "webshop")


def _webshop_bytes(lines: list[Line]) -> bytes:
    rows = []
    for line in lines:
        doc = line.doc
        if doc is None:
            rows.append(line.raw)
            continue
        record = {
            "id": doc.record_id, "brand": BRAND_CODES["webshop"][doc.brand or ""], "lang": doc.language,
            "stars": doc.rating, "headline": doc.title or None, "comment": doc.parts[0],
            "more": doc.parts[1] if len(doc.parts) > 1 else None, "ts": int(doc.at.timestamp() * 1000),
            "country": doc.segment, "nick": doc.author,
        }  # fmt: skip
        rows.append(json.dumps({key: value for key, value in record.items() if value is not None}, ensure_ascii=False))
    return ("\n".join(rows) + "\n").encode()


def _mall(docs: list[Doc]) -> dict[str, list[Line]]:
    """Two files in GB18030; the second begins with the last records of the first."""
    first = [doc for doc in docs if doc.at.month < 8]
    second = [doc for doc in docs if doc.at.month >= 8]
    files = {
        "mall/comments_2026-07.csv": [Line(doc) for doc in first],
        "mall/comments_2026-10.csv": [Line(doc) for doc in [*first[-REPEATS["mall"] :], *second]],
    }
    broken = [
        ("empty_text", "88900001,匿名用户,托凡旗舰店,5,,2026年06月03日 09:12,广东"),
        ("empty_text", "88900002,匿名用户,贝拉奇官方店,4,　,2026年08月21日 20:45,四川"),
        ("empty_text", '88900003,匿名用户,北风咖啡旗舰店,5,"",2026年07月15日 11:30,上海'),
        ("bad_date", "88900004,匿名用户,莫里奇专营店,3,还可以,待定,北京"),
        ("bad_date", "88900005,匿名用户,卡弗伦海外店,5,很好喝,2026年02月30日 10:00,浙江"),
        ("field_count", "88900006,匿名用户,北风咖啡旗舰店"),
    ]
    return _insert(files, broken, "mall")


def _mall_bytes(lines: list[Line]) -> bytes:
    rows = [",".join(MALL_FIELDS)]
    for line in lines:
        doc = line.doc
        if doc is None:
            rows.append(line.raw)
            continue
        when = f"{doc.at.astimezone(SHANGHAI):%Y年%m月%d日 %H:%M}"
        code = BRAND_CODES["mall"][doc.brand or ""]
        rows.append(_csv_row([doc.record_id, doc.author, code, doc.rating, doc.text, when, doc.segment]))
    return ("\r\n".join(rows) + "\r\n").encode("gb18030")


def _survey(docs: list[Doc]) -> dict[str, list[Line]]:
    """Our own survey of buyers: tab-separated, cp1252, dates without time, no ids; five rows stand twice."""
    rng = rng_for("repeat", "survey")
    lines = [Line(doc) for doc in docs]
    lines += [Line(doc) for doc in rng.sample(docs[:150], REPEATS["survey"])]
    broken = [
        ("empty_text", "17.06.2026\t5\t\t\tnorth"),
        ("empty_text", "02.09.2026\t3\t \t\teast"),
        ("bad_date", "31.06.2026\t4\tGood machine, quick delivery.\t\tsouth"),
    ]
    return _insert({"survey/answers_2026.tsv": lines}, broken, "survey")


def _survey_bytes(lines: list[Line]) -> bytes:
    rows = ["\t".join(SURVEY_FIELDS)]
    for line in lines:
        doc = line.doc
        if doc is None:
            rows.append(line.raw)
            continue
        more = doc.parts[1] if len(doc.parts) > 1 else ""
        day = f"{doc.at.astimezone(PROJECT_ZONE):%d.%m.%Y}"
        rows.append(_csv_row([day, doc.rating, doc.parts[0], more, doc.segment], "\t"))
    return ("\r\n".join(rows) + "\r\n").encode("cp1252")


def _press(docs: list[Doc]) -> dict[str, list[Line]]:
    """Two snapshots of a feed; the second still holds the last items of the first."""
    source = docs[0].source
    first = [doc for doc in docs if doc.at.month < 8]
    second = [doc for doc in docs if doc.at.month >= 8]
    files = {
        f"press/{source[-2:]}/feed_2026-07.xml": [Line(doc) for doc in first],
        f"press/{source[-2:]}/feed_2026-10.xml": [Line(doc) for doc in [*first[-REPEATS[source] :], *second]],
    }
    if source == "press_en":
        broken = (
            "<item><title>Undated note</title><guid>en-90001</guid><description>Without a date.</description></item>"
        )
    else:
        broken = (
            "<entry><title>日期不明的短讯</title><id>zh-90001</id><published>不详</published>"
            '<content type="html">没有日期。</content></entry>'
        )
    return _insert(files, [("bad_date", broken)], source)


def _rss_bytes(lines: list[Line]) -> bytes:
    items = []
    for line in lines:
        doc = line.doc
        if doc is None:
            items.append(line.raw)
            continue
        content = "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in doc.parts)
        items.append(
            f"<item><title>{html.escape(doc.title, quote=False)}</title><link>{doc.url}</link>"
            f'<guid isPermaLink="false">{doc.record_id}</guid><dc:creator>{html.escape(doc.author)}</dc:creator>'
            f"<pubDate>{format_datetime(doc.at.astimezone(PROJECT_ZONE))}</pubDate>"
            f"<description>{html.escape(doc.parts[0], quote=False)}</description>"
            f"<content:encoded><![CDATA[{content}]]></content:encoded></item>"
        )
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<channel><title>Coffee in the press</title><link>https://press.example/</link>"
        "<description>Articles on home espresso machines</description>\n"
    )
    return (head + "\n".join(items) + "\n</channel></rss>\n").encode()


def _atom_bytes(lines: list[Line]) -> bytes:
    entries = []
    for line in lines:
        doc = line.doc
        if doc is None:
            entries.append(line.raw)
            continue
        content = html.escape("".join(f"<p>{html.escape(part, quote=False)}</p>" for part in doc.parts), quote=False)
        when = doc.at.astimezone(SHANGHAI).isoformat()
        entries.append(
            f'<entry><title>{html.escape(doc.title, quote=False)}</title><link href="{doc.url}"/>'
            f"<id>{doc.record_id}</id>"
            f"<author><name>{doc.author}</name></author><published>{when}</published><updated>{when}</updated>"
            f"<summary>{html.escape(doc.parts[0], quote=False)}</summary>"
            f'<content type="html">{content}</content></entry>'
        )
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh-CN">'
        "<title>咖啡机新闻</title><id>https://press.cn.example/</id><updated>2026-11-02T08:00:00+08:00</updated>\n"
    )
    return (head + "\n".join(entries) + "\n</feed>\n").encode()


def _page(lines: list[Line]) -> bytes:
    assert lines[0].doc is not None
    return pages.render(lines[0].doc).encode()


LAYOUTS = {
    "storefront": (_storefront, _storefront_bytes),
    "webshop": (_webshop, _webshop_bytes),
    "mall": (_mall, _mall_bytes),
    "survey": (_survey, _survey_bytes),
    "press_en": (_press, _rss_bytes),
    "press_zh": (_press, _atom_bytes),
}
