"""Names that are also words, on sentences written by hand, and single rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.config import Brand
from tasks.core.mentions import AliasTagger

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "golden"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_golden_sentences_reach_the_goal(language):
    """Precision at least 0.98 and recall at least 0.95, spans exact."""
    header, *rows = map(json.loads, (GOLDEN / f"brands_{language}.jsonl").read_text(encoding="utf-8").splitlines())
    tagger = AliasTagger([Brand(**brand) for brand in header["brands"]])
    right = found_count = true_count = 0
    for row in rows:
        found = {(name.start_char, name.end_char, name.brand) for name in tagger.tag([row["text"]])[0]}
        true = {tuple(mention) for mention in row["mentions"]}
        right, found_count, true_count = right + len(found & true), found_count + len(found), true_count + len(true)
    assert len(rows) >= 80
    assert right / found_count >= 0.98
    assert right / true_count >= 0.95


def found(text: str, *brands: Brand) -> list[str]:
    return [mention.surface for mention in AliasTagger(brands).tag([text])[0]]


APPLE = Brand(name="Apple", aliases=["苹果", "iPhone"])


@pytest.mark.parametrize(
    ("text", "surfaces"),
    [
        ("I like apple", []),
        ("I like Apple", ["Apple"]),
        ("I LIKE APPLE", []),
        ("Apple makes good laptops and phones", ["Apple"]),
        ("My iPhone is fine, apple is not", ["iPhone", "apple"]),
        ("苹果很好", []),
        ("苹果的售后很好", ["苹果"]),
        ("蘋果手機", ["蘋果"]),
        ("吃了蘋果", []),
    ],
)
def test_what_context_decides_and_what_stays_unresolved(text, surfaces):
    assert found(text, APPLE) == surfaces


def test_context_words_of_the_configuration_come_on_top():
    brand = Brand(name="Target", require_any=["bullseye"], exclude_any=["archery"])
    assert found("target with the bullseye", brand) == ["target"]
    assert found("Target sells shoes in every store", brand) == []
    assert found("archery: the target and its bullseye", brand) == []


def test_a_name_that_is_no_word_needs_no_context():
    assert found("norvex", Brand(name="Norvex")) == ["norvex"]
