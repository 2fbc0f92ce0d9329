"""Parts of a text and how they compare: sentences, clauses, and sentences that put one named thing above another.

`comparisons` reads explicit structure alone, in English and in Chinese: "A is slower than B", "not as quiet as", "A
beats B", "I switched from A to B", "A 比 B 差", "A 不如 B", "从 A 换到 B". The rules see what stands before, between
and after two spans of a sentence; adjectives come from lists (tasks/core/comparison_words_en.py and
comparison_words_zh.py), and one that is not listed decides nothing. A question compares nothing, and "no better than"
prefers nobody. Where the structure says that there is a comparison, but not which way, a model's polarities of the two
spans decide, if they are given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tasks.core.comparison_words_en import ENGLISH
from tasks.core.comparison_words_zh import CHINESE
from tasks.core.quotes import sentences

# Bump it with every change of this module or its words that can change a comparison or a clause.
RULES_VERSION = 3
Span = tuple[int, int]

_CLAUSE_END = re.compile(
    r"[,;:][\"'”’)\]]*(?=\s)|\s[-–—]{1,2}\s|—|[，；：、](?=.)|[。！？!?…～~\n]+"
    r"|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])"
    r"|\s(?=(?:but|while|whereas|although|though|however|yet|except)\s)"
    r"|(?=但是|可是|不过|然而|只是|而且|但(?!凡))",
    re.IGNORECASE,
)
_QUESTION = {
    "en": re.compile(
        r"\?|^\W*(?:is|are|does|do|has|which|who|should(?!'ve| have)|can)\b[^,]*$|\bwhether\b", re.IGNORECASE
    ),
    "zh": re.compile(r"[?？]|[吗呢么]\s*[。！!]?\s*$|是不是|会不会|有没有人|哪个|还是(?=[^，]*[?？])"),
}
_PATTERNS = {"en": ENGLISH, "zh": CHINESE}
POLARITIES = ("negative", "neutral", "positive")
# Names in a row compare nothing: "A, B and C", "A、B和C".
_LIST = re.compile(r"[\s,、/&和与及跟或]*(?:and|or)?[\s,]*(?:the )?", re.IGNORECASE)
_AGAINST = re.compile(r"(?:\bunlike|\bcompared (?:to|with)|不像|相比于?|比起)\s*(?:the )?$")
MAX_BETWEEN = 80
MAX_AROUND = 60


@dataclass(frozen=True, slots=True)
class TargetExample:
    """A text and what it says of the things at some spans (code points, end exclusive); one polarity a span.

    has_names: whether the spans are names of brands, and not words that mean something themselves.
    """

    text: str
    spans: tuple[Span, ...]
    labels: tuple[str, ...]
    source: str
    has_names: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A sentence (start_char to end_char) that prefers the span of index `winner` to the span of index `loser`."""

    winner: int
    loser: int
    start_char: int
    end_char: int


def clauses(text: str) -> list[Span]:
    """The clauses of a text, without the white space and marks around them; they hold every letter and digit."""
    found: list[Span] = []
    for sentence in sentences(text):
        start = sentence.start
        cuts = [match.end() for match in _CLAUSE_END.finditer(text, sentence.start, sentence.end)] + [sentence.end]
        for end in cuts:
            piece = text[start:end]
            if any(character.isalnum() for character in piece):
                found.append((start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())))
                start = end
        if start < sentence.end and found and any(not character.isspace() for character in text[start : sentence.end]):
            found[-1] = (found[-1][0], sentence.end) if found[-1][0] >= sentence.start else found[-1]
    return found


def clause_of(parts: Sequence[Span], span: Span) -> Span:
    """The part that a span lies in; from the first to the last where it lies in several, itself where in none."""
    inside = [part for part in parts if part[0] < span[1] and span[0] < part[1]]
    return (min(inside[0][0], span[0]), max(inside[-1][1], span[1])) if inside else span


