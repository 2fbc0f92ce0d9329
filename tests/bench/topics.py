"""`make bench-topics`: which way of finding topics is better, and what topics cost.

1. Ways to find topics, compared on labelled sets: the categories that people gave are not seen by any of them. AMI
   (adjusted mutual information) and B-cubed F1 compare topics with categories, a topic for documents without one;
   NPMI (of a topic's ten keywords in the documents, -1 to 1) and diversity (share of distinct words among them) judge
   the topics' words. CPU seconds are those of clustering alone, after a first fit that is not counted, so that
   compiling and importing do not count for anybody.
2. The planted stream of tests/topic_stream_planting.py: documents under the right id, in both languages.
3. Costs: 100,000 documents clustered, and a week of 5,000 new ones against 500,000.

Vectors are kept in the folder named by --vectors, where one is named: making them takes most of the time.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
from numpy.typing import NDArray

from tests.bench.topic_sets import LabelledSet, load_sets

KEYWORDS = 10
Labels = NDArray[np.int64]
Way = Callable[[LabelledSet, NDArray[np.float32]], Labels]


def vectors_of(labelled: LabelledSet, folder: Path | None) -> NDArray[np.float32]:
    """(n, dim) vectors by the encoder that a project would use: Chinese ones are trained on the texts themselves."""
    path = folder / f"{labelled.name}.npy" if folder else None
    if path and path.exists():
        return np.load(path)[: len(labelled.texts)]
    from tasks.models import chinese
    from tasks.models.encoder import load_encoder_en

    if labelled.language == "en":
        vectors = load_encoder_en().encode(labelled.texts).embeddings
    else:
        weights = chinese.fit_lsa(sorted(labelled.texts), lexical_share=0.4)
        with tempfile.TemporaryDirectory() as root:
            stored = chinese.save_lsa(weights, {"licence": "research-only"}, root=Path(root))
            vectors = chinese.load_encoder_zh(stored).encode(labelled.texts).embeddings
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, vectors)
    return vectors


def shipped(labelled: LabelledSet, vectors: NDArray[np.float32]) -> Labels:
    """What the program does: BERTopic with PCA and k-means, twins joined; documents under the threshold have none."""
    from datetime import date

    from tasks.core import topic_refit, topic_registry
    from tasks.core.topic_registry import Documents, Registry, Rules
    from tasks.models.topics import TopicFinder

    texts = {f"{place:06d}": text for place, text in enumerate(labelled.texts)}
    ids = np.array(sorted(texts), np.object_)
    day = np.full(len(ids), date(2026, 1, 5), np.object_)
    free = np.full(len(ids), None, np.object_)
    documents = Documents(ids, vectors, np.ones(len(ids), np.bool_), ids, ids, day, free)
    finder = TopicFinder(labelled.language, texts=lambda _: texts, brand_names=[], count=None)
    found = finder.find(documents)
    registry, _ = topic_refit.refit(
        Registry(labelled.language), documents, found, week=day[0], rules=Rules(), cause="documents"
    )
    topics, _ = topic_registry.assign(vectors, registry.drawing)
    names = sorted({topic for topic in topics if topic is not None})
    return np.array([-1 if topic is None else names.index(topic) for topic in topics], np.int64)


def bertopic_defaults(labelled: LabelledSet, vectors: NDArray[np.float32]) -> Labels:
    """BERTopic as it comes: UMAP (seeded here, as nothing could be repeated otherwise) and HDBSCAN."""
    from umap import UMAP

    reducer = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", low_memory=False, random_state=0)
    return _bertopic(labelled, vectors, reducer, None)


def pca_hdbscan(labelled: LabelledSet, vectors: NDArray[np.float32]) -> Labels:
    """BERTopic with PCA in UMAP's place."""
    from sklearn.decomposition import PCA

    return _bertopic(labelled, vectors, PCA(32, random_state=0), None)


def average_linkage(labelled: LabelledSet, vectors: NDArray[np.float32]) -> Labels:
    """BERTopic with average-linkage agglomerative clustering of the vectors, as many topics as the program takes."""
    from bertopic.dimensionality import BaseDimensionalityReduction
    from sklearn.cluster import AgglomerativeClustering

    from tasks.core.topics import topic_count

    model = AgglomerativeClustering(topic_count(len(vectors)), metric="cosine", linkage="average")
    return _bertopic(labelled, vectors, BaseDimensionalityReduction(), model)


def ward(labelled: LabelledSet, vectors: NDArray[np.float32]) -> Labels:
    """BERTopic with PCA and Ward's agglomerative clustering, as many topics as the program takes."""
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.decomposition import PCA

    from tasks.core.topics import topic_count

    model = AgglomerativeClustering(topic_count(len(vectors)), linkage="ward")
    return _bertopic(labelled, vectors, PCA(32, random_state=0), model)


WAYS: dict[str, Way] = {
    "PCA + k-means, twins joined (shipped)": shipped,
    "UMAP + HDBSCAN (BERTopic's defaults)": bertopic_defaults,
    "PCA + HDBSCAN": pca_hdbscan,
    "average linkage": average_linkage,
    "PCA + Ward": ward,
}


def _bertopic(labelled: LabelledSet, vectors: NDArray[np.float32], reducer: object, cluster: object) -> Labels:
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder

    model = BERTopic(language="multilingual", embedding_model=BaseEmbedder(), umap_model=reducer, hdbscan_model=cluster)
    return np.array(model.fit_transform(labelled.texts, embeddings=vectors)[0], np.int64)


