"""Shapes of groups of documents: how tight one is, what belongs to its core, whether it falls into two.

Pure arithmetic on unit vectors; cosines throughout. A document's cosine to its own group is always that to the centre
of the *others*, since a centre leans towards each of its members: in a group of twelve that alone is worth 0.1 and
more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

THRESHOLD_DEVIATIONS = 2.0
SHRUNK_BY = 20
HALVING_ROUNDS = 20
MOST_FOUND_PARTS = 6
LEAST_PART = 0.05

Floats = NDArray[np.float64]


def to_others(vectors: NDArray[np.float32]) -> Floats:
    """(n,) cosine of each document to the centre of the other ones; 1 where it stands alone."""
    rows = vectors.astype(np.float64)
    if len(rows) < 2:
        return np.ones(len(rows))
    others = rows.sum(axis=0) - rows
    lengths = np.linalg.norm(others, axis=1)
    return np.einsum("ij,ij->i", rows, others) / np.where(lengths > 0, lengths, 1)


def cohesion(vectors: NDArray[np.float32]) -> float:
    """Root of the mean cosine between two documents: what a document's cosine to a large group's centre tends to."""
    count = len(vectors)
    if count < 2:
        return 1.0
    length = float(np.linalg.norm(vectors.astype(np.float64).sum(axis=0)))
    return float(np.sqrt(max(0.0, (length**2 - count) / (count * (count - 1)))))


def small_group_factor(count: int, usual: float) -> float:
    """What share of a large group's cosine to its centre is to be expected in a group of so many, 0-1.

    With r the mean cosine between two documents, the centre of n - 1 others has r √((n - 1) / (1 + (n - 2) r)).
    """
    r = usual**2
    return float(np.sqrt((count - 1) * r / (1 + (count - 2) * r))) if count > 1 and r > 0 else 1.0


def pooled_spread(groups: Sequence[Floats]) -> float:
    """Standard deviation of cosines around their group's mean, over all groups."""
    squares = sum(float(((cosines - cosines.mean()) ** 2).sum()) for cosines in groups if len(cosines))
    count = sum(len(cosines) for cosines in groups)
    return float(np.sqrt(squares / max(1, count - len(groups))))


def threshold(cosines: Floats, spread: float) -> float:
    """How near a document must come to belong: two standard deviations under the founding members' mean.

    A small group's own deviation is drawn towards that of all groups together, which weighs as 20 documents.
    """
    own = float(((cosines - cosines.mean()) ** 2).sum())
    deviation = np.sqrt((own + SHRUNK_BY * spread**2) / (len(cosines) + SHRUNK_BY))
    return round(float(cosines.mean() - THRESHOLD_DEVIATIONS * deviation), 4)


def core(vectors: NDArray[np.float32], least: float) -> NDArray[np.bool_]:
    """(n,) which documents are left when those under a cosine to the others' centre are dropped, again and again."""
    kept = np.ones(len(vectors), np.bool_)
    for _ in range(len(vectors)):
        rows = np.flatnonzero(kept)
        outside = rows[np.round(to_others(vectors[rows]), 6) < least]
        if not len(outside) or len(rows) < 2:
            break
        # The farthest half of them at a time: they had pulled the centre away from the rest.
        cosines = np.round(to_others(vectors[rows]), 6)[np.isin(rows, outside)]
        kept[outside[cosines <= np.median(cosines)]] = False
    return kept


