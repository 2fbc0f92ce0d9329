"""Topics as arithmetic: counts, centroids, thresholds, ids, and labels that people wrote."""

import numpy as np
import pytest

from tasks.core import topic_words, topics
from tasks.core.topics import BREAK

EN, ZH = topic_words.RULES["en"], topic_words.RULES["zh"]


@pytest.mark.parametrize(
    ("documents", "expected"),
    [(0, 2), (10, 2), (40, 4), (100, 8), (300, 9), (1_000, 16), (6_400, 40), (1_000_000, 40)],
)
def test_more_documents_give_more_topics_up_to_what_a_reader_takes(documents, expected):
    assert topics.topic_count(documents) == expected


def test_centroids_are_unit_means_of_their_rows():
    rows = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], np.float32)
    found = topics.centroids_of(rows, np.array([0, 0, 1, -1]), 3)
    half = 2**-0.5
    np.testing.assert_allclose(found, [[half, half], [0, 1], [0, 0]], atol=1e-6)


def test_phrases_neither_begin_nor_end_with_small_words():
    found = EN.phrases(["the", "machine", "leaks", "after", "the", "update"])
    assert ("leaks", "after", "the", "update") in found
    assert ("machine", "leaks") in found
    assert not {p for p in found if {p[0], p[-1]} & {"the", "after"}}


def test_phrases_stop_at_breaks():
    assert ("leaks", "support") not in EN.phrases(["leaks", BREAK, "support"])


def test_negations_begin_phrases_and_never_end_them():
    found = EN.phrases(["app", "does", "not", "load"])
    assert ("not", "load") in found
    assert not {p for p in found if p[-1] == "not"}
    chinese = ZH.phrases(["电池", "不", "耐用"])
    assert ("不", "耐用") in chinese
    assert ("电池", "不") not in chinese
    assert ("不",) not in chinese


def test_brand_names_links_handles_and_redactions_break_phrases():
    names = topic_words.name_pattern(["Northwind", "Under Armour", "北风"])
    tokens = topic_words.english_tokens(
        "Northwind's pump: see https://x.io/pump @NorthwindHelp [email] Under Armour", names
    )
    assert [token for token in tokens if token != BREAK] == ["pump", "see"]
    chinese = topic_words.chinese_tokens("北风咖啡很好", names, lambda text: list(text))
    assert chinese == [BREAK, BREAK, BREAK, "咖", "啡", "很", "好"]


def test_brand_inside_a_word_is_no_brand():
    names = topic_words.name_pattern(["Apple"])
    assert topic_words.english_tokens("pineapple apples", names) == ["pineapple", BREAK]


def test_no_brands_no_pattern():
    assert topic_words.name_pattern(["", " "]) is None


def test_documents_that_say_little_weigh_little():
    weights = topics.content_weights(
        [["good"], ["the", "and"], [f"word{i}" for i in range(20)], ["leaks", "water", "leaks", BREAK]], EN
    )
    np.testing.assert_allclose(weights, [1 / 8, 0, 1, 2 / 8])


def test_twins_must_be_alike_in_place_and_words_and_all_with_all():
    place = np.array([[1, 0.9, 0.9, 0.9], [0.9, 1, 0.9, 0.1], [0.9, 0.9, 1, 0.1], [0.9, 0.1, 0.1, 1]])
    words, apart, none = np.ones((4, 4)), np.full((4, 4), 0.3), np.zeros((4, 4), bool)
    assert topics.twin_groups(place, words, apart, none) == [[0, 1, 2]]
    assert topics.twin_groups(place, np.eye(4), apart, none) == []


def test_what_the_registry_would_merge_are_twins():
    would_merge = np.array([[True, True, False], [True, True, False], [False, False, True]])
    assert topics.twin_groups(np.eye(3), np.eye(3), np.ones((3, 3)), would_merge) == [[0, 1]]


def test_topics_in_the_very_same_place_are_twins_whatever_their_words():
    place = np.array([[1, 0.95, 0.1], [0.95, 1, 0.1], [0.1, 0.1, 1]])
    separation = np.array([[0, 0.02, 0.02], [0.02, 0, 0.5], [0.02, 0.5, 0]])
    assert topics.twin_groups(place, np.eye(3), separation, np.zeros((3, 3), bool)) == [[0, 1]]


