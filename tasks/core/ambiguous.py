"""Names that are also ordinary words (Apple, Target, 苹果, 小米, 大众), and how a text tells which is meant.

A brand of such a name is not believed on sight. What speaks for the brand and what speaks against it is weighed in this
order, and the first that decides, decides:

1. the words right beside the name: "Apple Watch", 苹果手机 for; "apple pie", 吃苹果, 小米粥 against;
2. an article or number before a Latin name in lower case ("an apple"), or its plural in lower case: against;
3. the words of the same sentence, where all speak alike;
4. a handle ("@apple"), or a capital letter where lower-case words around it show that capitals mean something: for;
5. what else the text says: context words of the configuration or of this list, another unmistakable alias of the
   same brand: for, where nothing in the sentence spoke against it.

Where nothing decides, the name stays unresolved: it is no mention, rather than a guess.

The list of such names is in `tasks.core.word_names`. Context words of the configuration
(`require_any`, `exclude_any`) come on top of it and serve names that it does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tasks.core.traditional import TO_SIMPLIFIED
from tasks.core.word_names import WORD_NAMES, WordName

_ARTICLE = re.compile(r"(?:^|[^a-z])(?:an?|some|each|every|two|three|four|five|six|\d+|of|more|fresh|green|red)[\s]$")
_SENTENCE = re.compile(r"[。！？!?；;\n]|\.(?=\s)")
_SENTENCE_MOST = 160
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_SUBJECT = re.compile(
    r"['\u2019]s\b|\s(?:is|was|has|had|makes|made|says|said|just|really|should|can|could|will|would|does|did|never"
    r"|always|finally|keeps|sells|sold|and|left|sent|gave|took|lost|told|came|went|got|[a-z]{2,}ed)\b"
)


@lru_cache(maxsize=512)
def _pattern(words: frozenset[str]) -> re.Pattern[str] | None:
    latin = sorted((re.escape(word.lower()) for word in words if word.isascii()), key=len, reverse=True)
    han = sorted((re.escape(word) for word in words if not word.isascii()), key=len, reverse=True)
    parts = [rf"(?<![a-z0-9])(?:{'|'.join(latin)})s?(?![a-z0-9])"] if latin else []
    parts += ["|".join(han)] if han else []
    return re.compile("|".join(parts)) if parts else None


def word_name(alias: str) -> WordName | None:
    """What is known of a folded alias that is also a word; None for other names."""
    return WORD_NAMES.get(alias.translate(TO_SIMPLIFIED))


def is_meant(
    folded: str,
    span: tuple[int, int],
    original: str,
    original_span: tuple[int, int],
    known: WordName,
    *,
    in_handle: bool,
    has_context: bool,
    extra_for: Iterable[str] = (),
    extra_against: Iterable[str] = (),
) -> bool:
    """Whether the brand is meant at a place; False also where it can't be told.

    Args:
        folded, span: the text in lower case and simplified (see `tasks.core.mentions.fold`), and where the name stands.
        original, original_span: the text itself, whose capitals count.
        in_handle: it is a part of a handle or hashtag.
        has_context: the text elsewhere shows that the brand is its subject.
        extra_for, extra_against: context words of the configuration.
    """
    start, end = span
    votes_for = _pattern(known.for_brand | frozenset(word.lower() for word in extra_for))
    votes_against = _pattern(known.against | frozenset(word.lower() for word in extra_against))
    low, high = _sentence(folded, start, end)
    near_for = _places(votes_for, folded, low, high, span)
    near_against = _places(votes_against, folded, low, high, span)
    beside_for, beside_against = _beside(near_for, folded, span), _beside(near_against, folded, span)
    if beside_for != beside_against:
        return beside_for
    surface = original[slice(*original_span)]
    is_latin = surface.isascii()
    if is_latin and not in_handle and surface.islower() and _ARTICLE.search(folded[max(0, start - 12) : start]):
        return False
    if bool(near_for) != bool(near_against):
        return bool(near_for)
    if near_for and near_against:
        return in_handle
    if in_handle:
        return True
    return (is_latin and _is_name_by_capital(original, original_span)) or has_context


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    low = max(0, start - _SENTENCE_MOST)
    for match in _SENTENCE.finditer(text, low, start):
        low = match.end()
    after = _SENTENCE.search(text, end, min(len(text), end + _SENTENCE_MOST))
    return low, after.start() if after else min(len(text), end + _SENTENCE_MOST)


def _places(
    pattern: re.Pattern[str] | None, text: str, low: int, high: int, span: tuple[int, int]
) -> list[tuple[int, int]]:
    if pattern is None:
        return []
    found = [*pattern.finditer(text, low, span[0]), *pattern.finditer(text, span[1], high)]
    return [match.span() for match in found]


def _beside(places: list[tuple[int, int]], text: str, span: tuple[int, int]) -> bool:
    """Whether a word of context touches the name, but for a blank, a hyphen, a possessive or 的."""
    for start, end in places:
        gap = text[span[1] : start] if start >= span[1] else text[end : span[0]]
        if gap.strip(" -") in ("", "'s", "的", "了", "个", "家"):
            return True
    return False


def _is_name_by_capital(text: str, span: tuple[int, int]) -> bool:
    """Whether a capital letter says that this is a name: capitals are rare around it, and it begins no sentence.

    At the beginning of a sentence it says so where a possessive or a verb follows: a thing would have an article.
    """
    if not text[span[0]].isupper():
        return False
    low, high = _sentence(text, *span)
    words = _LATIN_WORD.findall(text[low : span[0]] + " " + text[span[1] : high])
    if sum(word.islower() for word in words) * 2 < len(words):
        return False
    is_first = not any(char.isalnum() for char in text[low : span[0]])
    return not is_first or _SUBJECT.match(text, span[1]) is not None
