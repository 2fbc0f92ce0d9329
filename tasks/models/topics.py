"""Finding and naming topics: BERTopic finds clusters, our own words compare and name them.

`TopicFinder` serves the registry of a language (tasks/core/topic_stream.py). It hands documents to BERTopic with every
sub-model explicit and seeded: means over nearest neighbours and principal components of these, k-means with each
document weighed by how much it says, our own words, and class-based TF-IDF, by which near-twins are joined. Of more
than 5,000 documents, 5,000 find the topics and the others go to the nearest centre. BERTopic's import alone costs 8
CPU-seconds, so it is loaded only when something is to be found; assigning documents to known topics is one matrix
product.

BERTopic's default UMAP and HDBSCAN are not used: `make bench-topics` compares them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.core import topic_shapes, topic_stream, topic_words, topics
from tasks.core.topic_registry import Documents
from tasks.core.topic_words import TopicName
from tasks.models import topic_neighbours

SEED = 0
COMPONENTS, COMPONENTS_OF_KNOWN = 16, 32
MOST_COMPARED = 5_000
LEAST_COMPARED = 20
KEYWORD_COUNT = 8
LEAST_KNOWN = 5
FAR = 0.7
MAX_VOCABULARY = 50_000
METHOD = (
    f"BERTopic: means of {topic_neighbours.NEIGHBOURS} neighbours by vectors and words, PCA ({COMPONENTS}), weighted"
    f" k-means, twins joined by c-TF-IDF; seed {SEED}; stream 1"
)
_SEPARATOR = " "

Texts = Callable[[Sequence[str]], Mapping[str, str]]
"""Texts of documents by id."""


class TopicFinder:
    """Clusters, compares and names the documents of one language.

    Args:
        texts: looks up documents' texts.
        brand_names: names and aliases, which never stand in keywords or labels.
        count: how many topics to look for at most; None: a rule from the number of documents.
    """

    def __init__(self, language: str, *, texts: Texts, brand_names: Iterable[str], count: int | None) -> None:
        self.language = language
        self.count = count
        self._texts = texts
        self._names = topic_words.name_pattern(brand_names)
        self._rules = topic_words.RULES[language]

    def find(self, documents: Documents) -> NDArray[np.int64]:
        """(n,) cluster of each document, from 0. The order of the documents does not matter.

        Where documents have topics, the search starts from these: what is still there is found again.
        """
        from threadpoolctl import threadpool_limits

        order = np.argsort(documents.ids.astype(str), kind="stable")
        ids, vectors, before = documents.ids[order], documents.vectors[order], documents.topics[order]
        wanted = min(self.count or topics.topic_count(len(ids)), max(1, len(ids) // 2))
        if self.count and len({topic for topic in before if topic is not None}) > self.count:
            before = np.full(len(ids), None, np.object_)  # fewer are asked for than there were
        chosen = _compared(before)
        found = np.empty(len(ids), np.int64)
        with threadpool_limits(1):
            found[chosen] = _run_bertopic(
                *self.telling(ids[chosen]), vectors[chosen], before=before[chosen], count=wanted
            )
            rest = np.setdiff1d(np.arange(len(ids)), chosen)
            if len(rest):
                centres = topics.centroids_of(vectors[chosen], found[chosen], int(found[chosen].max()) + 1)
                found[rest] = (vectors[rest] @ centres.T).argmax(axis=1)
        labels = np.empty(len(ids), np.int64)
        labels[order] = found
        return labels

    def telling(self, ids: NDArray[np.object_]) -> tuple[list[str], NDArray[np.float64]]:
        """The telling words of n documents, joined, and the weights of the documents (n,)."""
        documents = self._tokens(ids)
        words = [_SEPARATOR.join(self._rules.telling(tokens)) or topics.BREAK for tokens in documents]
        return words, topics.content_weights(documents, self._rules)

    def alike(self, first: Documents, second: Documents) -> float:
        """Cosine of the words of two groups, each word weighed by its share of the group's documents; 0-1."""
        counts = [topics.document_shares(self._tokens(group.ids), self._rules) for group in (first, second)]
        return topics.share_cosine(*counts)

    def name(
        self,
        members: Mapping[str, Sequence[str]],
        wanted: Iterable[str],
        *,
        taken: Mapping[str, str],
    ) -> dict[str, TopicName]:
        """Names of topics, told apart from all topics.

        Args:
            members: document ids of every topic, nearest to its centre first.
            wanted: the topics to name.
            taken: labels in use, by topic; no other topic gets one of them.
        """
        keys, asked = sorted(members), set(wanted)
        ids = np.array([i for key in keys for i in members[key]], np.object_)
        owner = np.array([place for place, key in enumerate(keys) for _ in members[key]], np.int64)
        tokens = self._tokens(ids)
        places = {key: place for place, key in enumerate(keys)}
        chosen = [places[key] for key in sorted(asked)]
        labels = topics.labels_of(
            tokens,
            owner,
            np.zeros(len(ids), np.float32),
            count=len(keys),
            rules=self._rules,
            wanted=chosen,
            taken=[self.cut(label) for key, label in sorted(taken.items()) if key not in asked],
        )
        words = topics.keywords_of(tokens, owner, count=len(keys), rules=self._rules, most=KEYWORD_COUNT)
        used = {label for key, label in taken.items() if key not in asked}
        names = {}
        for place in chosen:
            label = labels[place] or _joined([*words[place], keys[place]], self.language, taken=used)
            used.add(label)
            names[keys[place]] = TopicName(label, tuple(words[place]))
        return names

    def _tokens(self, ids: NDArray[np.object_]) -> list[list[str]]:
        texts = self._texts([str(i) for i in ids])
        return [self.cut(texts[str(i)]) for i in ids]

    def cut(self, text: str) -> list[str]:
        """Words of a text, brands' names replaced by a break."""
        if self.language == "zh":
            from tasks.models.chinese import segment

            return topic_words.chinese_tokens(text, self._names, segment)
        return topic_words.english_tokens(text, self._names)


