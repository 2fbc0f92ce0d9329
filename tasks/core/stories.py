"""Stories: which news articles tell of one event.

What arrives: articles with a unit vector each. What leaves: one story for each article. The method is average-linkage
agglomerative clustering within a sliding window, a day at a time: at first every article of the day is a group of its
own, and so is every story with articles in the days before; then the two groups of the highest mean similarity are
joined, again and again, until none reaches the threshold. A group with a story gives its articles to it; two stories
are never joined; a group without one founds a story, named after its earliest article.

A day's outcome depends on the articles of the days before and on its own alone, whatever the order in which they
came: going through history once or week by week gives the same stories. An article that comes late makes its day, and
the days after it, due again.

An article's vector (`article_vectors`) is the encoder's vector of headline and body beside a projection of the
headline's words: the encoder knows that two headlines speak of a recall, the words tell whose. Two things are added to
the mean cosine of two groups:

- *Contrast*. Weekly columns, market reports, and the press of a narrow subject say much the same every week. What an
  article shares with the news of other weeks (those of 10 to 60 days before, without stories that are still told) is
  no sign of an event, so its distance to others is measured in units of what is left: an article that is like the
  news of other weeks must be far more alike to be one story. This needs no list of phrases and no language.
- *Size*. The mean cosine within a story falls as it grows, since more sides of it are told. The more texts a group
  has, the more it is taken as the direction of its mean rather than as its members.

The thresholds come from articles that can't be one story, never from labelled stories: `make bench-stories` computes
them again. The shares and the size were chosen on a week of real business headlines (docs/stories.md).
"""

from __future__ import annotations

import hashlib
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# An article joins a story only where the story's newest article is at most so many days older.
WINDOW_DAYS = 4
THRESHOLDS = {"en": 0.42, "zh": 0.28}
WORD_SHARE = {"en": 0.35, "zh": 0.7}
# Of a pair of Chinese characters, beside 1 for a character.
PAIR_WEIGHT = 0.7
# News of other weeks that an article is held against: how old they are, how many at most, and which share of them,
# the most alike ones, says how much is shared. So much is shared ordinarily: more than that makes a story harder.
BACKGROUND_DAYS = (10, 60)
MAX_BACKGROUND = 200
ALIKE_SHARE = 0.02
ORDINARY = {"en": 0.27, "zh": 0.15}
# Pseudo-articles of ordinary likeness: a few weeks of news say little yet.
ORDINARY_COUNT = 5
# Beyond that only copies are alike enough.
MAX_LIKENESS = 0.95
# Texts of a group that count as much for its mean direction as its members do one by one.
CENTRED_TEXTS = 8
WORD_DIM = 1024
# Articles clustered at once; a day with more is taken in parts, in order of publication.
MAX_BATCH = 1_000
# Bump it with every change of this module that can change a story.
STORY_VERSION = 2

_HEADLINE_CHARS = 120
_SHORTEST = 0.01
_STEM_CHARS = 6
_WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[^\W_]+")
_FUNCTION_TEXT = """
    a an the of to in on for and or by with at from as is are was were be it its this that after over into up out than
    not no new how what who says said will
"""
_FUNCTION_WORDS = frozenset(_FUNCTION_TEXT.split())
_FUNCTION_CHARACTERS = frozenset("的了在是和与将被为对及不也等因就都而或从到其这那有又还者之于以个中上下月日年")

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


