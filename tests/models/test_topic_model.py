"""Finding and naming topics on planted subjects, in both languages, through BERTopic."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from tasks.core.topic_registry import Documents
from tasks.core.topic_words import ENGLISH_INNER_WORDS
from tasks.models.topics import TopicFinder
from tests.topic_planting import planted


def finder_of(language: str, texts: list[str], *, count: int | None = 6) -> tuple[TopicFinder, dict[str, str]]:
    by_id = {f"{place:05d}": text for place, text in enumerate(texts)}
    finder = TopicFinder(language, texts=lambda ids: by_id, brand_names=["Northwind", "北风"], count=count)
    return finder, by_id


def documents_of(vectors: np.ndarray, topics: np.ndarray | None = None) -> Documents:
    count = len(vectors)
    ids = np.array([f"{place:05d}" for place in range(count)], np.object_)
    free = np.full(count, None, np.object_)
    return Documents(ids, vectors, np.ones(count, np.bool_), ids, free, free, free if topics is None else topics)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_planted_subjects_are_found(language):
    texts, vectors, subjects = planted(language)
    finder, _ = finder_of(language, texts)
    assert adjusted_rand_score(subjects, finder.find(documents_of(vectors))) > 0.85


def test_shuffled_documents_fall_into_the_same_groups():
    texts, vectors, _ = planted("en", per_subject=20)
    finder, _ = finder_of("en", texts)
    documents = documents_of(vectors)
    expected = dict(zip(documents.ids, finder.find(documents), strict=True))
    for seed in range(5):
        shuffled = documents.take(np.random.default_rng(seed).permutation(len(documents)))
        assert dict(zip(shuffled.ids, finder.find(shuffled), strict=True)) == expected


def test_twins_are_joined():
    # Three times as many topics as subjects: pieces of a subject share its place and its words.
    texts, vectors, _ = planted("en")
    finder, _ = finder_of("en", texts, count=18)
    assert len(set(finder.find(documents_of(vectors)))) < 18


def test_what_was_known_is_found_again():
    texts, vectors, subjects = planted("en")
    known = np.array([f"topic {subject}" if subject < 3 else None for subject in subjects], np.object_)
    finder, _ = finder_of("en", texts)
    labels = finder.find(documents_of(vectors, known))
    for subject in range(3):
        _, counts = np.unique(labels[subjects == subject], return_counts=True)
        assert counts.max() > 0.9 * counts.sum()
    assert adjusted_rand_score(subjects, labels) > 0.85


def named(language: str) -> dict:
    texts, _, subjects = planted(language)
    finder, by_id = finder_of(language, texts)
    ids = np.array(sorted(by_id), np.object_)
    members = {f"{language}-{subject}": ids[subjects == subject].tolist() for subject in sorted(set(subjects))}
    return finder.name(members, members, taken={})


def test_english_labels_are_phrases_of_the_documents():
    labels = [name.label for name in named("en").values()]
    texts = " | ".join(planted("en")[0]).lower()
    assert len(set(labels)) == len(labels) == 6
    for label in labels:
        assert label in texts
        assert 2 <= len(label.split()) <= 5
        assert label.split()[0] not in ENGLISH_INNER_WORDS
        assert label.split()[-1] not in ENGLISH_INNER_WORDS
    assert "pump leaks after the update" in labels or "leaks after the update" in labels


def test_chinese_labels_are_chinese_phrases():
    labels = [name.label for name in named("zh").values()]
    texts = "|".join(planted("zh")[0])
    assert len(set(labels)) == 6
    assert all(label in texts and len(label) >= 2 for label in labels)
    assert "发货太慢" in labels


@pytest.mark.parametrize("language", ["en", "zh"])
def test_brands_stand_in_no_label_and_no_keyword(language):
    for name in named(language).values():
        words = " ".join([name.label, *name.keywords]).lower()
        assert "northwind" not in words
        assert "北风" not in words


def test_a_label_in_use_is_not_given_again():
    texts, _, subjects = planted("en")
    finder, by_id = finder_of("en", texts)
    ids = np.array(sorted(by_id), np.object_)
    members = {f"en-{subject}": ids[subjects == subject].tolist() for subject in range(6)}
    first = finder.name(members, ["en-1"], taken={})["en-1"].label
    assert finder.name(members, ["en-1"], taken={"en-9": first})["en-1"].label != first


def test_words_of_one_subject_are_alike_and_of_two_are_not():
    texts, vectors, subjects = planted("zh")
    finder, _ = finder_of("zh", texts)
    documents = documents_of(vectors)
    first = documents.take(np.flatnonzero(subjects == 0))
    halves = first.take(np.arange(30)), first.take(np.arange(30, 60))
    assert finder.alike(*halves) > 0.9
    assert finder.alike(first, documents.take(np.flatnonzero(subjects == 1))) < 0.5
