"""A stream of twelve weeks with planted births, splits, merges, deaths and revivals, in English and in Chinese.

Subjects are directions in space with words of their own. What is true of each document: the subject that it counts
for in the end, that is, with merges followed; None for noise, which no topic should hold. The larger part of a split
keeps its name. Weeks are numbered from 1.

| subject | what happens |
|---|---|
| 0, 1 | every week |
| 2 | every week; from week 6 on two fifths of it are another subject, 8 |
| 3, 4 | apart until week 6, from week 7 on one subject, which is 3, the larger one |
| 5 | born in week 4 |
| 6 | until week 3, then no more |
| 7 | until week 3, and again from week 9 on |
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import tasks.enrich_topics as topic_stage
from tasks.config import Settings, load_settings
from tasks.core.contracts import ALL, ModelVersion
from tasks.store.warehouse import Warehouse

DIM = 64
WEEKS = 12
FIRST = date(2026, 1, 5)
NOISE = 0.9
APART = 0.55
NOISE_DOCUMENTS = 5
SIZES = (24, 20, 26, 22, 16, 20, 18, 16)
SAYINGS = {
    "en": [
        "the pump leaks water", "milk foam is creamy", "delivery and parcel trouble", "support never answers",
        "hotline keeps me waiting", "app login fails after update", "grinder is too loud", "descaling light stays on",
        "parcel arrived dented",
    ],
    "zh": [
        "水泵漏水严重", "奶泡细腻绵密", "物流配送问题", "客服态度恶劣", "热线一直占线", "更新之后登录失败",
        "磨豆机噪音大", "除垢灯一直亮", "包裹压坏变形",
    ],
}  # fmt: skip
FILLERS = {
    "en": [" bought in May", " for my mother", " second one here", " from the corner shop", " as a gift"],
    "zh": ["五月买的", "送给妈妈", "第二台了", "街角那家店", "当礼物"],
}
NOISE_WORDS = {"en": "nothing much to say here", "zh": "随便写点什么"}
LINEAGE = {
    ("birth", 5, None): (4, 5),
    ("split", 8, 2): (6, 7),
    ("merge", 4, 3): (7, 9),
    ("death", 6, None): (6, 6),
    ("death", 7, None): (6, 6),
    ("revival", 7, None): (9, 9),
}
"""What happened after the first week: (event, subject, other subject) and the weeks in which it may be noticed."""


MARKET = """
[project]
name = "Coffee"
[[brands]]
name = "Northwind"
role = "own"
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "x.csv"
columns = { text = "t", published_at = "d" }
[topics]
death_weeks = 3
"""


@dataclass(frozen=True)
class Planted:
    """One document: its row of staging.document, its vector, its week from 1 and what it is about."""

    row: dict[str, Any]
    vector: np.ndarray
    week: int
    subject: int | None


def stream(language: str, *, seed: int = 7, space: int | None = None) -> list[Planted]:
    """All documents of the twelve weeks.

    Args:
        space: streams of one space lie on the same directions, as an encoder of several languages has them.
    """
    random = np.random.default_rng([seed, len(language), ord(language[0])])
    axes = np.linalg.qr(random.normal(size=(DIM, DIM)))[0]
    if space is not None:
        axes = np.linalg.qr(np.random.default_rng(space).normal(size=(DIM, DIM)))[0]
    documents: list[Planted] = []
    for week in range(1, WEEKS + 1):
        for subject in range(len(SIZES)):
            if not _speaks(subject, week):
                continue
            for place in range(SIZES[subject]):
                direction, saying, truth = _about(subject, week, place, axes)
                documents.append(_document(language, week, f"{subject}-{place}", saying, truth, direction, random))
        for place in range(NOISE_DOCUMENTS):
            documents.append(_document(language, week, f"n-{place}", None, None, random.normal(size=DIM), random))
    return documents


def _speaks(subject: int, week: int) -> bool:
    return {5: week >= 4, 6: week <= 3, 7: week <= 3 or week >= 9}.get(subject, True)


def _about(subject: int, week: int, place: int, axes: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Direction, saying and true subject of a document. What splits or merges moves by APART on either side."""
    own = axes[subject]
    if subject == 2 and week >= 6:
        is_part = place % 5 < 2
        return own + (APART if is_part else -APART) * axes[8], 8 if is_part else 2, 8 if is_part else 2
    if subject in (3, 4):
        apart = 0 if week >= 7 else (APART if subject == 3 else -APART)
        return axes[3] + apart * axes[4], 3 if week >= 7 else subject, 3
    return own, subject, subject


