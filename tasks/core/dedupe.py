"""Which documents are exact copies of each other.

A long text that says the same (letters and digits, without case, width and punctuation) as another document
of its kind is a copy of it, whoever wrote it. A short text ("good", "好用") is what many people write of themselves:
it is a copy only where source, brand, author and day agree too.

The groups themselves, and which of them are campaigns (spam), are told by sql/staging/duplicate.sql.
"""

from __future__ import annotations

import unicodedata
from datetime import date

from tasks.core.documents import stable_hash
from tasks.core.text import matching_key, meaning_length

# Letters of meaning (a Han character counts as 25/12) from which the same words are no coincidence.
LONG_LETTERS = 25
# From which the same words under many names are a campaign: honest people share "works great, fast delivery".
CAMPAIGN_LETTERS = 80
CAMPAIGN_BRANDS = 3
CAMPAIGN_AUTHORS = 5


def duplicate_key(
    *,
    document_id: str,
    text: str,
    kind: str,
    source: str,
    brand: str | None,
    author_hash: str | None,
    published_on: date,
) -> str:
    """Equal keys are exact copies; 32 hex digits.

    Args:
        text: repaired and redacted text of the document.
        published_on: the UTC day, or the date itself where only a date is known.
    """
    key = matching_key(text)
    if meaning_length(key) >= LONG_LETTERS:
        return stable_hash("long", kind, key)
    if author_hash is None:
        return stable_hash("alone", document_id)
    symbols = key or "".join(unicodedata.normalize("NFKC", text).split())
    return stable_hash("short", kind, source, brand, author_hash, published_on.isoformat(), symbols)
