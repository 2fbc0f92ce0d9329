"""Mentions of tracked brands: aliases from the configuration, found in any script.

Text and aliases are folded alike (NFKC, case, apostrophes, dashes), one pass of an Aho-Corasick automaton finds all
aliases, and every hit is mapped back to code points of the text itself. What makes a hit a mention:

- A name in Latin, Cyrillic or another script that spaces its words stands between word boundaries; one in Han, kana,
  Hangul or Thai need not. "Northwind's" and "Nikes" are mentions; "apples" is none of "Apple", and "pineapple" neither.
- In handles and hashtags an alias may stand without its spaces and at a change of case: @VirginAmerica,
  #NikeRunning, #iphone16.
- An alias of one or two Latin letters must be written as configured ("HP", not "hp").
- Nothing inside a link counts. Where hits overlap, the longest wins.
- `require_any`: one of these words stands somewhere in the text; `exclude_any`: none of them does. They are matched
  by the same rules.
- Traditional Chinese characters match simplified ones, "McDonalds" matches "McDonald's".
- A name that is also an ordinary word (Apple, Target, 苹果, 小米) needs more: see `tasks.core.ambiguous`.
- What can't be told stays unresolved: a surface that two brands may claim in this text, and a word that may or may not
  be meant as a name. It is no mention of any brand; nothing is guessed, and it is left out rather than kept without
  a brand, so that no count has to know of it.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import ahocorasick

from tasks.core.ambiguous import is_meant, word_name
from tasks.core.contracts import ALL, Encoded, Mention, ModelVersion
from tasks.core.documents import stable_hash
from tasks.core.traditional import TO_SIMPLIFIED

# Bump it with every change of this module that can change a mention.
RULES_VERSION = 2

_ALIAS, _REQUIRED, _EXCLUDED = range(3)
_MIN_LETTERS_BEFORE_DIGIT = 4
_CASE_SENSITIVE_LETTERS = 2

_ONE_TO_ONE = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u2032\u00b4"), "'")
    | dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
    | TO_SIMPLIFIED
    | dict.fromkeys(map(ord, "\n\r\t\u00a0\u3000\u2002\u2003\u2009\u202f\u00ae\u2122\u2120\u2026"), " ")
)
_LINK = re.compile(r"(?:https?://|www\.)[^\s\u3000-\uffff]{1,2000}", re.IGNORECASE)
_HANDLE = re.compile(r"[@#](\w{1,100})")
# A base character that NFKC may fuse with the marks behind it.
_FUSING = re.compile("[\u0300-\u036f\u3099\u309a\uff9e\uff9f]")
_CLUSTER = re.compile("(?s:.)[\u0300-\u036f\u3099\u309a\uff9e\uff9f]*")
# Scripts that do not space their words: Han, kana, Hangul, Thai, Lao, Myanmar, Khmer.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u318f"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)


class TrackedBrand(Protocol):
    """What is read of a brand of the configuration. Its name is an alias, too."""

    @property
    def name(self) -> str: ...

    @property
    def aliases(self) -> Sequence[str]: ...

    @property
    def require_any(self) -> Sequence[str]: ...

    @property
    def exclude_any(self) -> Sequence[str]: ...


@dataclass(slots=True)
class _Form:
    """A folded alias or context word, with what it stands for: pairs of role and brand number.

    anywhere: where it was configured so; in_handles: only inside a handle or hashtag (its spaces are gone).
    spellings: the only ways to write it, where case matters.
    """

    text: str
    anywhere: set[tuple[int, int]] = field(default_factory=set)
    in_handles: set[tuple[int, int]] = field(default_factory=set)
    spellings: set[str] = field(default_factory=set)
    plurals: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Folded:
    """A folded text. starts[i] is the original index that folded character i came from; None: the same index."""

    text: str
    original: str
    starts: list[int] | None

    def original_span(self, start: int, end: int) -> tuple[int, int] | None:
        """Where a folded span lies in the original; None where it begins or ends inside one original character."""
        if self.starts is None:
            return start, end
        if start and self.starts[start] == self.starts[start - 1]:
            return None
        if end == len(self.text):
            return self.starts[start], len(self.original)
        return None if self.starts[end] == self.starts[end - 1] else (self.starts[start], self.starts[end])


@dataclass(frozen=True, slots=True)
class _Hit:
    """A form in a text: its span in the original, in the folded text, what it stands for, and in which shape."""

    start: int
    end: int
    roles: frozenset[tuple[int, int]]
    folded_span: tuple[int, int]
    form: str
    in_handle: bool


class AliasTagger:
    """Finds tracked brands by their names and aliases. An EntityTagger.

    Args:
        brands: the tracked brands; a brand's name is always an alias, too.
    """

    needs_pass = False

    def __init__(self, brands: Sequence[TrackedBrand]) -> None:
        self._brands = tuple(brands)
        self._entity_ids = tuple(entity_id(brand.name) for brand in brands)
        self._automaton = _automaton(brands)
        self.version = _version(brands)

    def tag(self, texts: Sequence[str], encoded: Encoded | None = None) -> list[list[Mention]]:
        """Mentions of every text, without overlaps, in order of start_char."""
        return [self._tag(text) for text in texts]

    def _tag(self, text: str) -> list[Mention]:
        if self._automaton is None:
            return []
        folded = fold(text)
        found = list(self._automaton.iter(folded.text))
        if not found:
            return []
        hits = list(_hits(folded, found))
        words = {role for hit in hits for role in hit.roles}
        eligible = [self._is_eligible(number, words) for number in range(len(self._brands))]
        shown = _shown_brands(hits)
        mentions: list[Mention] = []
        is_taken = bytearray(len(text))
        for hit in sorted(hits, key=lambda item: (item.start - item.end, item.start)):
            owners = [number for role, number in hit.roles if role == _ALIAS and eligible[number]]
            owners = [number for number in owners if self._is_meant(folded, hit, number, shown)]
            if not owners or any(is_taken[hit.start : hit.end]):
                continue
            is_taken[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
            if len(owners) == 1:
                mentions.append(self._mention(text, hit, owners[0]))
        return sorted(mentions, key=lambda mention: mention.start_char)

    def _is_eligible(self, number: int, words: set[tuple[int, int]]) -> bool:
        has_context = not self._brands[number].require_any or (_REQUIRED, number) in words
        return has_context and (_EXCLUDED, number) not in words

    def _is_meant(self, folded: _Folded, hit: _Hit, number: int, shown: set[int]) -> bool:
        """Whether a name means the brand, which is a question only for names that are also words.

        Args:
            shown: brands that the text shows elsewhere to be its subject.
        """
        known = word_name(hit.form)
        if known is None:
            return True
        brand = self._brands[number]
        return is_meant(
            folded.text,
            hit.folded_span,
            folded.original,
            (hit.start, hit.end),
            known,
            in_handle=hit.in_handle,
            has_context=number in shown,
            extra_for=brand.require_any,
            extra_against=brand.exclude_any,
        )

    def _mention(self, text: str, hit: _Hit, number: int) -> Mention:
        name = self._brands[number].name
        return Mention(
            entity_id=self._entity_ids[number],
            entity_name=name,
            entity_type="brand",
            is_tracked=True,
            brand=name,
            surface=text[hit.start : hit.end],
            start_char=hit.start,
            end_char=hit.end,
            method="alias",
        )


def _shown_brands(hits: Sequence[_Hit]) -> set[int]:
    """Brands that a text shows to be its subject: by a context word, or by an alias that is no ordinary word."""
    return {
        number
        for hit in hits
        for role, number in hit.roles
        if role == _REQUIRED or (role == _ALIAS and word_name(hit.form) is None)
    }


def entity_id(brand_name: str) -> str:
    """Identity of a tracked brand: 32 hex digits, from its name alone."""
    return stable_hash("brand", brand_name)


def fold(text: str) -> _Folded:
    """What is compared: NFKC, case-folded, one kind of apostrophe, dash and space; with the way back."""
    if text.isascii():
        return _Folded(text.lower().translate(_ASCII_BLANKS) if "\n" in text else text.lower(), text, None)
    plain = text.translate(_ONE_TO_ONE)
    folded = plain.casefold()
    if len(folded) == len(text) and unicodedata.is_normalized("NFKC", folded):
        return _Folded(folded, text, None)
    pieces = _CLUSTER.findall(plain) if _FUSING.search(plain) else list(plain)
    parts: list[str] = []
    starts: list[int] = []
    position = 0
    for piece in pieces:
        part = _fold_piece(piece)
        parts.append(part)
        starts += [position] * len(part)
        position += len(piece)
    return _Folded("".join(parts), text, starts)


_ASCII_BLANKS = {ord(char): " " for char in "\n\r\t"}


def _fold_piece(piece: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", piece).casefold())


def _automaton(brands: Sequence[TrackedBrand]) -> Any:
    """The automaton over all forms of all brands; None where nothing can be looked for."""
    forms: dict[str, _Form] = {}
    for number, brand in enumerate(brands):
        for role, words in (
            (_ALIAS, [brand.name, *brand.aliases]),
            (_REQUIRED, brand.require_any),
            (_EXCLUDED, brand.exclude_any),
        ):
            for word in words:
                _add_word(forms, word, (role, number))
    if not forms:
        return None
    automaton = ahocorasick.Automaton()
    for form in forms.values():
        automaton.add_word(form.text, form)
    automaton.make_automaton()
    return automaton


def _add_word(forms: dict[str, _Form], word: str, role: tuple[int, int]) -> None:
    plain = " ".join(unicodedata.normalize("NFKC", word).split())
    key = fold(plain).text.strip()
    if not any(char.isalnum() for char in key):
        return
    for variant in _variants(key):
        form = forms.setdefault(variant, _Form(variant))
        form.anywhere.add(role)
        form.plurals.add(plain)
        if len(key) <= _CASE_SENSITIVE_LETTERS and key.isalpha() and not _UNSPACED.search(key):
            form.spellings.add(plain)
    compact = re.sub(r"[\W_]+", "", key)
    forms.setdefault(compact, _Form(compact)).in_handles.add(role)


def _variants(key: str) -> set[str]:
    """The ways a name is written anywhere: without accents, hyphens, apostrophes, "iPhone 15" and "iPhone15"."""
    variants = {key}
    variants |= {re.sub(r"(?<=[^\W\d_]) (?=\d)", "", variant) for variant in variants}
    variants |= {variant.replace("-", " ") for variant in variants}
    variants |= {variant.replace("'", "") for variant in variants}
    variants |= {"".join(c for c in unicodedata.normalize("NFD", v) if not 0x300 <= ord(c) <= 0x36F) for v in variants}
    return variants


def _hits(folded: _Folded, found: list[tuple[int, _Form]]) -> Iterator[_Hit]:
    """The hits that stand where a name may stand, in code points of the original."""
    text = folded.text
    links = [match.span() for match in _LINK.finditer(text)] if "http" in text or "www." in text else []
    handles = [match.span(1) for match in _HANDLE.finditer(text)] if "@" in text or "#" in text else []
    for last, form in found:
        start, end = last + 1 - len(form.text), last + 1
        if _around(links, start):
            continue
        span = folded.original_span(start, end)
        if span is None:
            continue
        original = folded.original[span[0] : span[1]]
        if form.spellings and unicodedata.normalize("NFKC", original) not in form.spellings:
            continue
        handle = _around(handles, start)
        if handle is not None and end <= handle[1]:
            if _is_free_in_handle(folded, span, handle):
                roles = frozenset(form.anywhere | form.in_handles)
                yield _Hit(*span, roles, (start, end), form.text, in_handle=True)
        elif form.anywhere:
            end = _free_end(folded, start, end, original in form.plurals)
            span = folded.original_span(start, end) if end else None
            if span is not None:
                yield _Hit(*span, frozenset(form.anywhere), (start, end), form.text, in_handle=False)


def _around(spans: list[tuple[int, int]], place: int) -> tuple[int, int] | None:
    """The span that a place lies in; spans are in order and do not overlap."""
    index = bisect_right(spans, place, key=lambda span: span[0]) - 1
    return spans[index] if index >= 0 and place < spans[index][1] else None


def _free_end(folded: _Folded, start: int, end: int, is_as_configured: bool) -> int:
    """Where a name that begins here ends, its plural s included; 0 where it is a part of another word."""
    text = folded.text
    if start and _is_word(text[start - 1]) and _needs_space(text[start]):
        return 0
    if end == len(text) or not _needs_space(text[end - 1]) or not _is_word(text[end]):
        return end
    if text[end].isdigit() and text[end - 1].isalpha() and end - start >= _MIN_LETTERS_BEFORE_DIGIT:
        return end
    is_plural = text[end] == "s" and (end + 1 == len(text) or not _is_word(text[end + 1]))
    return end + 1 if is_plural and is_as_configured and end - start > _CASE_SENSITIVE_LETTERS else 0


def _is_free_in_handle(folded: _Folded, span: tuple[int, int], handle: tuple[int, int]) -> bool:
    """Whether a name inside a handle or hashtag begins and ends at its edge or at a seam."""
    edges = folded.original_span(*handle)
    text = folded.original
    if edges is None:
        return False
    return (span[0] == edges[0] or _is_seam(text, span[0])) and (span[1] == edges[1] or _is_seam(text, span[1]))


def _is_seam(text: str, place: int) -> bool:
    """Whether a new word may begin at a place inside a handle: snake_case, camelCase, IBMCloud, iphone16, 小米Note."""
    before, after = text[place - 1], text[place]
    if "_" in (before, after) or before.isdigit() != after.isdigit():
        return True
    if _UNSPACED.match(before) or _UNSPACED.match(after):
        return True
    return after.isupper() and (before.islower() or text[place + 1 : place + 2].islower())


def _is_word(char: str) -> bool:
    """Whether a character next to a name in a spaced script makes it a part of another word."""
    return (char.isalnum() and not _UNSPACED.match(char)) or unicodedata.combining(char) > 0


def _needs_space(char: str) -> bool:
    return char.isalnum() and not _UNSPACED.match(char)


def _version(brands: Sequence[TrackedBrand]) -> ModelVersion:
    content = {
        "rules": RULES_VERSION,
        "unicode": unicodedata.unidata_version,
        "brands": [
            [brand.name, sorted(brand.aliases), sorted(brand.require_any), sorted(brand.exclude_any)]
            for brand in sorted(brands, key=lambda item: item.name)
        ],
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode("utf-8")).hexdigest()
    card = {
        "description": "Tracked brands by the names and aliases of the configuration.",
        "limits": "Finds only what is configured; a name that is also a word needs require_any or exclude_any.",
        "rules": RULES_VERSION,
    }
    return ModelVersion("mention", ALL, "alias", digest[:12], "exact", "Apache-2.0", digest, card)