def _document(
    language: str,
    week: int,
    name: str,
    saying: int | None,
    subject: int | None,
    direction: np.ndarray,
    random: np.random.Generator,
) -> Planted:
    vector = direction / np.linalg.norm(direction) + NOISE / np.sqrt(DIM) * random.normal(size=DIM)
    key = hashlib.sha256(f"{language} {week} {name}".encode()).hexdigest()[:32]
    words = NOISE_WORDS[language] if saying is None else SAYINGS[language][saying]
    mark = "." if language == "en" else "。"
    text = f"{words}{mark}{random.choice(FILLERS[language])}"
    moment = datetime.combine(FIRST, datetime.min.time()) + timedelta(weeks=week - 1, days=int(random.integers(7)))
    row = {
        "document_id": key,
        "content_hash": key,
        "prepare_version": "1",
        "source": "shop",
        "kind": "review",
        "language": language,
        "text": text,
        "text_hash": hashlib.sha256(text.encode()).hexdigest(),
        "published_at": moment,
        "is_date_only": False,
        "author_hash": key[:16],
        "redaction_count": 0,
        "is_repaired": False,
        "duplicate_key": key,
        "spam_reason": None,
    }
    return Planted(row, (vector / np.linalg.norm(vector)).astype(np.float32), week, subject)


def encoder_version(language: str, revision: str = "1") -> ModelVersion:
    return ModelVersion("embedding", language, "planted", revision, "exact", "Apache-2.0", "0" * 64)


def writer_version(language: str) -> ModelVersion:
    return ModelVersion("label", language, "planted-writer", "1", "fp32", "Apache-2.0", "1" * 64)


def add(
    settings: Settings, documents: list[Planted], *, revision: str = "1", rotation: np.ndarray | None = None
) -> None:
    """Put documents into staging, as prepared and encoded by one encoder; known ones are only encoded."""
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.replace("staging.project", [{"name": "Coffee", "timezone": "UTC", "own_brand": "Northwind"}])
        known = {row["document_id"] for row in warehouse.rows("select document_id from staging.document")}
        new = [planted.row for planted in documents if planted.row["document_id"] not in known]
        ids = [row["document_id"] for row in new]
        warehouse.insert("staging.document", new)
        warehouse.insert(
            "staging.duplicate",
            [{"document_id": i, "duplicate_group_id": i, "is_canonical": True} for i in ids],
        )
        keys = [
            {
                "document_id": planted.row["document_id"],
                "model_version_id": encoder_version(planted.row["language"], revision).model_version_id,
            }
            for planted in documents
        ]
        warehouse.insert(
            "enriched.embedding",
            [
                {
                    **key,
                    "vector": (planted.vector if rotation is None else planted.vector @ rotation).tolist(),
                    "token_count": 5,
                    "coverage": 1.0,
                }
                for key, planted in zip(keys, documents, strict=True)
            ],
        )
        warehouse.insert(
            "enriched.progress",
            [{**key, "text_hash": planted.row["text_hash"]} for key, planted in zip(keys, documents, strict=True)],
        )


def truth_of(documents: list[Planted]) -> dict[str, int | None]:
    return {planted.row["document_id"]: planted.subject for planted in documents}