def article_vectors(headlines: Sequence[str], embeddings: Vectors, *, word_share: float) -> Vectors:
    """(n, dim + 1024) unit vectors of n articles, for `tell_stories`.

    Args:
        embeddings: (n, dim) unit vectors of the whole articles; a zero row where a text is empty.
        word_share: weight of the headlines' words, 0-1.
    """
    words = np.stack([headline_vector(headline) for headline in headlines]) if headlines else np.zeros((0, WORD_DIM))
    joined = np.hstack([math.sqrt(1 - word_share) * embeddings, math.sqrt(word_share) * words])
    lengths = np.linalg.norm(joined, axis=1, keepdims=True)
    return (joined / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def headline_vector(headline: str) -> Vectors:
    """(1024,) unit vector: a random projection of the words (function words left out, endings cut off), and of Chinese
    characters and pairs of neighbouring ones; zero for a headline without any.

    Chinese headlines shorten what they speak of (涨价 for 价格上涨), so that single characters tell more than words.
    """
    vector = np.zeros(WORD_DIM, np.float32)
    for word, weight in sorted(_words(headline).items()):
        place, sign = _place(word)
        vector[place] += sign * weight
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _words(headline: str) -> dict[str, float]:
    words: dict[str, float] = {}
    for run in _WORD.findall(headline.casefold()):
        if "\u3400" <= run[0] <= "\u9fff":
            words |= dict.fromkeys(set(run) - _FUNCTION_CHARACTERS, 1.0)
            words |= dict.fromkeys((first + second for first, second in pairwise(run)), PAIR_WEIGHT)
        elif run not in _FUNCTION_WORDS:
            words[run[:_STEM_CHARS]] = 1.0
    return words


@lru_cache(maxsize=100_000)
def _place(word: str) -> tuple[int, int]:
    number = _number(word)
    return number % WORD_DIM, 1 if number >> 40 & 1 else -1


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def story_id(document_id: str) -> str:
    """`st-` and 12 hex digits that depend on the founding article alone."""
    return f"st-{hashlib.sha256(document_id.encode()).hexdigest()[:12]}"


def tell_stories(
    articles: Sequence[Article],
    vectors: Vectors,
    *,
    threshold: float,
    ordinary: float = 0.0,
    known: dict[str, str] | None = None,
    window_days: int = WINDOW_DAYS,
) -> list[Told]:
    """The story of each article.

    Args:
        articles: n of them, in any order.
        vectors: (n, dim) unit vectors of the articles.
        threshold: least adjusted cosine (`adjusted`) at which groups are joined.
        ordinary: likeness to the news of other weeks that changes nothing.
        known: story of the articles that have one already, which they keep: of whole days, before all others.

    Returns:
        One row per article without a known story, in order of day and key.
    """
    known = known or {}
    order = sorted(range(len(articles)), key=lambda row: (articles[row].day, articles[row].key))
    days: dict[date, list[int]] = {}
    for row in order:
        days.setdefault(articles[row].day, []).append(row)
    past = _Past(articles, order)
    story_of = {row: known[article.document_id] for row, article in enumerate(articles) if article.document_id in known}
    stories: dict[str, _Story] = {}
    told: list[Told] = []

    def is_told(row: int) -> bool:
        return story_of[row] in stories

    for day, rows in days.items():
        oldest = day - timedelta(days=window_days)
        stories = {name: story for name, story in stories.items() if story.last_day >= oldest}
        due = [row for row in rows if row not in story_of]
        background = vectors[past.drawn(day, is_told)] if due else vectors[:0]
        for row in rows:
            if row in story_of:
                stories.setdefault(story_of[row], _Story()).add(vectors[row], articles[row])
        for start in range(0, len(due), MAX_BATCH):
            batch = due[start : start + MAX_BATCH]
            found = _tell_batch(articles, vectors, batch, stories, threshold, ordinary, background)
            story_of.update(zip(batch, (row.story_id for row in found), strict=True))
            told += found
    return told


class _Past:
    """Draws, for a day, what its articles are held against: the same ones whatever else was given, in any order."""

    def __init__(self, articles: Sequence[Article], order: list[int]) -> None:
        self.articles = articles
        self.rows = np.array(order, np.int64)
        self.days = [articles[row].day for row in order]
        self.rank = np.array([_number(articles[row].copy_of) for row in order], np.uint64)

    def drawn(self, day: date, is_left_out: Callable[[int], bool]) -> list[int]:
        """At most 200 rows of different texts, 10 to 60 days before a day, without those left out."""
        first = bisect_left(self.days, day - timedelta(days=BACKGROUND_DAYS[1]))
        last = bisect_right(self.days, day - timedelta(days=BACKGROUND_DAYS[0]))
        chosen: dict[str, int] = {}
        for place in np.argsort(self.rank[first:last], kind="stable"):
            row = int(self.rows[first + place])
            if not is_left_out(row):
                chosen.setdefault(self.articles[row].copy_of, row)
                if len(chosen) == MAX_BACKGROUND:
                    break
        return list(chosen.values())


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
    articles: Sequence[Article],
    vectors: Vectors,
    rows: list[int],
    stories: dict[str, _Story],
    threshold: float,
    ordinary: float,
    background: Vectors,
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
    sums = [np.asarray(stories[name].sum) for name in names] + [vectors[same[0]].astype(np.float64) for same in texts]
    counts = [len(stories[name].texts) for name in names] + [1] * len(texts)
    groups = average_linkage(
        sums,
        counts,
        settled=len(names),
        threshold=threshold,
        likeness=likeness(sums, counts, background, ordinary),
        ordinary=ordinary,
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


def likeness(
    sums: Sequence[NDArray[np.float64]], counts: Sequence[int], background: Vectors, ordinary: float
) -> NDArray[np.float64]:
    """(n,) how much each group shares with the news of other weeks, 0-1: mean cosine to the most alike ones.

    Args:
        background: (m, dim) unit vectors of news of other weeks; `ordinary` is returned where there are none.
    """
    if not len(background) or not sums:
        return np.full(len(sums), ordinary)
    means = (np.stack(sums) / np.array(counts, np.float64)[:, None]).astype(np.float32)
    cosines = np.sort(np.round(means @ background.T, 6), axis=1)
    alike = cosines[:, -math.ceil(ALIKE_SHARE * len(background)) :].mean(axis=1, dtype=np.float64)
    return (alike * len(background) + ordinary * ORDINARY_COUNT) / (len(background) + ORDINARY_COUNT)


def adjusted(
    cosine: NDArray[np.float64], likeness: NDArray[np.float64] | float, ordinary: float
) -> NDArray[np.float64]:
    """Cosines as they would be with ordinary likeness: the distance to 1 is measured in units of what is not shared."""
    shared = np.clip(likeness, ordinary, MAX_LIKENESS)
    return 1 - (1 - cosine) * (1 - ordinary) / (1 - shared)


def average_linkage(
    sums: Sequence[NDArray[np.float64]],
    counts: Sequence[int],
    *,
    settled: int,
    threshold: float,
    likeness: NDArray[np.float64] | None = None,
    ordinary: float = 0.0,
) -> list[list[int]]:
    """Groups of places, joined by the highest adjusted mean similarity first while it reaches the threshold.

    Args:
        sums: of each group that stands at first, the sum of its unit vectors; counts: how many they are. The mean
            cosine of two groups is then one product.
        settled: the first so many groups are never joined with each other.
        likeness: (n,) how much each group shares with the news of other weeks (`likeness`); None for nothing.

    Returns:
        Groups as sorted lists of places, in order of their first one.
    """
    n = len(sums)
    groups = [[place] for place in range(n)]
    if n == settled:
        return groups
    count = np.array(counts, np.float64)
    means = np.stack(sums) / count[:, None]
    inner = np.einsum("ij,ij->i", means, means)  # mean cosine within a group, each text with itself included
    shared = np.zeros(n) if likeness is None else np.asarray(likeness, np.float64).copy()
    weight = centring(inner, count)
    cosine = np.full((n, n), -np.inf)
    cosine[settled:] = np.round(means[settled:] @ means.T, 9)  # sums of another order differ in the last digits
    cosine[:, settled:] = cosine[settled:].T
    np.fill_diagonal(cosine, -np.inf)
    similarity = np.full((n, n), -np.inf)
    similarity[settled:] = adjusted(
        cosine[settled:] * weight[settled:, None] * weight, (shared[settled:, None] + shared) / 2, ordinary
    )
    similarity[:, settled:] = similarity[settled:].T
    is_settled = np.arange(n) < settled
    best = similarity.argmax(axis=1)
    value = similarity[np.arange(n), best]
    while value.max() >= threshold:
        first = int(value.argmax())
        first, second = sorted((first, int(best[first])))
        groups[first] += groups[second]
        groups[second] = []
        part = count[first] / (count[first] + count[second])
        joined = part * cosine[first] + (1 - part) * cosine[second]
        inner[first] = (
            part**2 * inner[first] + (1 - part) ** 2 * inner[second] + 2 * part * (1 - part) * cosine[first, second]
        )
        shared[first] = part * shared[first] + (1 - part) * shared[second]
        count[first] += count[second]
        weight[first] = centring(inner[first : first + 1], count[first : first + 1])[0]
        is_settled[first] |= is_settled[second]
        if is_settled[first]:
            joined[is_settled] = -np.inf
        joined[first] = -np.inf
        cosine[first], cosine[:, first] = joined, joined
        cosine[second], cosine[:, second] = -np.inf, -np.inf
        joined = adjusted(joined * weight[first] * weight, (shared[first] + shared) / 2, ordinary)
        similarity[first], similarity[:, first] = joined, joined
        similarity[second], similarity[:, second] = -np.inf, -np.inf
        for row in np.flatnonzero((best == first) | (best == second) | (np.arange(n) == first)):
            best[row] = int(similarity[row].argmax())
            value[row] = similarity[row, best[row]]
        value[second] = -np.inf
        closer = similarity[:, first] > value
        best[closer], value[closer] = first, similarity[closer, first]
    return [sorted(group) for group in groups if group]


def centring(inner: NDArray[np.float64], count: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) by what cosines to a group's mean are multiplied: 1 for one text, towards 1 / its length for many.

    Args:
        inner: squared lengths of the groups' mean vectors, 0-1.
        count: texts of each group.
    """
    return np.maximum(inner, _SHORTEST) ** (-(count - 1) / (count - 1 + CENTRED_TEXTS) / 2)
