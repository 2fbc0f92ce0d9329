"""Stories: which news articles tell of one event.

What arrives: articles with a unit vector each. What leaves: one story for each article. The method is average-linkage
agglomerative clustering within a sliding window, a day at a time: at first every article of the day is a group of its
own, and so is every story with articles in the days before; then the two groups of the highest mean similarity are
joined, again and again, until none reaches the threshold. A group with a story gives its articles to it; two stories
are never joined; a group without one founds a story, named after its earliest article.

A day's outcome depends on the articles of the days before and on its own alone, whatever the order in which they
came: going through history once or week by week gives the same stories. An article that comes late makes its day, and
the days after it, due again.

An article's vector (`article_vectors`) is half the encoder's vector of headline and body, half a projection of the
headline's words: the encoder knows that two headlines speak of a recall, the words tell whose. The thresholds come
from articles that can't be one story, never from labelled stories: of Guardian and CNBC business headlines one in ten
finds, among 50 that were published more than 60 days before or after, one of a cosine above 0.38; of Chinese titles
one in ten finds one above 0.21 among 50 of its own section (`make bench-stories` computes both again).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# An article joins a story only where the story's newest article is at most so many days older.
WINDOW_DAYS = 4
THRESHOLDS = {"en": 0.38, "zh": 0.21}
WORD_SHARE = 0.5
WORD_DIM = 1024
# Articles clustered at once; a day with more is taken in parts, in order of publication.
MAX_BATCH = 1_000
# Bump it with every change of this module that can change a story.
STORY_VERSION = 1

_HEADLINE_CHARS = 120
_STEM_CHARS = 6
_WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[^\W_]+")
_FUNCTION_TEXT = """
    a an the of to in on for and or by with at from as is are was were be it its this that after over into up out than
    not no new how what who says said will
"""
_FUNCTION_WORDS = frozenset(_FUNCTION_TEXT.split())

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Article:
    """A news article.

    day: of publication. key: what its day is ordered by, such as time and id. copy_of: articles with the same value
    say the same, and weigh as one.
    """

    document_id: str
    day: date
    key: str
    copy_of: str


@dataclass(frozen=True, slots=True)
class Told:
    """An article's story, and how alike it is to it: the cosine to its mean, 0-1; None for the founder."""

    document_id: str
    story_id: str
    similarity: float | None


def headline_of(title: str | None, text: str) -> str:
    """The title, or the beginning of the text's first line where there is none."""
    return title or text.strip().split("\n", 1)[0][:_HEADLINE_CHARS]


