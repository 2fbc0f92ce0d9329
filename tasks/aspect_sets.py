"""Clauses that speak of an aspect, for training: of reviews, by the aspects' words; and the project's own sentences.

What arrives: public reviews of a known category, and sentences written for this (data/models/aspect_sentences.toml).
What leaves: texts with the clauses that are to be read in them, and for each clause and aspect of the shipped taxonomy
whether it speaks of it, does not, or may. A review gives its clauses twice: as they are, and with the words that name
the aspects replaced, so that the model learns what stands around them. For measuring, sentences with the categories
that people gave them (MAMS-ACSA).
"""

from __future__ import annotations

import json
import random
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.core.aspects import AspectFinder, Taxonomy, says_something, taxonomy_of
from tasks.core.contracts import AspectSpan
from tasks.core.targets import Span, clauses
from tasks.models.aspect_training import NEGATIVE, OPEN, POSITIVE
from tasks.models.aspects import shipped_aspect, shipped_taxonomy
from tasks.target_sets import CHINESE_TARGETS, read_target_set
from tasks.training_sets import CHINESE, ENGLISH, GOLDEN_ROOT, TrainingSet, _open, read_set, text_key

SENTENCES = OFFLINE_BUNDLE_ROOT / "aspect_sentences.toml"
NO_ASPECT = "none"
MAX_CHARACTERS = 300
SHORTEST = 8
_IN_PLACE = {"en": "it", "zh": "\u25a1"}
# Parts of the Chinese product reviews, by category of our taxonomy.
PRODUCT_CATEGORIES = {
    "103.camera": "electronics",
    "104.car": "car",
    "106.notebook": "electronics",
    "107.phone": "electronics",
    "108.shampoo": "cosmetics",
}
# Of a set's part: the category of our taxonomy, and how many texts are read.
REVIEWS: Mapping[str, Mapping[tuple[str, str], tuple[str, int]]] = {
    "en": {
        ("skytrax", "lounge"): ("travel", 250),
        ("skytrax", "seat"): ("travel", 250),
        ("mams_absa", "mams_absa"): ("restaurant", 1000),
    },
    "zh": {
        **{("absa_zh_products", part): (category, 500) for part, category in PRODUCT_CATEGORIES.items()},
        ("zh_asap_sample", "zh_asap_sample"): ("restaurant", 200),
    },
}


@dataclass
class ClauseTexts:
    """Texts with clauses: clauses[i] are those of texts[i], labels[i] (n_clauses, n_aspects) what they speak of."""

    texts: list[str] = field(default_factory=list)
    clauses: list[list[Span]] = field(default_factory=list)
    labels: list[NDArray[np.int8]] = field(default_factory=list)

    def add(self, text: str, found: list[Span], labels: list[NDArray[np.int8]]) -> None:
        """Add a text, if it has clauses."""
        if found:
            self.texts.append(text)
            self.clauses.append(found)
            self.labels.append(np.array(labels, np.int8))


@dataclass(frozen=True)
class Labels:
    """How a clause is labelled. names: the shipped aspects in order; overlaps: by name those that it goes with."""

    names: tuple[str, ...]
    overlaps: Mapping[str, frozenset[str]]

    def row(self, said: Sequence[str], may_be: Sequence[str] = ()) -> NDArray[np.int8]:
        """(n_aspects,) labels of a clause that speaks of some aspects, and perhaps of others."""
        open_names = {other for name in said for other in self.overlaps.get(name, ())} | set(may_be)
        row = np.full(len(self.names), NEGATIVE, np.int8)
        for place, name in enumerate(self.names):
            row[place] = POSITIVE if name in said else OPEN if name in open_names else NEGATIVE
        return row


@lru_cache(maxsize=1)
def shipped_labels() -> Labels:
    """The labels of the shipped taxonomy's aspects."""
    overlaps: dict[str, set[str]] = defaultdict(set)
    for group in _sentences()["overlaps"]:
        for name in group:
            overlaps[name] |= set(group) - {name}
    names = tuple(shipped_taxonomy()["aspects"])
    return Labels(names, {name: frozenset(others) for name, others in overlaps.items()})


@lru_cache(maxsize=2)
def whole_finder(language: str) -> AspectFinder:
    """Finds the aspects of all categories."""
    return AspectFinder(
        Taxonomy("all", tuple(aspect for name in shipped_labels().names if (aspect := shipped_aspect(name)))), language
    )


def own_sentences(language: str) -> list[tuple[str, str]]:
    """(aspect or "none", sentence) of the project's sentences; none that a golden set holds."""
    golden = {text_key(line) for path in GOLDEN_ROOT.glob(f"aspects_{language}.jsonl") for line in _texts_of(path)}
    rows = [(name, text) for name, texts in _sentences()[language].items() for text in texts]
    return [(name, text) for name, text in rows if text_key(text) not in golden]


def own_clauses(language: str) -> tuple[ClauseTexts, list[str]]:
    """The project's sentences, each of one text, and the aspect of each."""
    found = ClauseTexts()
    names: list[str] = []
    finder, labels = whole_finder(language), shipped_labels()
    for name, text in own_sentences(language):
        also = [span.aspect for span in finder.find(text)]
        parts = [part for part in clauses(text) if says_something(text[slice(*part)], language)]
        row = labels.row([] if name == NO_ASPECT else [name], also)
        before = len(found.texts)
        found.add(text, parts, [row] * len(parts))
        names += [name] * (len(found.texts) - before)
    return found, names


