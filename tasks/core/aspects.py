"""What a text speaks of: the aspects of a taxonomy, found by their words, with the clause that they stand in.

A taxonomy is a list of aspects, each with English and Chinese words. One pass of an Aho-Corasick automaton over the
folded text finds all of them; the longest match wins, so that "sound quality" is about sound. English words stand
between word boundaries, in their regular forms (seats, crashed, crashing); Chinese ones anywhere, but not inside the
longer words that the taxonomy names as meaning something else (慢 is none of 慢慢). A word that goes with many things
(slow, 方便) counts only in a clause that names no other aspect. A name of a tracked brand that
holds an aspect's word, such as "Northwind Coffee", is no evidence. An aspect counts once per clause, where it first
stands, so that a text keeps both sides of what it says. Clauses that hold no word are handed on to be matched by what
they mean (tasks/models/aspect_meaning.py).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import ahocorasick

from tasks.core.contracts import AspectSpan, ModelVersion
from tasks.core.mentions import fold
from tasks.core.targets import RULES_VERSION as CLAUSE_RULES
from tasks.core.targets import Span, clause_of, clauses
from tasks.errors import ConfigError

# Bump it with every change of this module that can change what is found.
RULES_VERSION = 2
LANGUAGES = ("en", "zh")
MAX_UNNAMED = 64
MAX_CLAUSE = 300
_WORD = re.compile(r"\w+")
_LEAST = {"en": 3, "zh": 4}
_EXACT, _WEAK = "!", "?"
_MIN_VERB = 3


@dataclass(frozen=True)
class Aspect:
    """One aspect. words: by language; not_words: longer words that hold one of them and mean something else.

    What is an aspect's not_word may be another's word, and is found as that.

    own_words: those that the project gave, in any language; is_custom: whether the whole aspect is the project's.
    """

    name: str
    labels: Mapping[str, str]
    words: Mapping[str, tuple[str, ...]]
    not_words: tuple[str, ...] = ()
    own_words: tuple[str, ...] = ()
    is_custom: bool = False


@dataclass(frozen=True)
class Taxonomy:
    """The aspects of a project, the more specific ones first: where two have a word in common, the first has it."""

    category: str
    aspects: tuple[Aspect, ...]
    ignored: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(aspect.name for aspect in self.aspects)

    def digest(self, language: str) -> str:
        """Hash of everything that decides what is found in a language."""
        content = {
            "rules": [RULES_VERSION, CLAUSE_RULES],
            "ignored": sorted(self.ignored),
            "aspects": [
                [aspect.name, aspect.words.get(language, ()), aspect.not_words, aspect.own_words, aspect.is_custom]
                for aspect in self.aspects
            ],
        }
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def taxonomy_of(
    shipped: Mapping[str, Any],
    *,
    category: str,
    drop: Iterable[str] = (),
    words: Mapping[str, Sequence[str]] | None = None,
    ignore: Sequence[str] = (),
    custom: Sequence[Mapping[str, Any]] = (),
) -> Taxonomy:
    """The taxonomy of a category of the shipped file, changed as a project wants it.

    Args:
        shipped: content of data/models/aspects.toml.
        drop: names of aspects to leave out; words: more words for an aspect, in any language; ignore: words that
            count for none; custom: further aspects, each with name, words and perhaps label_en and label_zh.

    Raises:
        ConfigError: a name is none of the taxonomy's.
    """
    chosen = shipped["categories"].get(category)
    if chosen is None:
        raise ConfigError(
            f"[aspects] category {category!r} is not known", fix=f"one of {', '.join(shipped['categories'])}"
        )
    general = [name for name in shipped["general"]["aspects"] if name not in chosen.get("drop", ())]
    own = [item["name"] for item in custom]
    names = [*(name for name in chosen.get("add", ()) if name not in own), *(n for n in general if n not in own)]
    _check_names("[aspects] drop", drop, names)
    _check_names("[aspects.words]", words or {}, [*names, *own])
    more = words or {}
    aspects = [
        Aspect(
            item["name"],
            {lang: item.get(f"label_{lang}") or item["name"] for lang in LANGUAGES},
            {lang: (*item["words"], *more.get(item["name"], ())) for lang in LANGUAGES},
            own_words=(*item["words"], *more.get(item["name"], ())),
            is_custom=True,
        )
        for item in custom
    ]
    aspects += [
        aspect_of(name, shipped["aspects"][name], more.get(name, ())) for name in names if name not in set(drop)
    ]
    return Taxonomy(category, tuple(aspects), tuple(ignore))


class AspectFinder:
    """Finds the aspects of a taxonomy in texts of one language.

    Args:
        names: names and aliases of tracked brands; those that hold an aspect's word are no evidence.
    """

    def __init__(self, taxonomy: Taxonomy, language: str, names: Iterable[str] = ()) -> None:
        self.taxonomy, self.language = taxonomy, language
        forms: dict[str, str | None] = {}
        strong: set[str] = set()
        for aspect in taxonomy.aspects:
            for word in aspect.words.get(language, ()):
                for form in forms_of(word):
                    forms.setdefault(form, aspect.name)
                    strong |= set() if word.endswith(_WEAK) else {form}
        for blocked in (word for aspect in taxonomy.aspects for word in aspect.not_words):
            forms.setdefault(_folded(blocked), None)
        forms |= dict.fromkeys(map(_folded, taxonomy.ignored))
        self._strong = frozenset(strong)
        known = _automaton(forms)
        self._names = sorted({name for name in map(_folded, names) if known is not None and any(known.iter(name))})
        self._automaton = _automaton(forms | dict.fromkeys(self._names, None))

    @property
    def digest(self) -> str:
        """Hash of the taxonomy and of the names that stand in its way."""
        content = json.dumps([self.taxonomy.digest(self.language), self._names], ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()

    def find(self, text: str) -> list[AspectSpan]:
        """Aspects of a text in the order of their places; once per aspect and clause."""
        return self.read(text)[0]

    def read(self, text: str) -> tuple[list[AspectSpan], list[Span]]:
        """Aspects of a text as `find` gives them, and the clauses that hold none of their words.

        Of these clauses only such as are long enough to say something, and at most MAX_UNNAMED a text.
        """
        hits = self._hits(text)
        parts = clauses(text)
        placed = [(clause_of(parts, (start, end)), start, end, name, is_strong) for start, end, name, is_strong in hits]
        named = {clause for clause, *_, is_strong in placed if is_strong}
        found: dict[tuple[str, Span], AspectSpan] = {}
        for clause, start, end, name, is_strong in placed:
            if is_strong or clause not in named:
                found.setdefault((name, clause), AspectSpan(name, start, end, *clause, "words"))
        taken = {clause for clause, *_ in placed}
        unnamed = (
            part
            for part in parts
            if says_something(text[slice(*part)], self.language)
            and not any(start < part[1] and part[0] < end for start, end in taken)
        )
        return list(found.values()), list(islice(unnamed, MAX_UNNAMED))

    def _hits(self, text: str) -> list[tuple[int, int, str, bool]]:
        """(start, end, aspect, whether it names it) of words in code points, in order and without overlaps."""
        if self._automaton is None:
            return []
        folded = fold(text)
        raw: list[tuple[int, int, str | None, bool]] = []
        for last, (form, name) in self._automaton.iter(folded.text):
            start, end = last + 1 - len(form), last + 1
            if _stands_free(folded.text, start, end):
                raw.append((start, end, name, form in self._strong))
        taken = bytearray(len(folded.text))
        hits: list[tuple[int, int, str, bool]] = []
        for start, end, name, is_strong in sorted(raw, key=lambda hit: (hit[0] - hit[1], hit[0])):
            if any(taken[start:end]):
                continue
            taken[start:end] = b"\1" * (end - start)
            span = folded.original_span(start, end)
            if name is not None and span is not None:
                hits.append((*span, name, is_strong))
        return sorted(hits)


def says_something(clause: str, language: str) -> bool:
    """Whether a clause is worth reading for what it means: three English words, four Chinese characters or more."""
    if len(clause) > MAX_CLAUSE:
        return False
    count = sum(map(str.isalnum, clause)) if language == "zh" else len(_WORD.findall(clause))
    return count >= _LEAST.get(language, 1)


def version_of(finder: AspectFinder, *, reader: str, licence: str) -> ModelVersion:
    """The row of ops.model_version of a language's aspects, and of the model that says how they are spoken of.

    Args:
        reader: revisions of that model, and of the one that matches by meaning; licence: of both.
    """
    digest = hashlib.sha256(f"{finder.digest} {reader}".encode()).hexdigest()
    card = {
        "description": "Aspects by the words of a taxonomy and by meaning, judged by the model of targets.",
        "category": finder.taxonomy.category,
        "aspects": [asdict(aspect)["name"] for aspect in finder.taxonomy.aspects],
        "reader": reader,
        "rules": RULES_VERSION,
    }
    return ModelVersion("aspect", finder.language, "aspects", digest[:12], "exact", licence, digest, card)


def forms_of(word: str) -> set[str]:
    """The folded forms of a taxonomy's word: its regular inflections; it alone where it is Chinese or exact."""
    word = word.removesuffix(_WEAK)
    plain = _folded(word.removesuffix(_EXACT))
    last = plain.rsplit(" ", 1)[-1]
    if word.endswith(_EXACT) or not last.isascii() or not last.isalpha() or len(last) < _MIN_VERB:
        return {plain} if plain else set()
    stem = plain[:-1] if plain.endswith("e") else plain
    forms = {plain, f"{stem}ed", f"{stem}ing"}
    if plain.endswith("y") and plain[-2] not in "aeiou":
        forms |= {f"{plain[:-1]}ies", f"{plain[:-1]}ied"}
    elif plain.endswith(("s", "x", "z", "ch", "sh")):
        forms.add(f"{plain}es")
    else:
        forms.add(f"{plain}s")
    return forms


