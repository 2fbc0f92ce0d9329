"""What finds topics in two languages at once: the same in any order, words compared within a language."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tasks.core.topic_registry import Documents
from tasks.models.joint_topics import JointFinder
from tasks.models.topics import TopicFinder

SAYINGS = {
    "en": ["the pump leaks water", "milk foam is creamy", "support never answers"],
    "zh": ["水泵漏水严重", "奶泡细腻绵密", "客服态度恶劣"],
}
DIM = 12


def documents(*groups: tuple[str, int, int]) -> tuple[Documents, dict[str, str]]:
    """Documents of groups (language, subject, count); both languages of a subject lie around one axis."""
    random, ids, vectors, texts = np.random.default_rng(0), [], [], {}
    for language, subject, count in groups:
        for place in range(count):
            ids.append(f"{language}-{subject}-{place:02d}")
            texts[ids[-1]] = SAYINGS[language][subject]
            vectors.append(np.eye(DIM)[subject] + random.normal(0, 0.1, DIM))
    rows = np.array(vectors, np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    keys, n = np.array(ids, np.object_), len(ids)
    found = Documents(
        keys, rows, np.ones(n, np.bool_), keys, np.full(n, "shop", np.object_),
        np.full(n, date(2026, 1, 5), np.object_), np.full(n, None, np.object_),
    )  # fmt: skip
    return found, texts


def finder(texts: dict[str, str], *, count: int | None = 3) -> JointFinder:
    def known(ids):
        return {i: texts[i] for i in ids}

    finders = {lang: TopicFinder(lang, texts=known, brand_names=[], count=count) for lang in ("en", "zh")}
    return JointFinder(finders, languages=lambda ids: {i: i.split("-")[0] for i in ids}, count=count)


def test_both_languages_of_a_subject_are_one_cluster_in_any_order():
    found, texts = documents(*((language, subject, 20) for language in ("en", "zh") for subject in range(3)))
    labels = finder(texts).find(found)
    subjects = [str(i).split("-")[1] for i in found.ids]
    assert len(set(labels)) == 3
    assert len(set(zip(labels, subjects, strict=True))) == 3
    order = np.random.default_rng(1).permutation(len(found))
    np.testing.assert_array_equal(finder(texts).find(found.take(order)), labels[order])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_words_are_compared_within_a_language_and_say_nothing_across(language):
    other = "zh" if language == "en" else "en"
    found, texts = documents((language, 0, 8), (language, 1, 8), (other, 0, 8), (other, 1, 2))
    groups = [found.take(np.arange(start, end)) for start, end in ((0, 8), (8, 16), (16, 24), (24, 26))]
    compare = finder(texts).alike
    assert compare(groups[0], groups[0]) == pytest.approx(1)
    assert compare(groups[0], groups[1]) < 0.5
    assert compare(groups[0], groups[2]) == 1.0
    assert compare(groups[2], groups[3]) == 1.0


def test_a_joint_finder_counts_empty_texts_as_saying_little():
    found, texts = documents(("en", 0, 1), ("zh", 0, 1))
    texts["en-0-00"] = ""
    words, weights = finder(texts).telling(found.ids)
    assert weights[0] == 0 < weights[1]
    assert "水泵" in words[1]