def halves(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(n,) which of two groups a document falls into, by 2-means that starts from the main axis; no chance in it."""
    rows = vectors.astype(np.float64)
    centred = rows - rows.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    side = centred @ axes[0] > 0
    for _ in range(HALVING_ROUNDS):
        if side.all() or not side.any():
            break
        centres = np.stack([rows[~side].mean(axis=0), rows[side].mean(axis=0)])
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
        moved = rows @ (centres[1] - centres[0]) > 0
        if (moved == side).all():
            break
        side = moved
    return side


def separation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """How far two groups lie apart for their width: the simplified silhouette, mean over all documents.

    For a document with cosine a to its own group and b to the other: 1 - (1 - a) / (1 - b), or its mirror image where
    b > a. Near 0 for pieces of one group, 1 for groups of equal documents apart from each other.
    """
    values = []
    for own, other in ((first, second), (second, first)):
        centre = other.astype(np.float64).sum(axis=0)
        to_other = own.astype(np.float64) @ (centre / max(float(np.linalg.norm(centre)), 1e-12))
        near, far = 1 - to_others(own), 1 - to_other
        values.append((far - near) / np.maximum(np.maximum(near, far), 1e-12))
    return float(np.concatenate(values).mean())


def parts(vectors: NDArray[np.float32], count: int | None) -> NDArray[np.int64]:
    """(n,) part of each document, from 0, the largest part first; by halving the widest part, then k-means.

    Documents on one spot are not told apart, so that there may be fewer parts than asked for.

    Args:
        count: parts to make; None: the number from 2 to 6 with the highest silhouette, of those whose smallest part
            has a twentieth of the documents (2 where none has).
    """
    if not len(vectors):
        return np.zeros(0, np.int64)
    if count is not None:
        return _by_size(_centred(vectors, _halved(vectors, count)))
    found = [parts(vectors, wanted) for wanted in range(2, MOST_FOUND_PARTS + 1)]
    sound = [labels for labels in found if np.bincount(labels).min() >= LEAST_PART * len(labels)]
    return max(sound or found[:1], key=lambda labels: round(silhouette(vectors, labels), 6))


def silhouette(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """How far parts lie apart for their width: `separation` with the nearest other part; -1 for a single part."""
    rows = vectors.astype(np.float64)
    names = np.unique(labels)
    if len(names) < 2:
        return -1.0
    cosines = rows @ _centres(rows, labels).T
    values = np.empty(len(rows))
    for place, name in enumerate(names):
        mine = labels == name
        near, far = 1 - to_others(vectors[mine]), 1 - np.delete(cosines[mine], place, axis=1).max(axis=1)
        values[mine] = (far - near) / np.maximum(np.maximum(near, far), 1e-12)
    return float(values.mean())


def _halved(vectors: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    labels = np.zeros(len(vectors), np.int64)
    whole: set[int] = set()
    while labels.max(initial=0) + 1 < count:
        widths = {
            int(name): float((1 - to_others(vectors[labels == name])).sum())
            for name in np.unique(labels)
            if name not in whole
        }
        if not widths:
            break
        widest = max(widths, key=lambda name: (round(widths[name], 6), -name))
        rows = np.flatnonzero(labels == widest)
        side = halves(vectors[rows])
        if side.all() or not side.any():
            whole.add(widest)
        else:
            labels[rows[side != side[0]]] = labels.max() + 1
    return labels


def _centred(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each document in the part whose centre is nearest, again and again."""
    rows = vectors.astype(np.float64)
    for _ in range(HALVING_ROUNDS):
        moved = np.round(rows @ _centres(rows, labels).T, 9).argmax(axis=1)
        if (moved == labels).all() or len(np.unique(moved)) < len(np.unique(labels)):
            break
        labels = moved.astype(np.int64)
    return labels


def _centres(rows: Floats, labels: NDArray[np.int64]) -> Floats:
    centres = np.stack([rows[labels == name].mean(axis=0) for name in np.unique(labels)])
    return centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)


def _by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same parts, numbered by their size, then by their first document."""
    names, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    places = np.empty(labels.max(initial=0) + 1, np.int64)
    places[names[np.lexsort([first, -sizes])]] = np.arange(len(names))
    return places[labels]


def separations(vectors: NDArray[np.float32], labels: NDArray[np.int64], count: int) -> Floats:
    """(count, count) `separation` of each pair of the groups labelled 0 … count - 1, none of them empty."""
    rows = vectors.astype(np.float64)
    centres = np.stack([rows[labels == group].sum(axis=0) for group in range(count)])
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    near = np.empty(len(rows))
    for group in range(count):
        near[labels == group] = 1 - to_others(vectors[labels == group])
    far = 1 - rows @ centres.T
    values = (far - near[:, None]) / np.maximum(np.maximum(far, near[:, None]), 1e-12)
    sums = np.stack([values[labels == group].sum(axis=0) for group in range(count)])
    sizes = np.bincount(labels, minlength=count)
    return (sums + sums.T) / (sizes[:, None] + sizes[None])
