"""One raw document in, one staging row out: repaired, redacted, its language, its duplicate key, its spam reason.

Nothing is dropped here: a text that repair leaves empty stays, as a document in language "other".
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

from tasks.core.dedupe import duplicate_key, near_bands
from tasks.core.documents import stable_hash
from tasks.core.language import detect_language
from tasks.core.redact import redact
from tasks.core.spam import spam_reason
from tasks.core.text import document_text, one_line, repair

# Bump it with every change of core/text, redact, language, dedupe, spam or of this module that can change a row: all
# documents are then prepared again, and those whose text came out different are enriched again.
PREPARE_VERSION = 2

_LIBRARIES = ("ftfy", "phonenumbers", "py3langid")
_KEPT = (
    "document_id", "content_hash", "source", "kind", "brand", "segment", "url", "published_at", "is_date_only",
    "rating", "author_hash",
)  # fmt: skip


@cache
def prepare_version() -> str:
    """What a staging row was made by: the rules' version, the libraries' and the Unicode tables'; 12 hex digits."""
    parts = [str(PREPARE_VERSION), unicodedata.unidata_version, *(f"{name}={version(name)}" for name in _LIBRARIES)]
    return stable_hash(*parts)[:12]


def prepare_row(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The row of staging.document for a row of raw.document.

    Args:
        raw: the columns of raw.document; text and title as they arrived.
    """
    body, is_body_repaired = repair(raw["text"])
    body, body_redactions = redact(body)
    title, is_title_repaired, title_redactions = "", False, 0
    if raw["title"]:
        title, is_title_repaired = repair(raw["title"])
        title, title_redactions = redact(one_line(title))
    text = document_text(title, body)
    return {
        **{name: raw[name] for name in _KEPT},
        "prepare_version": prepare_version(),
        "language": detect_language(text, raw["language_hint"]),
        "title": title or None,
        "text": text,
        "text_hash": hashlib.sha256(text.encode("utf-8")).hexdigest(),
        "redaction_count": body_redactions + (0 if text is body else title_redactions),
        "is_repaired": is_body_repaired or is_title_repaired,
        "duplicate_key": duplicate_key(
            document_id=raw["document_id"],
            text=text,
            kind=raw["kind"],
            source=raw["source"],
            brand=raw["brand"],
            author_hash=raw["author_hash"],
            published_on=raw["published_at"].date(),
        ),
        "spam_reason": spam_reason(text, raw["kind"]),
        "near_bands": near_bands(text),
    }
