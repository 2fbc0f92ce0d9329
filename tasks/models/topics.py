"""The topic model: BERTopic finds topics once, centroids carry them from then on.

`fit_topics` takes the documents of one language with their embeddings and lets BERTopic find topics, every sub-model
explicit and seeded: principal components, k-means with each document weighed by how much it says, our own words, and
class-based TF-IDF. What leaves is a `CentroidTopicModel`: centroids, keywords, labels and a threshold. Assigning
documents to it takes one matrix product and no BERTopic, whose import alone costs 8 CPU-seconds.

BERTopic's default UMAP and HDBSCAN are not used: they took twenty times as long and left over a third of the documents
without a topic. The order of the documents must be fixed by the caller (sort them by id): k-means depends on it.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.core import topic_words, topics
from tasks.core.contracts import ModelVersion, Topic
from tasks.models import cards

CENTROIDS = "centroids.npy"
TOPICS = "topics.json"
SEED = 0
COMPONENTS = 32
KEYWORD_COUNT = 8
MAX_VOCABULARY = 50_000
_SEPARATOR = " "


class CentroidTopicModel:
    """Known topics of one language, and the cosine that a document must reach to belong to one."""

    def __init__(self, found: Sequence[Topic], *, threshold: float, version: ModelVersion) -> None:
        self.topics = tuple(found)
        self.threshold = threshold
        self.version = version
        self._centroids = np.stack([topic.centroid for topic in self.topics])

    def assign(self, embeddings: NDArray[np.float32]) -> tuple[list[str | None], NDArray[np.float32]]:
        """Topic id (None: no topic is near enough) and cosine to the nearest topic, for each of n documents."""
        if len(embeddings) == 0:
            return [], np.zeros(0, np.float32)
        index, similarity = topics.nearest(embeddings, self._centroids)
        near_enough = similarity >= self.threshold
        ids = [self.topics[i].topic_id if near else None for i, near in zip(index, near_enough, strict=True)]
        return ids, similarity


def fit_topics(
    texts: Sequence[str],
    embeddings: NDArray[np.float32],
    *,
    language: str,
    brand_names: Iterable[str],
    count: int | None,
    encoder: ModelVersion,
    root: Path,
) -> CentroidTopicModel:
    """Find topics and install them as a model below root/topics-<language>.

    Args:
        texts: n documents that count, in an order that does not change from call to call.
        embeddings: (n, dim) unit rows; rows of zeros take no part.
        brand_names: names and aliases, which never stand in keywords or labels.
        count: how many topics to look for; None: a rule from n. Near-twins are joined, so fewer may leave.
        encoder: what made the embeddings.
    """
    from threadpoolctl import threadpool_limits

    usable = np.flatnonzero(np.linalg.norm(embeddings, axis=1) > 0)
    embeddings = embeddings[usable]
    documents = _tokens([texts[int(i)] for i in usable], language, brand_names)
    wanted = min(count or topics.topic_count(len(usable)), max(1, len(usable) // 2))
    with threadpool_limits(1):
        labels, keywords = _run_bertopic(documents, embeddings, language=language, count=wanted)
    centroids = topics.centroids_of(embeddings, labels, len(keywords))
    index, similarity = topics.nearest(embeddings, centroids)
    names = topics.labels_of(documents, index, similarity, count=len(keywords), rules=topic_words.RULES[language])
    found: list[Topic] = []
    for centroid, words, name in zip(centroids, keywords, names, strict=True):
        topic_id = topics.topic_id(language, centroid)
        label = name or _joined([*words, topic_id], language, taken={topic.label for topic in found})
        found.append(Topic(topic_id, language, label, tuple(words), centroid))
    threshold = topics.similarity_threshold(similarity)
    card = {
        "name": f"topics-{language}",
        "task": "topic",
        "language": language,
        "licence": "the documents' own",
        "method": f"BERTopic: PCA ({COMPONENTS}), weighted k-means, c-TF-IDF; seed {SEED}",
        "encoder": encoder.model_version_id,
        "requested_count": count,
        "document_count": len(usable),
        "topic_count": len(found),
        "threshold": threshold,
        "metrics": {"unassigned_share": round(float((similarity < threshold).mean()), 4)},
        "limits": "Topics are found once, on the documents known then; later ones are assigned, none is added.",
    }
    folder = cards.install(_files(found, card), card, root=root)
    return load_topics(folder)


def load_topics(folder: Path) -> CentroidTopicModel:
    """Load an installed model.

    Raises:
        ModelUnavailableError: a file is missing, or is not the one of its card.
    """
    card = cards.load_card(folder)
    centroids = np.load(folder / CENTROIDS, allow_pickle=False)
    content = json.loads((folder / TOPICS).read_text(encoding="utf-8"))
    found = [
        Topic(row["topic_id"], card["language"], row["label"], tuple(row["keywords"]), centroid)
        for row, centroid in zip(content["topics"], centroids, strict=True)
    ]
    return CentroidTopicModel(found, threshold=content["threshold"], version=cards.version_of(card, precision="fp32"))


def _files(found: list[Topic], card: dict[str, Any]) -> dict[str, bytes]:
    """The model's files. What decides whether it still fits stands in one of them: it is part of the revision."""
    buffer = io.BytesIO()
    np.save(buffer, np.stack([topic.centroid for topic in found]))
    content = {
        **{key: card[key] for key in ("encoder", "requested_count", "threshold")},
        "topics": [{"topic_id": t.topic_id, "label": t.label, "keywords": t.keywords} for t in found],
    }
    return {
        CENTROIDS: buffer.getvalue(),
        TOPICS: (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode(),
    }


def _tokens(texts: Sequence[str], language: str, brand_names: Iterable[str]) -> list[list[str]]:
    names = topic_words.name_pattern(brand_names)
    if language == "zh":
        from tasks.models.chinese import segment

        return [topic_words.chinese_tokens(text, names, segment) for text in texts]
    return [topic_words.english_tokens(text, names) for text in texts]


class _WeightedKMeans:
    """K-means as BERTopic's cluster model: documents that say little draw centres less."""

    def __init__(self, count: int, weights: NDArray[np.float64]) -> None:
        self.count = count
        self.weights = weights
        self.labels_: NDArray[np.int64] = np.zeros(0, np.int64)

    def fit(self, rows: NDArray[np.float32], y: object = None) -> _WeightedKMeans:
        from sklearn.cluster import KMeans

        weights = np.maximum(self.weights, 0.01)
        model = KMeans(self.count, n_init=4, random_state=SEED).fit(rows.astype(np.float64), sample_weight=weights)
        self.labels_ = model.labels_.astype(np.int64)
        return self


def _run_bertopic(
    documents: list[list[str]], embeddings: NDArray[np.float32], *, language: str, count: int
) -> tuple[NDArray[np.int64], list[list[str]]]:
    """BERTopic's topic of each document (0 … k-1), and each topic's keywords by c-TF-IDF."""
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder
    from bertopic.vectorizers import ClassTfidfTransformer
    from sklearn.decomposition import PCA
    from sklearn.feature_extraction.text import CountVectorizer

    rules = topic_words.RULES[language]

    def terms(document: str) -> list[str]:
        return [rules.text(phrase) for phrase in rules.all_phrases(document.split(_SEPARATOR), longest=3)]

    # A break stands for an empty token in the joined text, so that BERTopic's own joining can't make new phrases.
    joined = [_SEPARATOR.join([*tokens, topics.BREAK, topics.BREAK]) for tokens in documents]
    weights = topics.content_weights(documents, rules)
    model = BERTopic(
        language="multilingual",
        embedding_model=BaseEmbedder(),
        umap_model=PCA(min(COMPONENTS, *embeddings.shape), random_state=SEED),
        hdbscan_model=_WeightedKMeans(count, weights),
        vectorizer_model=CountVectorizer(analyzer=terms, max_features=MAX_VOCABULARY),
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),
        top_n_words=KEYWORD_COUNT * 3,
    )
    logging.getLogger("BERTopic").setLevel(logging.ERROR)
    model.fit_transform(joined, embeddings=embeddings)
    twins = _twins(model, embeddings)
    if twins:
        model.merge_topics(joined, twins)
    kept = sorted(set(model.topics_))
    place = {topic: index for index, topic in enumerate(kept)}
    labels = np.array([place[topic] for topic in model.topics_], np.int64)
    return labels, [_keywords([word for word, _ in model.get_topic(topic) if word], rules.joiner) for topic in kept]


