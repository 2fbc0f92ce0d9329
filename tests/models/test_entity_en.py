"""What the English tagger reads of words: shapes, what stands around them, and nothing kept of very long ones."""

from __future__ import annotations

import re

import numpy as np

from tasks.models import entity_en
from tasks.models.entity_en import NUMBER_COLUMNS, WordFeatures, read_words

FIRST, HANDLE, HASHTAG, MONEY, GLUED, APOSTROPHE, DIGIT, CODE = range(8)


def words_of(text: str) -> WordFeatures:
    matches = list(re.finditer(r"\w+|[^\w\s]", text))
    starts = np.array([match.start() for match in matches], np.int32)
    return read_words(text, starts, np.array([match.end() for match in matches], np.int32))


def flagged(text: str, flag: int) -> list[str]:
    words = re.findall(r"\w+|[^\w\s]", text)
    return [word for word, row in zip(words, words_of(text).numbers, strict=True) if row[flag]]


def test_each_word_is_flagged_by_what_stands_around_it():
    text = "I'm at @Velmo. #Kestra costs $5\nand Zentro9 broke"
    assert flagged(text, FIRST) == ["I", "#", "and"]
    assert flagged(text, HANDLE) == ["Velmo"]
    assert flagged(text, HASHTAG) == ["Kestra"]
    assert flagged(text, MONEY) == ["5"]
    assert flagged(text, GLUED) == ["'", "m", "Velmo", ".", "Kestra", "5"]
    assert flagged(text, APOSTROPHE) == ["m"]
    assert flagged(text, DIGIT) == ["$", "5", "Zentro9"]
    assert flagged("see " + "x" * 25 + " and " + "y" * 24, CODE) == ["x" * 25]


def test_shapes_and_shares_of_capitals():
    read = words_of("the Velmo LAB A iPhone 15 B2 ! é")
    assert read.shapes.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 0]
    assert np.allclose(read.numbers[:, -3:], [1 / 6, 1 / 6, 9 / 50])


def test_words_are_the_same_whatever_was_read_before():
    first, again = words_of("Velmo velmo"), words_of("Velmo velmo")
    assert all(np.array_equal(getattr(first, name), getattr(again, name)) for name in ("shapes", "words", "numbers"))
    assert first.words[0] == first.words[1]
    assert first.shapes[0] != first.shapes[1]


def test_a_text_without_words_has_no_rows_and_long_words_are_not_kept():
    nothing = words_of("")
    assert nothing.numbers.shape == (0, NUMBER_COLUMNS)
    assert nothing.shapes.shape == nothing.words.shape == (0,)
    kept = entity_en._known.cache_info().currsize
    words_of("q" * 90_000)
    assert entity_en._known.cache_info().currsize == kept
