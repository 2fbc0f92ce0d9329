"""Things, actions and qualities: what kind of word each is, told by the words that stand beside it in the documents.

Pure. There is no tagger offline, and none knows an app's own words. But "the door", "to open" and "very slow" tell what
a word is wherever people write freely, in Chinese (这个, 不能, 很) as in English: each word counts what stands before
and after it over all documents, and is what most of these say. A word that is seldom beside any of them counts as a
thing, as new words mostly are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

THING, ACTION, QUALITY = 0, 1, 2
AFTER_WEIGHT = 0.5
LEAST_EVIDENCE = 2.0


@dataclass(frozen=True)
class Cues:
    """Words that tell what kind the next one is, and the one before, in the order things, actions, qualities.

    A word after tells half as much as one before, and may stand in several of the three.
    """

    before: tuple[frozenset[str], frozenset[str], frozenset[str]]
    after: tuple[frozenset[str], frozenset[str], frozenset[str]]


def kinds_of(documents: Iterable[Sequence[str]], cues: Cues) -> dict[str, int]:
    """THING, ACTION or QUALITY for each word that was seen beside a cue."""
    before = _by_word(cues.before, 1.0)
    after = _by_word(cues.after, AFTER_WEIGHT)
    evidence: dict[str, list[float]] = {}
    for tokens in documents:
        for left, right in pairwise(tokens):
            for word, weights in ((right, before.get(left)), (left, after.get(right))):
                if weights is not None:
                    mine = evidence.setdefault(word, [0.0, 0.0, 0.0])
                    for kind, weight in weights:
                        mine[kind] += weight
    return {
        word: counts.index(max(counts)) if sum(counts) >= LEAST_EVIDENCE else THING for word, counts in evidence.items()
    }


def _by_word(sets: Sequence[frozenset[str]], weight: float) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for kind, words in enumerate(sets):
        for word in sorted(words):
            found.setdefault(word, []).append((kind, weight))
    return found
