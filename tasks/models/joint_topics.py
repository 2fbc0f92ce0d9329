"""Topics of documents in several languages whose vectors one encoder made: found together, named language by language.

Where documents lie is the same for all; words are each language's own. Documents are cut by the rules of their
language, and two groups' words are compared within the languages that both are written in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.core.contracts import ALL
from tasks.core.topic_registry import Documents
from tasks.models.topics import TopicFinder

LEAST_COMPARED = 5

Languages = Callable[[Sequence[str]], Mapping[str, str]]
"""Languages of documents by id."""


class JointFinder(TopicFinder):
    """Clusters and compares the documents of several languages.

    Args:
        finders: what reads each language's words.
        languages: looks up documents' languages.
    """

    def __init__(self, finders: Mapping[str, TopicFinder], *, languages: Languages, count: int | None) -> None:
        self.language = ALL
        self.count = count
        self._finders = finders
        self._languages = languages

    def telling(self, ids: NDArray[np.object_]) -> tuple[list[str], NDArray[np.float64]]:
        """The telling words of n documents, by the rules of their languages, and the weights of the documents (n,)."""
        words, weights = [""] * len(ids), np.zeros(len(ids))
        for language, rows in self._rows(ids).items():
            read, weights[rows] = self._finders[language].telling(ids[rows])
            for row, text in zip(rows, read, strict=True):
                words[row] = text
        return words, weights

    def alike(self, first: Documents, second: Documents) -> float:
        """Cosine of the words of two groups in the language they share (the lowest of several), 0-1.

        Groups that share no language, or have fewer than 5 documents each in it, have no words to compare: 1, so that
        where they lie decides.
        """
        own, other = self._rows(first.ids), self._rows(second.ids)
        shared = [
            self._finders[language].alike(first.take(own[language]), second.take(other[language]))
            for language in sorted(own.keys() & other.keys())
            if min(len(own[language]), len(other[language])) >= LEAST_COMPARED
        ]
        return min(shared, default=1.0)

    def _rows(self, ids: NDArray[np.object_]) -> dict[str, NDArray[np.int64]]:
        """Places of the documents of each language."""
        spoken = self._languages([str(i) for i in ids])
        names = np.array([spoken[str(i)] for i in ids], np.object_)
        return {language: np.flatnonzero(names == language) for language in self._finders if (names == language).any()}
