"""How well topics agree with labels that people gave: B-cubed scores, and how coherent topics' keywords are.

Topics have no names that could be compared with labels, so pairs of documents are: B-cubed precision is, averaged
over documents, the share of a document's topic that has its label; recall the share of its label that is in its topic
(Bagga and Baldwin 1998). A document without a topic is alone in one of its own: leaving documents out costs recall.
Coherence is the normalised pointwise mutual information of keywords that stand in the same document (Bouma 2009).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import log

import numpy as np
from numpy.typing import NDArray

from tasks.errors import DataContractError


def bcubed(truth: Sequence[str], clusters: Sequence[int]) -> tuple[float, float, float]:
    """B-cubed precision, recall and F1, each in [0, 1].

    Args:
        clusters: topic of each document, from 0; -1 where it has none.
    """
    if not truth or len(truth) != len(clusters):
        raise DataContractError(f"Expected as many labels as clusters, at least one: {len(truth)}, {len(clusters)}")
    places = alone(clusters)
    cell, by_cluster, by_label = Counter(zip(truth, places, strict=True)), Counter(places), Counter(truth)
    n = len(truth)
    precision = sum(count * count / by_cluster[cluster] for (_, cluster), count in cell.items()) / n
    recall = sum(count * count / by_label[label] for (label, _), count in cell.items()) / n
    return precision, recall, 2 * precision * recall / (precision + recall)


def alone(clusters: Sequence[int]) -> list[int]:
    """The same clusters, with each document that has none in one of its own."""
    free = max(clusters, default=0) + 1
    return [cluster if cluster >= 0 else free + i for i, cluster in enumerate(clusters)]


def coherence(keywords: Sequence[Sequence[str]], documents: Sequence[frozenset[str]]) -> NDArray[np.float64]:
    """(topics,) mean normalised pointwise mutual information of each topic's pairs of keywords, in [-1, 1].

    A pair that never stands in one document has -1. A topic with fewer than two keywords has none (nan).

    Args:
        documents: the words and phrases of each document.
    """
    n = len(documents)
    holders = {
        word: {i for i, words in enumerate(documents) if word in words} for words_ in keywords for word in words_
    }
    means = []
    for words in keywords:
        values = [_npmi(holders[a], holders[b], n) for a, b in combinations(dict.fromkeys(words), 2)]
        means.append(float(np.mean(values)) if values else float("nan"))
    return np.array(means)


def _npmi(first: set[int], second: set[int], n: int) -> float:
    both = len(first & second)
    if not both:
        return -1.0
    if both == n:
        return 1.0
    return log(both * n / (len(first) * len(second))) / -log(both / n)
