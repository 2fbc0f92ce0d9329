"""What topics cost on planted vectors: clustering many documents, and an ordinary week against a long history."""

from __future__ import annotations

import resource
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa

SUBJECTS = 40
WORDS = 400
FIRST = date(2024, 1, 1)


def cluster(count: int, dim: int) -> None:
    """Print CPU seconds and peak memory of one search for topics."""
    from tasks.core.topic_registry import Documents
    from tasks.models.topics import TopicFinder

    vectors, subjects = _planted(count, dim)
    ids = np.array([f"{place:08d}" for place in range(count)], np.object_)
    texts = dict(zip(ids, _texts(subjects), strict=True))
    free = np.full(count, None, np.object_)
    documents = Documents(ids, vectors, np.ones(count, np.bool_), ids, free, free, free)
    finder = TopicFinder("en", texts=lambda wanted: texts, brand_names=[], count=None)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    started = time.process_time()
    labels = finder.find(documents)
    print(
        f"{count:,} documents of {dim} dimensions: {len(set(labels))} topics in {time.process_time() - started:.1f}"
        f" CPU-seconds, importing BERTopic included; peak memory {_peak():.2f} GiB, of which {before:.2f} were the"
        " documents themselves"
    )


def week(old: int, new: int, dim: int, *, weeks: int = 100) -> None:
    """Print the seconds of a week of `new` documents after `old` ones."""
    import tasks.enrich_topics as stage
    from tasks.config import load_settings
    from tests.topic_stream_planting import encoder_version

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "market.toml"
        path.write_text(
            '[[brands]]\nname = "Northwind"\n[[sources]]\nname = "shop"\nkind = "review"\nformat = "csv"\npath = "x"\n'
            'columns = { text = "t", published_at = "d" }\n'
        )
        settings = load_settings(path)
        version = encoder_version("en")
        bundle = SimpleNamespace(
            encoder=lambda language: SimpleNamespace(version=version),
            label_writer=lambda language: None,
            topic_languages={"en": ("en",)},
        )
        stage.load_bundle = lambda _: bundle
        # The history is taken in as one week, then stands as a hundred: only its place in time matters to the next.
        young = 12_000
        _fill(settings, 0, young, dim, version.model_version_id, lambda place: 0)
        stage.update_topics.fn(settings, "en")
        _fill(settings, young, old - young, dim, version.model_version_id, lambda place: 1 + place * (weeks - 1) // old)
        _as_known(settings, version)
        _fill(settings, old, new, dim, version.model_version_id, lambda place: weeks)
        started, cpu = time.monotonic(), time.process_time()
        update = stage.update_topics.fn(settings, "en")
        print(
            f"a week of {new:,} documents against {old:,}: {time.process_time() - cpu:.1f} CPU-seconds"
            f" ({time.monotonic() - started:.1f} by the clock), {update.assigned:,} assigned,"
            f" {update.without_topic:,} without a topic; peak memory {_peak():.2f} GiB"
        )


def _as_known(settings: object, version: object) -> None:
    """Mark everything that is pending as taken in, each under its nearest topic."""
    import tasks.enrich_topics as stage
    from tasks.core import topic_registry
    from tasks.store import topic_store as store
    from tasks.store.warehouse import Warehouse

    with Warehouse(settings.warehouse_path) as warehouse:  # type: ignore[attr-defined]
        run = stage.open_run(settings, warehouse, "en", (version,))
        pending = store.pending_documents(
            warehouse,
            "en",
            embedding_ids=[version.model_version_id],
            version_id=run.version_id,  # type: ignore[attr-defined]
        )
        for start in range(0, len(pending), 50_000):
            part, hashes = store.load_documents(
                warehouse,
                pending.iloc[start : start + 50_000],
                [version.model_version_id],  # type: ignore[attr-defined]
            )
            topics, cosines = topic_registry.assign(part.vectors, run.registry.drawing)
            with warehouse.transaction():
                store.save_assignments(
                    warehouse, run.registry, run.version_id, part.with_topics(topics), cosines, hashes
                )


def _fill(settings: object, first: int, count: int, dim: int, embedding_id: str, week_of: object) -> None:
    """Add planted documents to staging, with vectors."""
    from tasks.store.warehouse import Warehouse

    with Warehouse(settings.warehouse_path) as warehouse:  # type: ignore[attr-defined]
        warehouse.replace("staging.project", [{"name": "Costs", "timezone": "UTC", "own_brand": "Northwind"}])
        for start in range(first, first + count, 50_000):
            places = range(start, min(start + 50_000, first + count))
            vectors, subjects = _planted(len(places), dim, seed=start + 1)
            ids = [f"{place:032x}" for place in places]
            moments = [
                datetime.combine(FIRST + timedelta(weeks=week_of(place)), datetime.min.time())  # type: ignore[operator]
                for place in places
            ]
            size = len(ids)
            warehouse.insert(
                "staging.document",
                pa.table(
                    {
                        "document_id": ids, "content_hash": ids, "prepare_version": ["1"] * size,
                        "source": ["shop"] * size, "kind": ["review"] * size, "language": ["en"] * size,
                        "text": _texts(subjects), "text_hash": ids, "published_at": moments,
                        "is_date_only": [False] * size, "author_hash": ids, "redaction_count": [0] * size,
                        "is_repaired": [False] * size, "duplicate_key": ids,
                    }
                ),
            )  # fmt: skip
            warehouse.insert(
                "staging.duplicate",
                pa.table({"document_id": ids, "duplicate_group_id": ids, "is_canonical": [True] * size}),
            )
            offsets = pa.array(np.arange(size + 1, dtype=np.int64) * dim)
            keys = {"document_id": ids, "model_version_id": [embedding_id] * size}
            warehouse.insert(
                "enriched.embedding",
                pa.table(
                    keys
                    | {
                        "vector": pa.LargeListArray.from_arrays(offsets, pa.array(vectors.ravel())),
                        "token_count": [9] * size,
                        "coverage": [1.0] * size,
                    }
                ),
            )
            warehouse.insert("enriched.progress", pa.table(keys | {"text_hash": ids}))


def _planted(count: int, dim: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(count, dim) unit vectors around 40 directions that stay the same, and the direction of each."""
    centres = np.random.default_rng(99).normal(size=(SUBJECTS, dim)).astype(np.float32)
    random = np.random.default_rng(seed)
    subjects = random.integers(SUBJECTS, size=count)
    vectors = centres[subjects] + 1.2 * random.standard_normal((count, dim), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), subjects


def _texts(subjects: np.ndarray) -> list[str]:
    """Texts of nine words, of which four are the subject's own."""
    random = np.random.default_rng(len(subjects))
    own = random.integers(8, size=(len(subjects), 4))
    others = random.integers(WORDS, size=(len(subjects), 5))
    return [
        " ".join([*(f"own{subject}x{word}" for word in mine), *(f"word{word}" for word in rest)])
        for subject, mine, rest in zip(subjects.tolist(), own.tolist(), others.tolist(), strict=True)
    ]


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
