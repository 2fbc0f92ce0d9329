"""What a text says of the things in it: its aspects, and how it speaks of them and of the tracked brands it names.

What arrives: texts of one language. What leaves: which spans the encoder's pass should look at (`ask`), and afterwards
(`answer`) the aspects, a score per span, and the sentences that prefer one brand to another. Aspects and names are two
versions: another taxonomy reads aspects anew, other brands only the names. Texts without any such span need no pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tasks.core.aspects import AspectFinder, version_of
from tasks.core.contracts import AspectSpan, Encoded, EntityTagger, Mention, ModelVersion, TargetScore, TargetSentiment
from tasks.core.targets import Comparison, Span, comparisons
from tasks.models.targets import rules_revision


@dataclass(frozen=True)
class Asked:
    """What is to be read of one text; None: nobody asks for it."""

    aspects: tuple[AspectSpan, ...] | None
    names: tuple[Mention, ...] | None

    @property
    def name_spans(self) -> tuple[Span, ...]:
        return tuple((mention.start_char, mention.end_char) for mention in self.names or ())

    @property
    def spans(self) -> tuple[Span, ...]:
        """All spans once, in order."""
        found = {(aspect.start_char, aspect.end_char) for aspect in self.aspects or ()}
        return tuple(sorted(found | set(self.name_spans)))


@dataclass(frozen=True)
class Answer:
    """What was read of one text; scores by span."""

    asked: Asked
    scores: dict[Span, TargetScore]
    comparisons: tuple[Comparison, ...]


class SpanReader:
    """Aspects and named brands of texts in one language.

    Args:
        tagger: finds the tracked brands; what it is decides the version of what is said of them.
    """

    def __init__(self, finder: AspectFinder, tagger: EntityTagger, model: TargetSentiment) -> None:
        self.finder, self.tagger, self.model = finder, tagger, model
        self.language = finder.language
        self.needs_pass = model.needs_pass
        revision = rules_revision(model.version.revision)
        self.aspect_version: ModelVersion = version_of(
            finder, reader=f"{revision}+{model.version.precision}", licence=model.version.licence
        )
        names = hashlib.sha256(tagger.version.model_version_id.encode()).hexdigest()[:8]
        self.target_version: ModelVersion = replace(model.version, revision=f"{revision}-{names}")

    @property
    def versions(self) -> tuple[ModelVersion, ModelVersion]:
        """Of the aspects, and of what is said of names."""
        return self.aspect_version, self.target_version

    def ask(self, texts: Sequence[str], *, has_aspects: Sequence[bool], has_names: Sequence[bool]) -> list[Asked]:
        """The spans of texts; has_aspects and has_names tell which of the two each text still lacks."""
        named = [place for place, wanted in enumerate(has_names) if wanted]
        mentions = dict(zip(named, self.tagger.tag([texts[place] for place in named]), strict=True))
        return [
            Asked(
                tuple(self.finder.find(text)) if has_aspects[place] else None,
                tuple(mentions[place]) if has_names[place] else None,
            )
            for place, text in enumerate(texts)
        ]

    def answer(self, texts: Sequence[str], asked: Sequence[Asked], encoded: Encoded | None) -> list[Answer]:
        """What the texts say of their spans; encoded: of the same texts, where the model needs the pass."""
        spans = [item.spans for item in asked]
        names = [item.name_spans for item in asked]
        scores = self.model.predict(texts, encoded, spans, names)
        answers = []
        for text, item, found in zip(texts, asked, scores, strict=True):
            by_span = {(score.start_char, score.end_char): score for score in found}
            answers.append(Answer(item, by_span, self._comparisons(text, item, by_span)))
        return answers

    def _comparisons(self, text: str, asked: Asked, scores: dict[Span, TargetScore]) -> tuple[Comparison, ...]:
        """Comparisons of two different brands; winner and loser are places in asked.names."""
        names = asked.names or ()
        if len({mention.brand for mention in names}) < 2:
            return ()
        polarities = [scores[span].sentiment for span in asked.name_spans]
        found = comparisons(text, asked.name_spans, self.language, polarities)
        return tuple(item for item in found if names[item.winner].brand != names[item.loser].brand)
