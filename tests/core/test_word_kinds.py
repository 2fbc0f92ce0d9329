"""Kinds of words, told by what stands beside them, in texts of our own."""

import pytest

from tasks.core import topic_words, word_kinds
from tasks.core.topics import BREAK
from tasks.core.word_kinds import ACTION, QUALITY, THING

DOCUMENTS = {
    "en": [
        "the grinder is very loud", "my grinder was loud", "we cannot descale it", "you have to descale the machine",
        "the machine is so loud", "this machine never heats", "it never heats the cup", "a cup of tea",
    ],
    "zh": [
        "这个 磨豆机 很 吵", "我 的 磨豆机 太 吵", "不能 除垢", "机器 要 除垢 了", "这台 的 机器 非常 吵", 
        "机器 不能 加热", "一直 加热 了", "一个 杯子", "这个 杯子",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "word", "expected"),
    [
        ("en", "grinder", THING), ("en", "machine", THING), ("en", "cup", THING),
        ("en", "descale", ACTION), ("en", "heats", ACTION), ("en", "loud", QUALITY),
        ("zh", "磨豆机", THING), ("zh", "机器", THING), ("zh", "杯子", THING),
        ("zh", "除垢", ACTION), ("zh", "加热", ACTION), ("zh", "吵", QUALITY),
    ],
)  # fmt: skip
def test_kinds_are_told_by_the_words_beside(language, word, expected):
    documents = [text.split() for text in DOCUMENTS[language]]
    assert word_kinds.kinds_of(documents, topic_words.RULES[language].cues)[word] == expected


def test_a_word_seen_once_counts_as_a_thing():
    kinds = word_kinds.kinds_of([["very", "zorbic"]], topic_words.RULES["en"].cues)
    assert kinds["zorbic"] == THING


def test_breaks_and_empty_documents_tell_nothing():
    assert word_kinds.kinds_of([[], [BREAK], ["very", BREAK, "zorbic"]], topic_words.RULES["en"].cues) == {BREAK: THING}