def matched_share(found: dict[str, str | None], truth: dict[str, int | None]) -> tuple[float, dict[str, int]]:
    """Share of the documents about a subject whose topic is the one that stands for that subject, one for one.

    Returns:
        The share, and the subject that each matched topic stands for.
    """
    from scipy.optimize import linear_sum_assignment

    topics = sorted({topic for topic in found.values() if topic is not None})
    subjects = sorted({subject for subject in truth.values() if subject is not None})
    counts = np.zeros((len(subjects), len(topics)))
    for key, subject in truth.items():
        topic = found.get(key)
        if subject is not None and topic is not None:
            counts[subjects.index(subject), topics.index(topic)] += 1
    rows, columns = linear_sum_assignment(-counts)
    total = sum(subject is not None for subject in truth.values())
    pairs = {topics[column]: subjects[row] for row, column in zip(rows, columns, strict=True)}
    return float(counts[rows, columns].sum() / total), pairs


def project(root: Path) -> Settings:
    root.mkdir(parents=True, exist_ok=True)
    (root / "market.toml").write_text(MARKET, encoding="utf-8")
    return load_settings(root / "market.toml")


def topics_of(settings: Settings, column: str = "topic_id") -> dict[str, str | None]:
    with Warehouse(settings.warehouse_path) as warehouse:
        rows = warehouse.rows(
            f"select document_id, {column} as topic from enriched.document_topic"
            " inner join ops.model_version using (model_version_id) where is_current"
        )
    return {row["document_id"]: row["topic"] for row in rows}


def correct(settings: Settings, kind: str, subject: str, value: str, language: str | None = None) -> None:
    with Warehouse(settings.warehouse_path) as warehouse:
        number = 1 + int(warehouse.scalar("select count(*) from ops.correction"))
        warehouse.insert(
            "ops.correction",
            [
                {
                    "correction_id": str(number),
                    "correction_sequence": number,
                    "kind": kind,
                    "subject": subject,
                    "value": value,
                    "language": language,
                    "made_at": datetime(2026, 6, 1),
                }
            ],
        )


@contextmanager
def encoders(
    revisions: Mapping[str, str],
    *,
    writer: Callable[[Sequence[str]], Sequence[str]] | None = None,
    is_joint: bool = False,
) -> Iterator[None]:
    """Let the stage read vectors by planted encoders of these revisions, by language.

    Args:
        writer: a language model's answers to prompts for labels; None: there is no such model.
        is_joint: whether one encoder reads both languages.
    """
    before = topic_stage.load_bundle
    known = SimpleNamespace(
        encoder=lambda language: SimpleNamespace(version=encoder_version(language, revisions[language])),
        topic_languages={ALL: ("en", "zh")} if is_joint else {language: (language,) for language in revisions},
        label_writer=lambda language: writer and SimpleNamespace(version=writer_version(language), write=writer),
    )
    topic_stage.load_bundle = lambda _: known  # type: ignore[assignment,return-value]
    try:
        yield
    finally:
        topic_stage.load_bundle = before


def lineage_of(
    settings: Settings, language: str, documents: list[Planted]
) -> dict[tuple[str, int | None, int | None], int]:
    """Events after the first week, as (event, subject, other subject), and the week of each."""
    second = SAYINGS[language][4]
    truth = truth_of(documents) | {p.row["document_id"]: 4 for p in documents if p.row["text"].startswith(second)}
    _, subject_of = matched_share(topics_of(settings, "drawn_topic_id"), truth)
    with Warehouse(settings.warehouse_path) as warehouse:
        events = warehouse.rows("select * from enriched.topic_event where week_start > ?", [FIRST])
    return {
        (row["event"], subject_of.get(row["topic_id"], -1), subject_of.get(row["other_topic_id"])): (
            1 + (row["week_start"] - FIRST) // timedelta(weeks=1)
        )
        for row in events
    }


def run_stream(language: str) -> tuple[float, float, bool]:
    """Take the whole stream in.

    Returns:
        Share of documents under the right id, share of those about a subject that have no topic, and whether the
        lineage is the planted one.
    """
    settings = project(Path(tempfile.mkdtemp()))
    documents = stream(language)
    add(settings, documents)
    with encoders({language: "1"}):
        topic_stage.update_topics.fn(settings, language)
    topics, truth = topics_of(settings), truth_of(documents)
    about = [key for key, subject in truth.items() if subject is not None]
    without = sum(topics[key] is None for key in about) / len(about)
    return matched_share(topics, truth)[0], without, set(lineage_of(settings, language, documents)) == set(LINEAGE)