def article_vectors(headlines: Sequence[str], embeddings: Vectors) -> Vectors:
    """(n, dim + 1024) unit vectors of n articles, for `tell_stories`.

    Args:
        embeddings: (n, dim) unit vectors of the whole articles; a zero row where a text is empty.
    """
    words = np.stack([headline_vector(headline) for headline in headlines]) if headlines else np.zeros((0, WORD_DIM))
    joined = np.hstack([np.sqrt(1 - WORD_SHARE) * embeddings, np.sqrt(WORD_SHARE) * words])
    lengths = np.linalg.norm(joined, axis=1, keepdims=True)
    return (joined / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def headline_vector(headline: str) -> Vectors:
    """(1024,) unit vector: a random projection of the words (function words left out, endings cut off), and of pairs
    of neighbouring Chinese characters; zero for a headline without any."""
    vector = np.zeros(WORD_DIM, np.float32)
    for word in sorted(_words(headline)):
        place, sign = _place(word)
        vector[place] += sign
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _words(headline: str) -> set[str]:
    words: set[str] = set()
    for run in _WORD.findall(headline.casefold()):
        if "\u3400" <= run[0] <= "\u9fff":
            words.update(run[start : start + 2] for start in range(max(1, len(run) - 1)))
        elif run not in _FUNCTION_WORDS:
            words.add(run[:_STEM_CHARS])
    return words


@lru_cache(maxsize=100_000)
def _place(word: str) -> tuple[int, int]:
    number = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
    return number % WORD_DIM, 1 if number >> 40 & 1 else -1


def story_id(document_id: str) -> str:
    """`st-` and 12 hex digits that depend on the founding article alone."""
    return f"st-{hashlib.sha256(document_id.encode()).hexdigest()[:12]}"


def tell_stories(
    articles: Sequence[Article],
    vectors: Vectors,
    *,
    threshold: float,
    known: dict[str, str] | None = None,
    window_days: int = WINDOW_DAYS,
) -> list[Told]:
    """The story of each article.

    Args:
        articles: n of them, in any order.
        vectors: (n, dim) unit vectors of the articles.
        threshold: least mean cosine at which groups are joined.
        known: story of the articles that have one already, which they keep: of whole days, before all others.

    Returns:
        One row per article without a known story, in order of day and key.
    """
    known = known or {}
    days: dict[date, list[int]] = {}
    for row in sorted(range(len(articles)), key=lambda row: (articles[row].day, articles[row].key)):
        days.setdefault(articles[row].day, []).append(row)
    stories: dict[str, _Story] = {}
    told: list[Told] = []
    for day, rows in days.items():
        oldest = day - timedelta(days=window_days)
        stories = {name: story for name, story in stories.items() if story.last_day >= oldest}
        due = []
        for row in rows:
            name = known.get(articles[row].document_id)
            if name is None:
                due.append(row)
            else:
                stories.setdefault(name, _Story()).add(vectors[row], articles[row])
        for start in range(0, len(due), MAX_BATCH):
            told += _tell_batch(articles, vectors, due[start : start + MAX_BATCH], stories, threshold)
    return told


class _Story:
    """A story that is still told: the sum of its texts' vectors, and the texts; copies weigh nothing more."""

    def __init__(self) -> None:
        self.last_day = date.min
        self.sum: NDArray[np.float64] | float = 0.0
        self.texts: set[str] = set()

    def add(self, vector: Vectors, article: Article) -> None:
        if article.copy_of not in self.texts:
            self.texts.add(article.copy_of)
            self.sum = self.sum + vector.astype(np.float64)
        self.last_day = max(self.last_day, article.day)

    def similarity(self, vector: Vectors) -> float:
        mean = np.asarray(self.sum) / len(self.texts)
        length = float(np.linalg.norm(mean))
        return round(max(0.0, min(1.0, float(vector @ mean) / length)), 4) if length else 0.0


def _tell_batch(
    articles: Sequence[Article], vectors: Vectors, rows: list[int], stories: dict[str, _Story], threshold: float
) -> list[Told]:
    """Cluster some articles of a day with the stories that are still told, which are changed."""
    names = sorted(stories)
    home_of = {text: name for name in names for text in stories[name].texts}
    fresh: dict[str, list[int]] = {}
    story_of: dict[int, str] = {}
    for row in rows:
        home = home_of.get(articles[row].copy_of)
        if home is None:
            fresh.setdefault(articles[row].copy_of, []).append(row)
        else:
            story_of[row] = home
    texts = list(fresh.values())
    groups = average_linkage(
        [np.asarray(stories[name].sum) for name in names] + [vectors[same[0]].astype(np.float64) for same in texts],
        [len(stories[name].texts) for name in names] + [1] * len(texts),
        settled=len(names),
        threshold=threshold,
    )
    founders = set()
    for group in groups:
        members = [row for place in group if place >= len(names) for row in texts[place - len(names)]]
        if not members:
            continue
        if group[0] < len(names):
            name = names[group[0]]
        else:
            first = min(members, key=lambda row: articles[row].key)
            name = story_id(articles[first].document_id)
            founders.add(first)
        story_of.update(dict.fromkeys(members, name))
    for row in rows:
        stories.setdefault(story_of[row], _Story()).add(vectors[row], articles[row])
    return [
        Told(
            articles[row].document_id,
            story_of[row],
            None if row in founders else stories[story_of[row]].similarity(vectors[row]),
        )
        for row in rows
    ]


def average_linkage(
    sums: Sequence[NDArray[np.float64]], counts: Sequence[int], *, settled: int, threshold: float
) -> list[list[int]]:
    """Groups of places, joined by the highest mean similarity first while it reaches the threshold.

    Args:
        sums: of each group that stands at first, the sum of its unit vectors; counts: how many they are. The mean
            cosine of two groups is then one product.
        settled: the first so many groups are never joined with each other.

    Returns:
        Groups as sorted lists of places, in order of their first one.
    """
    n = len(sums)
    groups = [[place] for place in range(n)]
    if n == settled:
        return groups
    means = np.stack(sums) / np.array(counts, np.float64)[:, None]
    similarity = np.full((n, n), -np.inf)
    similarity[settled:] = np.round(means[settled:] @ means.T, 9)  # sums of another order differ in the last digits
    similarity[:, settled:] = similarity[settled:].T
    np.fill_diagonal(similarity, -np.inf)
    count = np.array(counts, np.float64)
    is_settled = np.arange(n) < settled
    best = similarity.argmax(axis=1)
    value = similarity[np.arange(n), best]
    while value.max() >= threshold:
        first = int(value.argmax())
        first, second = sorted((first, int(best[first])))
        groups[first] += groups[second]
        groups[second] = []
        joined = (count[first] * similarity[first] + count[second] * similarity[second]) / (
            count[first] + count[second]
        )
        count[first] += count[second]
        is_settled[first] |= is_settled[second]
        if is_settled[first]:
            joined[is_settled] = -np.inf
        joined[first] = -np.inf
        similarity[first], similarity[:, first] = joined, joined
        similarity[second], similarity[:, second] = -np.inf, -np.inf
        for row in np.flatnonzero((best == first) | (best == second) | (np.arange(n) == first)):
            best[row] = int(similarity[row].argmax())
            value[row] = similarity[row, best[row]]
        value[second] = -np.inf
        closer = similarity[:, first] > value
        best[closer], value[closer] = first, similarity[closer, first]
    return [sorted(group) for group in groups if group]
