from __future__ import annotations

import json
import tomllib

import pytest

from tasks.aspect_sets import (
    MAMS_CATEGORIES,
    NO_ASPECT,
    SENTENCES,
    ClauseTexts,
    _add_review,
    own_clauses,
    own_sentences,
    shipped_labels,
)
from tasks.core.aspects import AspectFinder, taxonomy_of
from tasks.models.aspects import shipped_taxonomy
from tasks.opinion_sets import CAR_SUBJECTS, RESTAURANT_COLUMNS
from tasks.training_sets import GOLDEN_ROOT, text_key


def test_the_sentences_are_of_the_taxonomys_aspects_and_of_no_golden_set():
    content = tomllib.loads(SENTENCES.read_text(encoding="utf-8"))
    names = set(shipped_taxonomy()["aspects"])
    assert {name for group in content["overlaps"] for name in group} <= names
    for language in ("en", "zh"):
        assert set(content[language]) == names | {NO_ASPECT}
        texts = [text for found in content[language].values() for text in found]
        assert len({text_key(text) for text in texts}) == len(texts)
        golden = (GOLDEN_ROOT / f"aspects_{language}.jsonl").read_text(encoding="utf-8").splitlines()
        assert not {text_key(text) for text in texts} & {text_key(json.loads(line)["text"]) for line in golden}
        assert len(own_sentences(language)) == len(texts)


def test_categories_of_the_public_sets_are_aspects_of_the_taxonomy():
    names = set(shipped_labels().names)
    for mapping in (MAMS_CATEGORIES, CAR_SUBJECTS, RESTAURANT_COLUMNS):
        assert frozenset().union(*mapping.values()) <= names


def test_an_overlapping_aspect_is_left_open():
    labels = shipped_labels()
    row = dict(zip(labels.names, labels.row(["staff"], ["price"]).tolist(), strict=True))
    assert (row["staff"], row["service"], row["price"], row["battery"]) == (1, -1, -1, 0)


@pytest.mark.parametrize(
    ("language", "category", "text", "masked"),
    [
        (
            "en",
            "electronics",
            "The screen is dull, my nephew likes it anyway, the sound is fine.",
            ["The it is dull,", "the it is fine."],
        ),
        ("zh", "electronics", "屏幕偏暗了些，侄子倒是喜欢，音质还行。", ["□偏暗了些，", "□还行。"]),
    ],
)
def test_a_review_is_read_with_and_without_the_words(language, category, text, masked):
    found = ClauseTexts()
    finder = AspectFinder(taxonomy_of(shipped_taxonomy(), category=category), language)
    _add_review(found, text, finder, is_masked=True)
    whole, without = found.texts
    assert whole == text
    assert [without[slice(*clause)] for clause in found.clauses[1]] == masked
    names = shipped_labels().names
    said = [{name for name, label in zip(names, row, strict=True) if label == 1} for row in found.labels[0]]
    assert said[0] >= {"display"}
    assert said[1] == set()
    assert found.labels[1].tolist() == found.labels[0][[0, 2]].tolist()


def test_sentences_give_a_label_a_clause():
    found, names = own_clauses("en")
    assert len(found.texts) == len(names) == len(found.labels)
    assert all(len(clauses) == len(rows) for clauses, rows in zip(found.clauses, found.labels, strict=True))