def comparisons(
    text: str, spans: Sequence[Span], language: str, polarities: Sequence[str | None] | None = None
) -> list[Comparison]:
    """Who is preferred to whom, in order of the sentences.

    Args:
        spans: of the names that may be compared; they don't overlap.
        language: en or zh; in others nothing is read.
        polarities: negative, neutral or positive for each span; they decide where words compare without saying how.
    """
    return [
        Comparison(*((one, other) if sign > 0 else (other, one)), start, end)
        for one, other, sign, (start, end) in _signs(text, spans, language, polarities)
        if sign
    ]


def compared_polarities(text: str, spans: Sequence[Span], language: str) -> list[str | None]:
    """What explicit comparisons say of each span: positive of the winner, negative of the loser; None of the others.

    Names that are said to be alike are both what they are said to be, and both neutral in a question which is the
    better one. A span that wins once and loses once is left open.
    """
    said: list[set[str]] = [set() for _ in spans]
    signs = {(one, other): sign for one, other, sign, _ in _signs(text, spans, language, None)}
    for one, other, polarity in _alike(text, spans, language):
        if not signs.get((one, other)):
            said[one].add(polarity)
            said[other].add(polarity)
    for (one, other), sign in signs.items():
        if sign:
            said[one if sign > 0 else other].add("positive")
            said[other if sign > 0 else one].add("negative")
    return [next(iter(words)) if len(words) == 1 else None for words in said]


def _signs(
    text: str, spans: Sequence[Span], language: str, polarities: Sequence[str | None] | None
) -> Iterator[tuple[int, int, int, Span]]:
    """(first, second, sign, sentence) of neighbouring spans; sign 1: the first wins, -1: the second, 0: open."""
    for one, other, parts, sentence in _pairs(text, spans, language):
        if _QUESTION[language].search(text[slice(*sentence)]):
            continue
        patterns = _PATTERNS[language]
        sign = patterns.sign(*parts)
        is_listed = _LIST.fullmatch(parts[1]) is not None and not _AGAINST.search(parts[0])
        if not sign and polarities is not None and not is_listed and patterns.compares(*parts):
            sign = _sign_of(polarities[one], polarities[other])
        yield one, other, sign, sentence


def _alike(text: str, spans: Sequence[Span], language: str) -> Iterator[tuple[int, int, str]]:
    """(first, second, polarity of both) of neighbouring spans that are said to be alike, or asked about."""
    for one, other, parts, sentence in _pairs(text, spans, language):
        if _QUESTION[language].search(text[slice(*sentence)]):
            if _PATTERNS[language].compares(*parts):
                yield one, other, "neutral"
        elif polarity := _PATTERNS[language].alike(*parts):
            yield one, other, polarity


def _pairs(text: str, spans: Sequence[Span], language: str) -> Iterator[tuple[int, int, tuple[str, str, str], Span]]:
    """(first, second, what stands before, between and after, sentence) of neighbouring spans with different names."""
    if language not in _PATTERNS or len(spans) < 2:
        return
    order = sorted(range(len(spans)), key=lambda index: spans[index])
    for sentence in sentences(text):
        inside = [i for i in order if sentence.start <= spans[i][0] and spans[i][1] <= sentence.end]
        for one, other in pairwise(inside):
            if text[slice(*spans[one])].casefold() == text[slice(*spans[other])].casefold():
                continue
            between = text[spans[one][1] : spans[other][0]].lower()
            if len(between) > MAX_BETWEEN:
                continue
            before = text[max(sentence.start, spans[one][0] - MAX_AROUND) : spans[one][0]].lower()
            after = text[spans[other][1] : min(sentence.end, spans[other][1] + MAX_AROUND)].lower()
            yield one, other, (before, between, after), (sentence.start, sentence.end)


def _sign_of(one: str | None, other: str | None) -> int:
    return {("positive", "negative"): 1, ("negative", "positive"): -1}.get((one or "", other or ""), 0)
