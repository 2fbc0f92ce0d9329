"""HTML pages: the article without menus and advertisements, with title, author, date and address, by trafilatura.

A page's identity is its canonical address where it names one, else its place in the folder. Pages in which no article
is found are rejected (`no_article`). A date comes from the page's metadata only, never from a guess at its text.
"""

from __future__ import annotations

import codecs
import logging
import re
from datetime import datetime
from typing import Any

from tasks.core.contracts import Rejected
from tasks.core.dates import EARLIEST
from tasks.core.documents import http_url, rejected
from tasks.store.sources.encodings import decode
from tasks.store.sources.raw import RawRecord

DEFAULT_COLUMNS = {
    "id": "id", "title": "title", "text": "text", "published_at": "published_at", "url": "url", "author": "author",
    "language": "language",
}  # fmt: skip
# What a page offers to [sources.columns] beyond the defaults.
FIELDS = (*DEFAULT_COLUMNS.values(), "sitename", "hostname", "description", "path")
MAX_PAGE_BYTES = 20_000_000

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)
_LANGUAGE = re.compile(r"<html\b[^>]{0,1000}?\blang\s*=\s*[\"']?([A-Za-z][\w-]{1,30})", re.IGNORECASE)
# Browsers read these names as the larger sets.
_LARGER = {
    "gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252", "ascii": "cp1252", "shift_jis": "cp932",
    "big5": "big5hkscs", "euc_kr": "cp949",
}  # fmt: skip


def read_page(
    data: bytes,
    *,
    record_number: int,
    record_path: str,
    now: datetime,
    encoding: str | None = None,
    content_type: str = "",
    url: str | None = None,
    fetched_at: datetime | None = None,
) -> RawRecord | Rejected:
    """The article of one page.

    Args:
        record_path: the page's place below the source's path.
        url, fetched_at: where and when (UTC) the page was fetched, if it was: its address and date where it names none.
    """
    if len(data) > MAX_PAGE_BYTES:
        return rejected(record_number, "too_large", f"the page is over {MAX_PAGE_BYTES:,} bytes", data)
    html = decode(data, encoding=encoding or _declared_encoding(data, content_type)).text
    article = _extract(html, url=url, now=now)
    if article is None or not str(article.get("text") or "").strip():
        return rejected(record_number, "no_article", "no article was found in the page", data)
    address = http_url(article.get("url")) or url
    date = article.get("date") or (f"{fetched_at.isoformat()}Z" if fetched_at is not None else None)
    language = _LANGUAGE.search(html[:20_000])
    fields = {
        "id": address or record_path,
        "title": article.get("title"),
        "text": article.get("text"),
        "published_at": date,
        "url": address,
        "author": article.get("author"),
        "language": language[1] if language else None,
        "sitename": article.get("sitename"),
        "hostname": article.get("hostname"),
        "description": article.get("description"),
        "path": record_path,
    }
    return RawRecord(record_number, fields, data)


def _declared_encoding(data: bytes, content_type: str) -> str | None:
    """Encoding that the response or the page names, where the page's bytes bear it out."""
    in_header, in_page = _HEADER_CHARSET.search(content_type), _CHARSET.search(data[:8_192])
    for name in (in_header and in_header[1], in_page and in_page[1].decode("ascii")):
        if not name:
            continue
        try:
            known = codecs.lookup(name).name
            known = _LARGER.get(known, known)
            data.decode(known)
        except (LookupError, UnicodeDecodeError):
            continue
        return known
    return None


def _extract(html: str, *, url: str | None, now: datetime) -> dict[str, Any] | None:
    import trafilatura

    for library in ("trafilatura", "htmldate"):  # their messages can quote the page
        logging.getLogger(library).setLevel(logging.CRITICAL)
    dates = {
        "original_date": True,
        "extensive_search": False,
        "min_date": f"{EARLIEST:%Y-%m-%d}",
        "max_date": f"{now:%Y-%m-%d}",
    }
    try:
        article = trafilatura.bare_extraction(
            html, url=url, with_metadata=True, include_comments=False, date_extraction_params=dates
        )
    except (ValueError, TypeError, AttributeError, RecursionError, AssertionError):
        # It trips over some ill-formed pages; those hold no article that could be used.
        return None
    if article is None:
        return None
    return article if isinstance(article, dict) else article.as_dict()
