"""Part of stage enrich: aspects, and how documents speak of them and of the brands that they name.

What arrives: the pending documents of a chunk and language. What leaves: the spans that the encoder's one pass has to
look at, and afterwards rows of enriched.document_aspect, target_sentiment and comparison. A document is read for its
aspects under one version and for its names under another, so that a changed taxonomy or a changed brand costs only its
own part; one without spans is marked as read without any pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasks.core.contracts import Encoded, ModelVersion, TargetScore
from tasks.core.targets import Span

if TYPE_CHECKING:
    from tasks.models.span_reader import Answer, Asked, SpanReader


@dataclass
class SpanRows:
    """Rows of the enriched tables."""

    aspects: list[dict[str, Any]] = field(default_factory=list)
    targets: list[dict[str, Any]] = field(default_factory=list)
    comparisons: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class SpanWork:
    """What documents are still to be read for, in their order."""

    reader: SpanReader
    documents: list[dict[str, Any]]
    asked: list[Asked]

    @property
    def spans(self) -> dict[str, tuple[Span, ...]]:
        """By document_id what the pass looks at, of documents that have some."""
        return {
            document["document_id"]: asked.looked_at
            for document, asked in zip(self.documents, self.asked, strict=True)
            if asked.looked_at
        }

    def marks(self) -> list[tuple[ModelVersion, list[dict[str, Any]]]]:
        """Which version has now seen which documents."""
        pairs = list(zip(self.documents, self.asked, strict=True))
        return [
            (self.reader.aspect_version, [document for document, asked in pairs if asked.aspects is not None]),
            (self.reader.target_version, [document for document, asked in pairs if asked.names is not None]),
        ]


def plan(reader: SpanReader | None, documents: Sequence[dict[str, Any]]) -> SpanWork | None:
    """The documents that the reader's two versions have not seen, with what is asked of each."""
    if reader is None:
        return None
    ids = [version.model_version_id for version in reader.versions]
    lacking = [document for document in documents if set(ids) & set(document["model_version_ids"])]
    asked = reader.ask(
        [document["text"] for document in lacking],
        has_aspects=[ids[0] in document["model_version_ids"] for document in lacking],
        has_names=[ids[1] in document["model_version_ids"] for document in lacking],
    )
    return SpanWork(reader, lacking, asked)


def read(work: SpanWork, rows: SpanRows, passed: tuple[Sequence[dict[str, Any]], Encoded] | None) -> Counter[str]:
    """Add the rows of what the documents say.

    Args:
        passed: the documents that went through the encoder's pass, among them all that have spans, and what it gave;
            None where the reader needs no pass.

    Returns:
        Counts of the rows added: aspects, comparisons.
    """
    before = len(rows.aspects), len(rows.comparisons)
    pairs = [(document, asked) for document, asked in zip(work.documents, work.asked, strict=True) if asked.looked_at]
    encoded = None
    if passed is not None:
        places = {document["document_id"]: place for place, document in enumerate(passed[0])}
        encoded = passed[1].part([places[document["document_id"]] for document, _ in pairs])
    answers = work.reader.answer([d["text"] for d, _ in pairs], [asked for _, asked in pairs], encoded)
    for (document, _), answer in zip(pairs, answers, strict=True):
        _add(rows, work.reader, document["document_id"], answer)
    return Counter(aspects=len(rows.aspects) - before[0], comparisons=len(rows.comparisons) - before[1])


def _add(rows: SpanRows, reader: SpanReader, document_id: str, answer: Answer) -> None:
    aspects, names = answer.asked.aspects or (), answer.asked.names or ()
    of_aspects = {"document_id": document_id, "model_version_id": reader.aspect_version.model_version_id}
    of_names = {"document_id": document_id, "model_version_id": reader.target_version.model_version_id}
    rows.aspects += [
        of_aspects
        | {
            "aspect": aspect.aspect,
            "start_char": aspect.start_char,
            "end_char": aspect.end_char,
            "clause_start_char": aspect.clause_start_char,
            "clause_end_char": aspect.clause_end_char,
            "method": aspect.method,
        }
        for aspect in aspects
    ]
    for key, scores in ((of_aspects, answer.aspect_scores), (of_names, answer.scores)):
        rows.targets += [key | _score_row(scores[span]) for span in sorted(scores)]
    said = {
        (found.start_char, names[found.winner].brand, names[found.loser].brand): found.end_char
        for found in answer.comparisons
    }
    rows.comparisons += [
        of_names | {"preferred_brand": preferred, "other_brand": other, "start_char": start, "end_char": end}
        for (start, preferred, other), end in said.items()
    ]


def _score_row(score: TargetScore) -> dict[str, Any]:
    return {
        "start_char": score.start_char,
        "end_char": score.end_char,
        "sentiment": score.sentiment,
        "sentiment_score": round(score.score, 4),
        "sentiment_confidence": round(score.confidence, 4),
    }