def documents_about(*subjects: tuple[str, int]) -> tuple[list[list[str]], np.ndarray, np.ndarray]:
    tokens, labels = [], []
    for number, (text, count) in enumerate(subjects):
        for i in range(count):
            tokens.append(["it", f"filler{i % 7}", BREAK, *text.split(), BREAK, "good"])
            labels.append(number)
    return tokens, np.array(labels), np.ones(len(labels), np.float32)


def test_labels_are_the_phrases_that_set_a_topic_apart():
    tokens, labels, similarity = documents_about(("leaks after update", 30), ("descaling light is on", 30))
    assert topics.labels_of(tokens, labels, similarity, count=2, rules=EN) == ["leaks after update", "descaling light"]


def test_labels_differ_even_where_topics_say_the_same():
    tokens, labels, similarity = documents_about(("lost bag", 30), ("lost bags", 30), ("lost bag", 30))
    found = topics.labels_of(tokens, labels, similarity, count=3, rules=EN)
    named = [label for label in found if label]
    assert len(named) == len({label.rstrip("s") for label in named})
    assert set(named) & {"lost bag", "lost bags"}
    assert "good" not in named


def test_a_topic_without_a_repeated_phrase_has_no_label():
    tokens = [["alpha", BREAK], ["beta", BREAK], ["gamma", BREAK]]
    assert topics.labels_of(tokens, np.zeros(3, int), np.ones(3, np.float32), count=1, rules=EN) == [None]


def test_chinese_labels_are_phrases_without_spaces():
    texts = [["发货", "太", "慢", BREAK, "很", "好"]] * 20 + [["电池", "不", "耐用", BREAK, "很", "好"]] * 20
    labels = np.repeat([0, 1], 20)
    assert topics.labels_of(texts, labels, np.ones(40, np.float32), count=2, rules=ZH) == ["发货太慢", "电池不耐用"]


SPOKEN = {
    "en": [
        # (documents of a topic, what names it, sayings and praise that do not)
        (
            [
                "I had to open the door by hand", "the remote lock failed", "could nobody open the door",
                "my remote lock failed again", "please open the door", "a remote lock failed us",
                "they did not open the door", "the remote lock failed at night", "we had to open the door ourselves",
            ],
            "remote lock failed", {"open the door"},
        ),
        (
            [
                "it works great", "the app crashes after the update", "so great until the app crashes",
                "it works great", "this app crashes on start", "works great but the app crashes", "it works great",
                "an app crashes daily", "it works great for me", "their app crashes",
            ],
            "app crashes", {"works great"},
        ),
        (
            [
                "a late parcel", "the late parcel was wet", "my late parcel", "so disappointed", "very disappointed",
                "really disappointed with the parcel", "is very disappointed", "another late parcel",
            ],
            "late parcel", {"disappointed", "very disappointed"},
        ),
    ],
    "zh": [
        (
            [
                "真的 很 一般", "这个 床垫 太 软", "我 的 床垫 太 软 了", "很 一般", "很 一般 啊",
                "床垫 太 软 睡 不 好", "很 一般 呢", "这 床垫 太 软", "很 一般 吧", "很 一般 啦",
            ],
            "床垫太软", {"很一般", "一般"},
        ),
        (
            [
                "会 一直 支持 下去", "要 支持 到底", "这个 屏幕 不 灵敏", "就 支持 到底", "都 支持 到底",
                "屏幕 不 灵敏", "会 支持 到底", "我 的 屏幕 不 灵敏 了", "要 支持 到底", "手机 屏幕 不 灵敏",
                "不会 再 支持 到底",
            ],
            "屏幕不灵敏", {"支持到底"},
        ),
    ],
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_labels_name_what_is_the_matter_and_no_saying(language):
    cases = SPOKEN[language]
    tokens = [[*text.split(), BREAK] for texts, _, _ in cases for text in texts]
    owners = np.repeat(np.arange(len(cases)), [len(texts) for texts, _, _ in cases])
    rules = topic_words.RULES[language]
    found = topics.labels_of(tokens, owners, np.ones(len(owners), np.float32), count=len(cases), rules=rules)
    for label, (_, expected, wrong) in zip(found, cases, strict=True):
        assert label == expected
        assert label not in wrong
