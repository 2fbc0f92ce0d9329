"""Quotes: which documents speak for a topic, and which part of each is shown. Deterministic.

Candidates come nearest to the topic's centre first. One quote per author and source, no near-duplicates, at most
240 code points cut at the end of a sentence or of a word. What is shown is always a verbatim slice of the document.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.core.report_model import Quote

QUOTE_LIMIT = 240
NEAR_DUPLICATE_JACCARD = 0.5
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？…]+[”’」』）]*|\n{2,}")
_WORD_BREAK = re.compile(r"\s|(?<=[\u3000-\u9fff\uff00-\uffef])")
_SHORT = {"en": 25, "zh": 8, "other": 25}


@dataclass(frozen=True)
class Slice:
    """Part of a text: code points start to end (exclusive)."""

    start: int
    end: int


def sentences(text: str) -> list[Slice]:
    """The sentences of a text, without the white space around them."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)] + [len(text)]
    slices, start = [], 0
    for end in ends:
        piece = text[start:end]
        if piece.strip():
            slices.append(Slice(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())))
        start = end
    return slices


def cut(text: str, keywords: Sequence[str] = (), *, title: str | None = None, limit: int = QUOTE_LIMIT) -> Slice:
    """The part of a text to show: whole sentences from the first that holds a keyword, as many as fit.

    A title that opens the text is left out where a body follows. One sentence that is too long is cut at a word.
    """
    head = len(title) if title and text.startswith(title) and text[len(title) :].strip() else 0
    parts = [Slice(head + part.start, head + part.end) for part in sentences(text[head:])]
    if not parts:
        return Slice(0, 0)
    if parts[-1].end - parts[0].start <= limit:
        return Slice(parts[0].start, parts[-1].end)
    lowered = [keyword.casefold() for keyword in keywords if keyword]
    first = next(
        (i for i, part in enumerate(parts) if any(word in text[part.start : part.end].casefold() for word in lowered)),
        0,
    )
    start, end = parts[first].start, parts[first].end
    if end - start > limit:
        return Slice(start, _word_end(text, start, limit))
    for part in parts[first + 1 :]:
        if part.end - start > limit:
            break
        end = part.end
    return Slice(start, end)


def choose(
    candidates: Sequence[Mapping[str, Any]],
    count: int,
    *,
    keywords: Sequence[str] = (),
    taken: set[str] | None = None,
    said: list[str] | None = None,
) -> list[Quote]:
    """The first candidates that may stand together.

    Args:
        candidates: best first: document_id, text, title, source, author_hash, language, url, published_date,
            sentiment, topic_id.
        taken: documents already quoted elsewhere; chosen ones are added.
        said: texts already quoted elsewhere; chosen ones are added.
    """
    taken = set() if taken is None else taken
    said = [] if said is None else said
    quotes: list[Quote] = []
    voices: set[tuple[str, str]] = set()
    for is_patient in (True, False):  # short ones only where there are not enough others
        for row in candidates:
            if len(quotes) == count:
                return quotes
            voice = (row["source"], row["author_hash"] or row["document_id"])
            if row["document_id"] in taken or voice in voices:
                continue
            part = cut(row["text"], keywords, title=row.get("title"))
            shown = row["text"][part.start : part.end]
            if not shown or (is_patient and len(shown) < _SHORT.get(row["language"], 25)):
                continue
            if any(similarity(shown, other) >= NEAR_DUPLICATE_JACCARD for other in said):
                continue
            quotes.append(as_quote(row, part))
            voices.add(voice)
            taken.add(row["document_id"])
            said.append(shown)
    return quotes


def as_quote(row: Mapping[str, Any], part: Slice) -> Quote:
    """The quote of a part of a document."""
    text = row["text"]
    digest = hashlib.sha256(f"{row['document_id']}:{part.start}:{part.end}".encode()).hexdigest()
    return Quote(
        quote_id=f"q-{digest[:12]}",
        document_id=row["document_id"],
        topic_id=row.get("topic_id"),
        text=text[part.start : part.end],
        start_char=part.start,
        end_char=part.end,
        is_cut_before=bool(text[: part.start].removeprefix(row.get("title") or "").strip()),
        is_cut_after=bool(text[part.end :].strip()),
        language=row["language"],
        source=row["source"],
        published_date=str(row["published_date"]),
        url=row.get("url"),
        sentiment=row.get("sentiment"),
    )


def similarity(one: str, other: str) -> float:
    """Jaccard similarity of the two texts' character trigrams, in [0, 1]; case and white space do not count."""
    a, b = _trigrams(one), _trigrams(other)
    return len(a & b) / len(a | b) if a | b else 1.0


def _trigrams(text: str) -> set[str]:
    plain = "".join(text.casefold().split())
    return {plain[i : i + 3] for i in range(max(1, len(plain) - 2))}


def _word_end(text: str, start: int, limit: int) -> int:
    """Last place within the limit where a word ends; the limit itself inside one endless word."""
    last = start + limit
    breaks = [m.start() for m in _WORD_BREAK.finditer(text, start + 1, last + 1) if m.start() <= last]
    end = breaks[-1] if breaks else last
    return start + len(text[start:end].rstrip())
