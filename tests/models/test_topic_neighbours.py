"""Means over neighbours: groups come out denser, words count beside vectors, and nothing depends on order."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from tasks.core import topic_words
from tasks.core.topics import BREAK
from tasks.models import topic_neighbours

EN = topic_words.RULES["en"]


def rows_of(documents: list[list[str]]) -> csr_matrix:
    return topic_neighbours.word_rows([EN.telling(tokens) for tokens in documents])


def groups(count: int = 3, size: int = 60, *, noise: float = 0.35, dim: int = 24) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    owners = np.repeat(np.arange(count), size)
    rows = np.eye(dim)[owners] + noise * random.normal(size=(len(owners), dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), owners


def spread_within(rows: np.ndarray, owners: np.ndarray) -> float:
    """Share of all squared distances that lies within the groups."""
    within = sum(((rows[owners == i] - rows[owners == i].mean(axis=0)) ** 2).sum() for i in np.unique(owners))
    return float(within / ((rows - rows.mean(axis=0)) ** 2).sum())


def no_words(count: int) -> csr_matrix:
    return csr_matrix((count, 1), dtype=np.float32)


def test_groups_come_out_denser():
    vectors, owners = groups()
    means = topic_neighbours.neighbour_means(vectors, no_words(len(vectors)), neighbours=10)
    assert spread_within(vectors, owners) > 0.6
    assert spread_within(means, owners) < 0.5
    np.testing.assert_allclose(np.linalg.norm(means, axis=1), 1, atol=1e-5)


def test_words_part_what_the_vectors_hold_for_one():
    random = np.random.default_rng(1)
    vectors = random.normal(size=(80, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    owners = np.arange(80) % 2
    tokens = [["valve", "hisses"] if owner else ["lamp", "flickers"] for owner in owners]
    words = rows_of([*tokens, *[[f"odd{i}", f"rare{i}"] for i in range(100)]])[:80]
    assert words.shape[1] == 4
    with_words = topic_neighbours.neighbour_means(vectors, words, neighbours=10)
    without = topic_neighbours.neighbour_means(vectors, no_words(80), neighbours=10)
    assert spread_within(with_words, owners) < 0.9 < 0.95 < spread_within(without, owners)


def test_order_changes_no_row():
    vectors, _ = groups()
    words = rows_of([["pump", f"word{i % 9}"] for i in range(len(vectors))])
    expected = topic_neighbours.neighbour_means(vectors, words, neighbours=7)
    order = np.random.default_rng(2).permutation(len(vectors))
    shuffled = topic_neighbours.neighbour_means(vectors[order], words[order], neighbours=7)
    np.testing.assert_allclose(shuffled, expected[order], atol=1e-5)


def test_blocks_change_no_row(monkeypatch):
    vectors, _ = groups()
    words = rows_of([["pump", f"word{i % 9}"] for i in range(len(vectors))])
    expected = topic_neighbours.neighbour_means(vectors, words, neighbours=7)
    monkeypatch.setattr(topic_neighbours, "_BLOCK_ROWS", 17)
    np.testing.assert_allclose(topic_neighbours.neighbour_means(vectors, words, neighbours=7), expected, atol=1e-5)


def test_words_of_one_document_or_of_most_tell_nothing():
    documents = [["pump", "leaks"], ["pump", "whistles"], ["pump", "leaks", BREAK], ["pump", "once"], ["pump"], []]
    rows = rows_of(documents).toarray()
    np.testing.assert_allclose(rows.sum(axis=1), [1, 0, 1, 0, 0, 0])


@pytest.mark.parametrize("documents", [[[]], [[], []], [["the"], ["a"]], [["\x00"], ["😀"]]])
def test_documents_without_words_have_empty_rows(documents):
    assert rows_of(documents).nnz == 0


@pytest.mark.parametrize(
    ("documents", "clusters", "expected"),
    [(1, 1, 0), (2, 1, 1), (40, 4, 2), (1_000, 16, 15), (100_000, 40, 15), (10, 0, 2)],
)
def test_neighbours_are_a_quarter_of_a_cluster_at_most(documents, clusters, expected):
    assert topic_neighbours.neighbour_count(documents, clusters) == expected


def test_a_document_alone_and_rows_of_zeros_are_no_fault():
    alone = topic_neighbours.neighbour_means(np.ones((1, 4), np.float32), no_words(1), neighbours=0)
    assert np.isfinite(alone).all()
    zeros = topic_neighbours.neighbour_means(np.zeros((6, 4), np.float32), no_words(6), neighbours=2)
    assert np.isfinite(zeros).all()
