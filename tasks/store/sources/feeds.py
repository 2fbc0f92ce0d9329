"""RSS, Atom, RDF and JSON feeds: one record an entry, by feedparser.

feedparser gets bytes in memory only, so that it never fetches or opens anything; declared entities are removed
before, so that nothing can expand. Besides our own names (id, title, text, published_at, url, author, language), every
plain value of an entry can be mapped by feedparser's name for it, such as "im_rating" or "summary".
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from typing import Any

from tasks.store.sources.encodings import decode
from tasks.store.sources.files import UnreadableError
from tasks.store.sources.raw import RawBatch, RawRecord, check_keys

DEFAULT_COLUMNS = {
    "id": "id", "title": "title", "text": "text", "published_at": "published_at", "url": "url", "author": "author",
    "language": "language",
}  # fmt: skip
_ENTITY = re.compile(rb"<!ENTITY\b[^>]*>", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_ENTRY_ELEMENT = re.compile(rb"<(?:\w+:)?(?:item|entry)\b", re.IGNORECASE)
_FEED_ELEMENT = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf|channel)\b|\"https?://(?:www\.)?jsonfeed\.org/", re.IGNORECASE)


def read_feed(
    data: bytes,
    *,
    uri: str,
    columns: list[str],
    needed: list[tuple[str, ...]],
    encoding: str | None = None,
    content_type: str = "",
    base_url: str = "",
) -> RawBatch:
    """Entries of a feed.

    Args:
        columns: names that the configuration asks for beyond the defaults.
        needed: groups of names without which no entry can be used or attributed; see `check_keys`.
        content_type: of the response, which may name the encoding.
        base_url: where the feed was fetched from; relative links are resolved against it.

    Raises:
        UnreadableError: it is no feed, or no entry has a needed field.
    """
    headers = {"content-type": content_type, "content-location": base_url}
    parsed = _parse(_safe_bytes(data, encoding=encoding), headers=headers)
    is_feed = parsed.get("version") or _FEED_ELEMENT.search(data[:20_000])
    has_lost_entries = parsed.get("bozo") and _ENTRY_ELEMENT.search(data)
    if not parsed.get("entries") and (not is_feed or has_lost_entries):
        raise UnreadableError(
            f"{uri} is not a feed",
            why="no RSS, Atom, RDF or JSON feed that can be read was found in it",
            fix="open it in a browser: the address may have moved, or lead to a page",
        )
    language = parsed.get("feed", {}).get("language")
    batch = RawBatch()
    seen: dict[str, None] = dict.fromkeys(DEFAULT_COLUMNS)
    for number, entry in enumerate(parsed.get("entries", []), start=1):
        fields = _fields(entry, language)
        seen.update(dict.fromkeys(fields))
        batch.records.append(RawRecord(number, fields, json.dumps(fields, ensure_ascii=False)))
    check_keys(batch, uri=uri, columns=columns, needed=needed, seen=seen)
    return batch


def _parse(data: bytes, *, headers: dict[str, str]) -> Mapping[str, Any]:
    import feedparser

    given = {name: value for name, value in headers.items() if value}
    try:
        return feedparser.parse(io.BytesIO(data), response_headers=given, resolve_relative_uris=True)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, AssertionError, LookupError, RecursionError):
        # Its parsers trip over some ill-formed feeds; nothing can be read from those.
        return {"bozo": True}


def _safe_bytes(data: bytes, *, encoding: str | None) -> bytes:
    """The feed without entity declarations; as UTF-8 where its own declaration is not to be believed or read."""
    is_wide = data[:4_000].count(0) > len(data[:4_000]) // 5
    if encoding is not None or is_wide:
        text = _DECLARATION.sub("", decode(data, encoding=encoding).text, count=1)
        data = text.encode("utf-8", "replace")
    return _ENTITY.sub(b"", data)


def _fields(entry: Mapping[str, Any], language: str | None) -> dict[str, Any]:
    """Plain values of an entry by feedparser's names, and ours."""
    fields: dict[str, Any] = {}
    for name in list(entry):
        value = entry.get(name)
        if isinstance(value, str | int | float):
            fields[name] = value
    contents = [item.get("value", "") for item in entry.get("content") or [] if isinstance(item, Mapping)]
    fields["content"] = max(contents, key=len, default="")
    summary = str(fields.get("summary") or "")
    own = {
        "id": entry.get("id") or entry.get("link"),
        "text": fields["content"] if len(fields["content"]) >= len(summary) else summary,
        "published_at": _date(entry),
        "url": entry.get("link"),
        "language": _language(entry) or language,
    }
    return fields | {name: value for name, value in own.items() if value is not None}


def _date(entry: Mapping[str, Any]) -> str | None:
    """When an entry was published, as it is written; by feedparser's reading where ours could not know the form."""
    for name in ("published", "updated", "created"):
        written = entry.get(name)
        if written:
            parsed = entry.get(f"{name}_parsed")
            return f"{written}" if parsed is None else _prefer(str(written), parsed)
    return None


def _prefer(written: str, parsed: Any) -> str:
    """The written date where it names a day our reader knows; else feedparser's reading, which is UTC."""
    if re.search(r"\d{4}-\d{2}-\d{2}|\b[A-Za-z]{3,9}\.?,? +\d{4}\b", written):
        return written
    return "{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}Z".format(*parsed[:6])


def _language(entry: Mapping[str, Any]) -> str | None:
    for name in ("content", "summary_detail", "title_detail"):
        detail = entry.get(name)
        detail = detail[0] if isinstance(detail, list) and detail else detail
        if isinstance(detail, Mapping) and detail.get("language"):
            return str(detail["language"])
    return None
