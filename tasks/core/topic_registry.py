"""The registry of topics of a language, or of all that one encoder reads (*): who, where, and what happened to them.

Pure. A topic has a *centre* (the sum of its documents' unit vectors), a threshold (how near a document must come),
and a life: born in a week, alive while documents come, dead after some weeks without, alive again when they return.
Two topics that became one both keep their centres, and the one that went points to the one that stayed
(`replaced_by`): its documents, old and later, count for the other, and the merge can be taken back.

The registry's state is everything that a later week needs to know of earlier ones, so that a week costs what is new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tasks.core import topic_shapes as shapes
from tasks.core.contracts import ALL

LIVE, DEAD, MERGED = "live", "dead", "merged"
BIRTH, SPLIT, MERGE, DEATH, REVIVAL = "birth", "split", "merge", "death", "revival"
EXAMPLES = 3
EVERY_LANGUAGE = "all"


@dataclass(frozen=True)
class Rules:
    """What the registry asks for before something happens to a topic.

    count: topics to look for at most; None: a rule from the number of documents.
    min_documents: documents before any topic is looked for.
    least_documents, least_authors, least_sources: what a new topic, or a part that splits off, needs.
    death_weeks: weeks without a document after which a topic is dead.
    waiting_weeks: how long a document that fits nowhere waits for company.
    recent_weeks: weeks whose documents show what a topic is at present.
    young_documents: until so many shaped the topics, they are looked for anew whenever the documents have doubled.
    """

    count: int | None = None
    min_documents: int = 40
    least_documents: int = 15
    least_authors: int = 5
    least_sources: int = 1
    death_weeks: int = 8
    waiting_weeks: int = 8
    recent_weeks: int = 4
    young_documents: int = 6_000


@dataclass(frozen=True)
class Documents:
    """n documents of one language, as the registry sees them.

    vectors: (n, dim) float32 unit rows; a row of zeros fits nowhere.
    shapes: (n,) whether it may shape topics (customers or press, no copy, no spam); the others are only assigned.
    authors: (n,) who wrote it; a document of an unknown author counts as one of its own.
    weeks: (n,) Mondays.
    topics: (n,) the topic whose centre drew it, before merges; None for none.
    """

    ids: NDArray[np.object_]
    vectors: NDArray[np.float32]
    shapes: NDArray[np.bool_]
    authors: NDArray[np.object_]
    sources: NDArray[np.object_]
    weeks: NDArray[np.object_]
    topics: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Documents:
        return Documents(*(getattr(self, name)[rows] for name in _FIELDS))

    def in_order(self) -> Documents:
        """The same documents by id: nothing here depends on the order in which they came."""
        return self.take(np.argsort(self.ids.astype(str), kind="stable"))

    def with_topics(self, topics: NDArray[np.object_]) -> Documents:
        return replace(self, topics=topics)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """(n,) whether a document may shape a topic."""
        return self.shapes & (np.abs(self.vectors).max(axis=1, initial=0) > 0)


_FIELDS = ("ids", "vectors", "shapes", "authors", "sources", "weeks", "topics")


def together(*parts: Documents) -> Documents:
    """Documents of several blocks, by id; a document that stands in two counts as the first says."""
    joined = Documents(*(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS))
    _, first = np.unique(joined.ids.astype(str), return_index=True)
    return joined.take(first)


@dataclass(frozen=True)
class TopicState:
    """One topic.

    centre: (dim,) float64 sum of its documents' vectors; empty where a later search for topics found it no more.
    threshold: cosine to the centre that a document needs.
    cohesion: root of the mean cosine between two of its founding documents.
    named_count: documents when its label was written; 0 before.
    """

    topic_id: str
    centre: NDArray[np.float64]
    threshold: float
    cohesion: float
    born_week: date
    last_week: date
    document_count: int
    status: str = LIVE
    replaced_by: str | None = None
    named_count: int = 0


@dataclass(frozen=True)
class TopicEvent:
    """Something that happened to a topic in a week, with its evidence.

    other_topic_id: the parent of a split, the topic that most of a burst came from, the one that a merged topic joined;
        None for others.
    similarity: cosine that decided: to the nearest other topic (birth), to the parent or the target (split, merge).
    expected_count: of a burst, the documents that the weeks before would have brought.
    """

    week: date
    kind: str
    topic_id: str
    other_topic_id: str | None = None
    similarity: float | None = None
    document_count: int = 0
    author_count: int = 0
    document_ids: tuple[str, ...] = ()
    cause: str = "documents"
    expected_count: float | None = None


@dataclass(frozen=True)
class Registry:
    """All topics that a language, or several together (*), ever had.

    through_week: the newest week that was taken in; None: none yet.
    fitted_count: documents in the last search for all topics.
    """

    language: str
    topics: tuple[TopicState, ...] = ()
    through_week: date | None = None
    document_count: int = 0
    fitted_count: int = 0
    _index: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._index.update({topic.topic_id: place for place, topic in enumerate(self.topics)})

    def __getitem__(self, topic_id: str) -> TopicState:
        return self.topics[self._index[topic_id]]

    def __contains__(self, topic_id: str) -> bool:
        return topic_id in self._index

    def changed(self, topics: Iterable[TopicState]) -> Registry:
        """With these topics in place of their former selves; unknown ones are added."""
        known = {topic.topic_id: topic for topic in self.topics} | {topic.topic_id: topic for topic in topics}
        return replace(self, topics=tuple(known[key] for key in sorted(known)), _index={})

    @property
    def drawing(self) -> list[TopicState]:
        """Topics that have a centre, merged and dead ones among them."""
        return [topic for topic in self.topics if len(topic.centre)]

    @property
    def live(self) -> list[TopicState]:
        return [topic for topic in self.topics if topic.status == LIVE]

    def standing(self, topic_id: str) -> str:
        """The topic that an id stands for today: itself, or the one it was merged into, over any number of steps."""
        seen: set[str] = set()
        while topic_id not in seen and topic_id in self and self[topic_id].replaced_by:
            seen.add(topic_id)
            topic_id = str(self[topic_id].replaced_by)
        return topic_id


def new_topic_id(language: str, document_ids: Iterable[str], taken: Iterable[str]) -> str:
    """`<language>-` and 8 hex digits made from the ids of the topic's first documents, in any order.

    `all-` begins the id of a topic whose registry holds several languages.
    """
    content, known = "\n".join(sorted(document_ids)), set(taken)
    language = EVERY_LANGUAGE if language == ALL else language
    attempt = 0
    while True:
        digest = hashlib.sha256(f"{content}\n{attempt}".encode()).hexdigest()[:8]
        if f"{language}-{digest}" not in known:
            return f"{language}-{digest}"
        attempt += 1


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of length 1; rows of zeros stay."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def similarities(vectors: NDArray[np.float32], topics: Sequence[TopicState]) -> NDArray[np.float64]:
    """(n, k) cosines of documents to centres."""
    if not topics:
        return np.zeros((len(vectors), 0))
    return vectors.astype(np.float64) @ unit(np.stack([topic.centre for topic in topics])).T


def assign(
    vectors: NDArray[np.float32], topics: Sequence[TopicState]
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """The nearest topic, where a document reaches its threshold (else None), and the cosine to it."""
    found = np.full(len(vectors), None, np.object_)
    if not topics or not len(vectors):
        return found, np.zeros(len(vectors))
    cosines = similarities(vectors, topics)
    rows, best = np.arange(len(vectors)), cosines.argmax(axis=1)
    nearest = cosines[rows, best]
    belongs = nearest >= np.array([topic.threshold for topic in topics])[best]
    found[belongs] = np.array([topic.topic_id for topic in topics], np.object_)[best[belongs]]
    return found, nearest


def age(registry: Registry, week: date, rules: Rules, *, pinned: frozenset[str]) -> tuple[Registry, list[TopicEvent]]:
    """Topics without a document for `death_weeks` die, and dead ones with a document since are alive again.

    A pinned topic does not die. A merged topic's documents keep the one alive that it was merged into.
    """
    newest: dict[str, date] = {}
    for topic in registry.topics:
        target = registry.standing(topic.topic_id)
        newest[target] = max(newest.get(target, topic.last_week), topic.last_week)
    changed, events = [], []
    for topic in registry.topics:
        if topic.status == MERGED:
            continue
        last = newest[topic.topic_id]
        is_silent = week - last >= timedelta(weeks=rules.death_weeks)
        if topic.status == LIVE and is_silent and topic.topic_id not in pinned:
            changed.append(replace(topic, status=DEAD))
            events.append(TopicEvent(week, DEATH, topic.topic_id, document_count=topic.document_count))
        elif topic.status == DEAD and not is_silent:
            changed.append(replace(topic, status=LIVE))
    return registry.changed(changed), events


def author_count(documents: Documents) -> int:
    return len(set(documents.authors))


def examples(documents: Documents, centre: NDArray[np.float64]) -> tuple[str, ...]:
    """Ids of the documents nearest to a centre, at most 3."""
    if not len(documents):
        return ()
    cosines = np.round(documents.vectors.astype(np.float64) @ unit(centre), 6)
    return tuple(str(documents.ids[row]) for row in np.lexsort([documents.ids.astype(str), -cosines])[:EXAMPLES])


def founded(topic_id: str, cluster: Documents, cosines: NDArray[np.float64], spread: float, week: date) -> TopicState:
    """A topic as its first documents make it, given the cosines to the others' centre and their spread."""
    return TopicState(
        topic_id=topic_id,
        centre=cluster.vectors.astype(np.float64).sum(axis=0),
        threshold=shapes.threshold(cosines, spread),
        cohesion=round(shapes.cohesion(cluster.vectors), 4),
        born_week=week,
        last_week=max(cluster.weeks),
        document_count=len(cluster),
    )


def event_of(
    week: date,
    kind: str,
    topic: TopicState,
    group: Documents,
    *,
    other: str | None = None,
    similarity: float | None = None,
    cause: str = "documents",
) -> TopicEvent:
    """An event with the evidence that a group of documents gives."""
    return TopicEvent(
        week=week,
        kind=kind,
        topic_id=topic.topic_id,
        other_topic_id=other,
        similarity=None if similarity is None else round(similarity, 4),
        document_count=len(group),
        author_count=author_count(group),
        document_ids=examples(group, topic.centre),
        cause=cause,
    )


def is_enough(group: Documents, rules: Rules) -> bool:
    """Whether a group has the documents, authors and sources that a new topic needs."""
    return (
        len(group) >= rules.least_documents
        and author_count(group) >= rules.least_authors
        and len(set(group.sources)) >= rules.least_sources
    )


def is_free(documents: Documents) -> NDArray[np.bool_]:
    """(n,) which documents have no topic."""
    return np.array([topic is None for topic in documents.topics], np.bool_)