def _compared(before: NDArray[np.object_]) -> NDArray[np.int64]:
    """Which documents find the topics: all, or a sample in which no known topic has fewer than it needs to be found."""
    if len(before) <= MOST_COMPARED:
        return np.arange(len(before))
    shuffled = np.random.default_rng(SEED).permutation(len(before))
    topics_before = before[shuffled]
    known = sorted({topic for topic in before if topic is not None})
    held = [shuffled[np.flatnonzero(topics_before == topic)[:LEAST_COMPARED]] for topic in known]
    return np.unique(np.concatenate([shuffled[:MOST_COMPARED], *held]))


class _NeighbourComponents:
    """Principal components of the means over neighbours, as BERTopic's dimensionality model.

    Args:
        words: (n, v) rows by which neighbours are told, beside the vectors.
        neighbours: of each document; 0: documents stay where they lie.
        components: how many, at most.
    """

    def __init__(self, words: Any, neighbours: int, components: int) -> None:
        self.words = words
        self.neighbours = neighbours
        self.components = components
        self.rows: NDArray[np.float32] = np.zeros((0, 0), np.float32)

    def fit(self, vectors: NDArray[np.float32], y: object = None) -> _NeighbourComponents:
        from sklearn.decomposition import PCA

        means = topic_neighbours.neighbour_means(vectors, self.words, neighbours=self.neighbours)
        self.rows = PCA(min(self.components, *means.shape), svd_solver="covariance_eigh").fit_transform(means)
        return self

    def transform(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The rows of the documents that were fitted: BERTopic asks for no others."""
        return self.rows


class _WeightedKMeans:
    """K-means as BERTopic's cluster model: documents that say little draw centres less.

    Args:
        count: clusters to find.
        weights: (n,) of the documents.
        before: (n,) topics that the documents have had, None for none. Their centres are where the search starts;
            further ones start among the documents that lie farthest from them.
    """

    def __init__(self, count: int, weights: NDArray[np.float64], before: NDArray[np.object_]) -> None:
        self.count = count
        self.weights = np.maximum(weights, 0.01)
        self.before = before
        self.labels_: NDArray[np.int64] = np.zeros(0, np.int64)

    def fit(self, rows: NDArray[np.float32], y: object = None) -> _WeightedKMeans:
        from sklearn.cluster import KMeans

        points = rows.astype(np.float64)
        model = KMeans(self.count, n_init=4, random_state=SEED)
        start = self._start(points)
        if start is not None:
            model = KMeans(len(start), init=start, n_init=1, random_state=SEED)
        self.labels_ = model.fit(points, sample_weight=self.weights).labels_.astype(np.int64)
        return self

    def _start(self, points: NDArray[np.float64]) -> NDArray[np.float64] | None:
        from sklearn.cluster import KMeans

        known = [
            self.before == topic
            for topic in sorted({topic for topic in self.before if topic is not None})
            if (self.before == topic).sum() >= LEAST_KNOWN
        ]
        if not known:
            return None
        centres = np.stack([np.average(points[mine], axis=0, weights=self.weights[mine]) for mine in known])
        more = self.count - len(centres)
        if more < 1:
            return centres
        distances = ((points[:, None] - centres[None]) ** 2).sum(axis=2).min(axis=1)
        far = distances >= np.quantile(distances, FAR)
        if far.sum() <= more:
            return centres
        added = KMeans(more, n_init=4, random_state=SEED).fit(points[far], sample_weight=self.weights[far])
        return np.concatenate([centres, added.cluster_centers_])


def _run_bertopic(
    joined: list[str],
    weights: NDArray[np.float64],
    embeddings: NDArray[np.float32],
    *,
    before: NDArray[np.object_],
    count: int,
) -> NDArray[np.int64]:
    """BERTopic's topic of each document, numbered from 0, twins joined.

    Known topics are looked for where documents lie: among means over neighbours, a topic that has moved falls apart
    into its old and its new place (seen on the planted stream).
    """
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder
    from bertopic.vectorizers import ClassTfidfTransformer
    from sklearn.feature_extraction.text import CountVectorizer

    words = [text.split(_SEPARATOR) if text else [] for text in joined]
    has_known = any(topic is not None for topic in before)
    model = BERTopic(
        language="multilingual",
        embedding_model=BaseEmbedder(),
        umap_model=_NeighbourComponents(
            topic_neighbours.word_rows(words),
            0 if has_known else topic_neighbours.neighbour_count(len(words), count),
            COMPONENTS_OF_KNOWN if has_known else COMPONENTS,
        ),
        hdbscan_model=_WeightedKMeans(count, weights, before),
        vectorizer_model=CountVectorizer(analyzer=str.split, max_features=MAX_VOCABULARY),
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),
    )
    logging.getLogger("BERTopic").setLevel(logging.ERROR)
    model.fit_transform(joined, embeddings=embeddings)
    twins = _twins(model, words, embeddings)
    if twins:
        model.merge_topics(joined, twins)
    return np.unique(np.array(model.topics_, np.int64), return_inverse=True)[1].astype(np.int64)


def _twins(model: Any, words: list[list[str]], embeddings: NDArray[np.float32]) -> list[list[int]]:
    """Groups of BERTopic's topic numbers that are one topic."""
    from sklearn.metrics.pairwise import cosine_similarity

    numbers = sorted(set(model.topics_))
    place = {number: index for index, number in enumerate(numbers)}
    labels = np.array([place[number] for number in model.topics_], np.int64)
    similarity = cosine_similarity(topics.centroids_of(embeddings, labels, len(numbers)))
    separation = topic_shapes.separations(embeddings, labels, len(numbers))
    would_merge = (similarity >= topic_stream.MERGE_SIMILARITY) & (separation < topic_stream.MERGE_SEPARATION)
    for first, second in np.argwhere(would_merge):
        shares = [
            topics.word_shares([words[row] for row in np.flatnonzero(labels == group)]) for group in (first, second)
        ]
        would_merge[first, second] = topics.share_cosine(*shares) >= topic_stream.MERGE_WORD_SIMILARITY
    groups = topics.twin_groups(similarity, cosine_similarity(model.c_tf_idf_), separation, would_merge)
    return [[numbers[index] for index in group] for group in groups]


def _joined(words: list[str], language: str, *, taken: set[str]) -> str:
    """A label for a topic whose documents share no phrase: its best keywords, as many as make it differ."""
    mark = " / " if language == "en" else "、"
    labels = [mark.join(words[:count]) for count in range(min(2, len(words)), len(words) + 1)]
    return next(label for label in labels if label not in taken)