def aspect_of(name: str, row: Mapping[str, Any], more: Sequence[str] = ()) -> Aspect:
    """An aspect from its table of the shipped file; more: further words, in any language."""
    return Aspect(
        name,
        {lang: row[f"label_{lang}"] for lang in LANGUAGES},
        {lang: (*row[lang], *more) for lang in LANGUAGES},
        tuple(row.get("not_zh", ())),
        own_words=tuple(more),
    )


def _check_names(place: str, given: Iterable[str], known: Sequence[str]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ConfigError(
            f"{place}: {', '.join(map(repr, unknown))} is no aspect of this project", fix=f"they are {', '.join(known)}"
        )


def _automaton(forms: Mapping[str, str | None]) -> Any:
    automaton = ahocorasick.Automaton()
    for form, name in forms.items():
        if form:
            automaton.add_word(form, (form, name))
    if not len(automaton):
        return None
    automaton.make_automaton()
    return automaton


def _folded(word: str) -> str:
    return " ".join(fold(word).text.split())


def _stands_free(text: str, start: int, end: int) -> bool:
    """Whether a word in Latin letters or digits is no part of a longer one."""
    left = start > 0 and _is_latin(text[start]) and _is_latin(text[start - 1])
    return not left and not (end < len(text) and _is_latin(text[end - 1]) and _is_latin(text[end]))


def _is_latin(character: str) -> bool:
    return character.isalnum() and character < "\u2e80"
