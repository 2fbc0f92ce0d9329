"""Where documents lie once each has taken the mean of those most like it: groups grow denser, gaps between them wider.

Vectors of short texts are noisy: a document lies where its one odd word puts it. So each document is moved to the
mean of its nearest ones, twice, on the graph of nearest neighbours, before clusters are sought (a simple graph
convolution: Wu et al. 2019). Nearest are those that lie near and share rare words: the encoder knows what is meant, and
the words tell apart what it takes for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import scipy.sparse

NEIGHBOURS = 15
ROUNDS = 2
WORD_SHARE = 0.4
MOST_COMMON = 0.3
_BLOCK_ROWS = 1_000


def neighbour_count(documents: int, clusters: int) -> int:
    """Neighbours of each document: a quarter of what a cluster holds on average, 2 at least and 15 at most."""
    return max(0, min(NEIGHBOURS, max(2, documents // (4 * max(1, clusters))), documents - 1))


def word_rows(words: Sequence[Sequence[str]]) -> scipy.sparse.csr_matrix:
    """(n, v) TF-IDF of documents' telling words, unit rows; words of one document or of more than 30 % left out.

    A row of zeros where nothing is left.
    """
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfTransformer

    columns: dict[str, int] = {}
    rows = [[columns.setdefault(word, len(columns)) for word in row] for row in words]
    starts = np.cumsum([0, *map(len, rows)])
    places = np.array([column for row in rows for column in row], np.int64)
    counts = csr_matrix((np.ones(len(places), np.float32), places, starts), shape=(len(rows), max(1, len(columns))))
    counts.sum_duplicates()
    holders = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = np.flatnonzero((holders > 1) & (holders <= max(2, MOST_COMMON * len(rows))))
    if not len(kept):
        return csr_matrix((len(rows), 1), dtype=np.float32)
    return csr_matrix(TfidfTransformer(sublinear_tf=True).fit_transform(counts[:, kept]), dtype=np.float32)


def neighbour_means(
    vectors: NDArray[np.float32], words: scipy.sparse.csr_matrix, *, neighbours: int, rounds: int = ROUNDS
) -> NDArray[np.float32]:
    """(n, dim) unit rows: each document at the mean of itself and those nearest to it, `rounds` times.

    Near is 0.6 of the cosine of the vectors, less their mean, and 0.4 of that of the words. Who is among another's
    nearest draws half as much as who is so in turn.

    Args:
        words: (n, v) unit rows.
        neighbours: of each document, less than n; with none, documents stay where they lie from the vectors' mean.
    """
    from scipy.sparse import csr_matrix, diags_array, eye_array

    count = len(vectors)
    rows = _unit(vectors - vectors.mean(axis=0))
    if not neighbours:
        return rows
    nearest = np.empty((count, neighbours), np.int64)
    transposed = words.T.tocsr()
    for start in range(0, count, _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        near = (1 - WORD_SHARE) * (rows[block] @ rows.T)
        near += WORD_SHARE * (words[block] @ transposed).toarray()
        np.fill_diagonal(near[:, start:], -np.inf)
        nearest[block] = np.argpartition(-near, neighbours - 1, axis=1)[:, :neighbours]
    starts = np.arange(0, count * neighbours + 1, neighbours)
    graph = csr_matrix((np.ones(nearest.size, np.float32), nearest.ravel(), starts), shape=(count, count))
    graph = (graph + graph.T) / 2 + eye_array(count, dtype=np.float32)
    graph = diags_array(1 / np.asarray(graph.sum(axis=1)).ravel()) @ graph
    for _ in range(rounds):
        rows = graph @ rows
    return _unit(rows)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)).astype(np.float32)