def _twins(model: Any, embeddings: NDArray[np.float32]) -> list[list[int]]:
    """Groups of BERTopic's topic numbers that are one topic."""
    from sklearn.metrics.pairwise import cosine_similarity

    numbers = sorted(set(model.topics_))
    place = {number: index for index, number in enumerate(numbers)}
    labels = np.array([place[number] for number in model.topics_], np.int64)
    centroids = topics.centroids_of(embeddings, labels, len(numbers))
    groups = topics.twin_groups(cosine_similarity(centroids), cosine_similarity(model.c_tf_idf_))
    return [[numbers[index] for index in group] for group in groups]


def _keywords(ranked: list[str], joiner: str) -> list[str]:
    """The first terms that do not repeat each other: none holds another, as a word or as a phrase."""
    chosen: list[str] = []
    for term in ranked:
        marked = f"{joiner}{term}{joiner}"
        is_new = all(
            marked not in f"{joiner}{old}{joiner}" and f"{joiner}{old}{joiner}" not in marked for old in chosen
        )
        if is_new:
            chosen.append(term)
    return chosen[:KEYWORD_COUNT]


def _joined(words: list[str], language: str, *, taken: set[str]) -> str:
    """A label for a topic whose documents share no phrase: its best keywords, as many as make it differ."""
    mark = " / " if language == "en" else "、"
    labels = [mark.join(words[:count]) for count in range(min(2, len(words)), len(words) + 1)]
    return next(label for label in labels if label not in taken)