def b_cubed(labels: Labels, truth: list[str]) -> float:
    """F1 of B-cubed precision and recall (Bagga and Baldwin 1998); documents without a topic are one each."""
    own = labels.copy()
    own[own < 0] = own.max() + 1 + np.arange((own < 0).sum())
    _, found = np.unique(own, return_inverse=True)
    _, true = np.unique(np.array(truth), return_inverse=True)
    table = np.zeros((found.max() + 1, true.max() + 1))
    np.add.at(table, (found, true), 1)
    precision = (table**2 / table.sum(axis=1, keepdims=True)).sum() / len(own)
    recall = (table**2 / table.sum(axis=0, keepdims=True)).sum() / len(own)
    return 2 * precision * recall / (precision + recall)


def tokens_of(labelled: LabelledSet) -> list[list[str]]:
    from tasks.core import topic_words
    from tasks.models.chinese import segment

    if labelled.language == "zh":
        return [topic_words.chinese_tokens(text, None, segment) for text in labelled.texts]
    return [topic_words.english_tokens(text, None) for text in labelled.texts]


def word_scores(tokens: list[list[str]], labels: Labels, language: str) -> tuple[float, float]:
    """NPMI and diversity of the topics' keywords, made the same way for all."""
    from tasks.core import topic_words, topics

    rules = topic_words.RULES[language]
    words = topics.keywords_of(tokens, labels, count=int(labels.max()) + 1, rules=rules, most=KEYWORDS, longest=1)
    sets = [set(document) for document in tokens]
    holders = {word: {i for i, held in enumerate(sets) if word in held} for group in words for word in group}
    scores = []
    for group in words:
        for place, first in enumerate(group):
            for second in group[place + 1 :]:
                both = len(holders[first] & holders[second]) / len(sets)
                apart = len(holders[first]) * len(holders[second]) / len(sets) ** 2
                scores.append(-1.0 if both == 0 else math.log(both / apart) / -math.log(both) if both < 1 else 1.0)
    flat = [word for group in words for word in group]
    return float(np.mean(scores)), len(set(flat)) / max(1, len(flat))


def compare(root: Path, folder: Path | None, most: int) -> None:
    """Print the table of ways and sets, and the means of each way."""
    from sklearn.metrics import adjusted_mutual_info_score

    print("| set | way | topics | AMI | B-cubed F1 | NPMI | diversity | unassigned | CPU seconds |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    sums: dict[str, list[list[float]]] = {name: [] for name in WAYS}
    sets = load_sets(root, most=most)
    small = LabelledSet("", "en", sets[0].texts[:300], sets[0].labels[:300])
    for way in WAYS.values():
        way(small, vectors_of(sets[0], folder)[:300])
    for labelled in sets:
        vectors, tokens = vectors_of(labelled, folder), tokens_of(labelled)
        for name, way in WAYS.items():
            started = time.process_time()
            labels = way(labelled, vectors)
            seconds = time.process_time() - started
            own = np.where(labels < 0, labels.max() + 1, labels)
            row = [
                adjusted_mutual_info_score(labelled.labels, own),
                b_cubed(labels, labelled.labels),
                *word_scores(tokens, labels, labelled.language),
                float((labels < 0).mean()),
                seconds,
            ]
            sums[name].append(row)
            print(f"| {labelled.name} | {name} | {len(set(labels) - {-1})} | {_cells(row)} |", flush=True)
    for name, rows in sums.items():
        print(f"| **mean of {len(rows)}** | {name} | | {_cells(np.mean(rows, axis=0).tolist())} |")


def _cells(row: list[float]) -> str:
    ami, f1, npmi, diversity, unassigned, seconds = row
    return f"{ami:.3f} | {f1:.3f} | {npmi:.3f} | {diversity:.2f} | {unassigned:.1%} | {seconds:.1f}"


def costs(documents: int = 100_000, old: int = 500_000, new: int = 5_000, dim: int = 384) -> None:
    """Cluster many planted documents; then a week of new ones against many old ones, in a warehouse."""
    code = f"from tests.bench.topic_costs import cluster; cluster({documents}, {dim})"
    subprocess.run([sys.executable, "-c", code], check=True)
    code = f"from tests.bench.topic_costs import week; week({old}, {new}, {dim})"
    subprocess.run([sys.executable, "-c", code], check=True)


def stream() -> None:
    """Documents of the planted stream under the right id."""
    from tests.topic_stream_planting import run_stream

    for language in ("en", "zh"):
        share, without, lineage = run_stream(language)
        print(f"planted stream {language}: {share:.1%} of documents under the right id, {without:.1%} without a topic,")
        print(f"  lineage {'as planted' if lineage else 'not as planted'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["compare", "stream", "costs"])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("MARKETBRIEF_SHARED_DATA", "../shared/data")))
    parser.add_argument("--vectors", type=Path, default=None)
    parser.add_argument("--most", type=int, default=3_000)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if "compare" in options.parts:
        compare(options.data, options.vectors, options.most)
    if "stream" in options.parts:
        stream()
    if "costs" in options.parts:
        costs()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory of the comparison: {peak:.1f} GiB")


if __name__ == "__main__":
    main()