def review_clauses(language: str, data: Path, *, seed: int) -> tuple[ClauseTexts, dict[str, int]]:
    """Clauses of public reviews, with the aspects' words and without; and how many texts of each set.

    Raises:
        SourceError: a set is not there.
    """
    found = ClauseTexts()
    counts: dict[str, int] = defaultdict(int)
    texts = _review_texts(language, data)
    for (name, group), (category, count) in REVIEWS[language].items():
        chosen = sorted({text for text in texts[name, group] if len(text) >= SHORTEST})
        random.Random(seed).shuffle(chosen)
        finder = AspectFinder(taxonomy_of(shipped_taxonomy(), category=category), language)
        for place, text in enumerate(chosen[:count]):
            _add_review(found, text[:MAX_CHARACTERS], finder, is_masked=place % 2 == 0)
            counts[name] += 1
    return found, dict(counts)


def review_sets(language: str) -> list[TrainingSet]:
    """The public sets whose reviews are read."""
    names = {name for name, _ in REVIEWS[language]}
    return [item for item in (ENGLISH if language == "en" else CHINESE) if item.name in names]


def _review_texts(language: str, data: Path) -> dict[tuple[str, str], list[str]]:
    """Texts by set and part, without those that anything is measured on."""
    held_out = {text_key(text) for part in ("val", "test") for text, _ in mams_categories(data, part)}
    texts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for training_set in review_sets(language):
        if training_set.name == CHINESE_TARGETS[0].name:
            for example in read_target_set(CHINESE_TARGETS[0], data).training:
                texts[training_set.name, example.source.split("/")[1]].append(example.text)
            continue
        for item in read_set(training_set, data):
            if text_key(item.text) not in held_out:
                texts[training_set.name, item.group].append(item.text)
    return texts


def _add_review(found: ClauseTexts, text: str, finder: AspectFinder, *, is_masked: bool) -> None:
    """Add a review's clauses, and once more without the aspects' words."""
    language, labels = finder.language, shipped_labels()
    by_clause: dict[int, list[AspectSpan]] = defaultdict(list)
    for span in finder.find(text):
        by_clause[span.clause_start_char].append(span)
    other: dict[int, set[str]] = defaultdict(set)
    for span in whole_finder(language).find(text):
        other[span.clause_start_char].add(span.aspect)
    known = set(finder.taxonomy.names)
    parts = [part for part in clauses(text) if says_something(text[slice(*part)], language)]
    rows = [labels.row([span.aspect for span in by_clause[start]], sorted(other[start] - known)) for start, _ in parts]
    found.add(text, parts, rows)
    if is_masked and by_clause:
        masked, moved = _masked(text, parts, by_clause, _IN_PLACE[language])
        kept = [place for place, (start, _) in enumerate(parts) if by_clause[start]]
        found.add(masked, [moved[place] for place in kept], [rows[place] for place in kept])


def _masked(
    text: str, parts: Sequence[Span], by_clause: Mapping[int, Sequence[AspectSpan]], mark: str
) -> tuple[str, list[Span]]:
    """A text with a mark in place of the words that name aspects, and where its clauses are then."""
    pieces: list[str] = []
    moved: list[Span] = []
    place = 0
    for start, end in parts:
        pieces.append(text[place:start])
        first = sum(map(len, pieces))
        place = start
        for span in sorted(by_clause.get(start, ()), key=lambda span: span.start_char):
            if place <= span.start_char < span.end_char <= end:
                pieces += [text[place : span.start_char], mark]
                place = span.end_char
        pieces.append(text[place:end])
        place = end
        moved.append((first, sum(map(len, pieces))))
    return "".join([*pieces, text[place:]]), moved


# The categories of MAMS-ACSA, and our aspects that a sentence of one may be said to speak of.
MAMS_CATEGORIES: Mapping[str, frozenset[str]] = {
    "food": frozenset({"taste", "portions", "drinks"}),
    "service": frozenset({"service", "staff", "wait"}),
    "staff": frozenset({"service", "staff", "wait"}),
    "price": frozenset({"price"}),
    "ambience": frozenset({"ambience", "noise", "cleanliness", "comfort", "design", "size"}),
    "menu": frozenset({"menu"}),
    "place": frozenset({"location", "ambience"}),
    "miscellaneous": frozenset(),
}


def mams_categories(data: Path, part: str) -> list[tuple[str, list[str]]]:
    """(sentence, its categories) of MAMS-ACSA's val or test part."""
    with _open(data / "mams_absa" / "MAMS-ACSA" / f"{part}.xml") as file:
        sentences = ElementTree.fromstring(file.read())
    return [
        (sentence.findtext("text") or "", [item.get("category", "") for item in sentence.iter("aspectCategory")])
        for sentence in sentences
    ]


def _sentences() -> dict[str, Any]:
    return tomllib.loads(SENTENCES.read_text(encoding="utf-8"))


def _texts_of(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
