"""What a text says of the things in it: its aspects, and how it speaks of them and of the tracked brands it names.

What arrives: texts of one language. What leaves: which spans the encoder's pass should look at (`ask`), and afterwards
(`answer`) the aspects, a score per span, and the sentences that prefer one brand to another. The clauses without a word
of the taxonomy are looked at, too: some of them speak of an aspect all the same. Aspects and names are two versions:
another taxonomy reads aspects anew, other brands only the names. Texts without any such span need no pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasks.core.aspects import AspectFinder, version_of
from tasks.core.contracts import AspectSpan, Encoded, EntityTagger, Mention, ModelVersion, TargetScore, TargetSentiment
from tasks.core.targets import Comparison, Span, comparisons
from tasks.models.cards import RESEARCH_ONLY
from tasks.models.targets import rules_revision

if TYPE_CHECKING:
    from tasks.models.aspect_meaning import MeaningMatcher


@dataclass(frozen=True)
class Asked:
    """What is to be read of one text; None: nobody asks for it. unnamed: clauses that hold no word of an aspect."""

    aspects: tuple[AspectSpan, ...] | None
    names: tuple[Mention, ...] | None
    unnamed: tuple[Span, ...] = ()

    @property
    def name_spans(self) -> tuple[Span, ...]:
        return tuple((mention.start_char, mention.end_char) for mention in self.names or ())

    @property
    def spans(self) -> tuple[Span, ...]:
        """The spans of aspects and names, once and in order."""
        return tuple(sorted({*self.aspect_spans, *self.name_spans}))

    @property
    def aspect_spans(self) -> tuple[Span, ...]:
        """The spans of aspects, once and in order."""
        return tuple(sorted({(aspect.start_char, aspect.end_char) for aspect in self.aspects or ()}))

    @property
    def looked_at(self) -> tuple[Span, ...]:
        """All spans and clauses that the pass looks at, once and in order."""
        return tuple(sorted({*self.spans, *self.unnamed}))


@dataclass(frozen=True)
class Answer:
    """What was read of one text; scores of names and of aspects by span."""

    asked: Asked
    scores: dict[Span, TargetScore]
    aspect_scores: dict[Span, TargetScore]
    comparisons: tuple[Comparison, ...]


class SpanReader:
    """Aspects and named brands of texts in one language.

    Args:
        tagger: finds the tracked brands; what it is decides the version of what is said of them.
        matcher: finds aspects in clauses without their words; None: words alone are looked for.
        opinions: judges aspects; None: the model that judges names does.
    """

    def __init__(
        self,
        finder: AspectFinder,
        tagger: EntityTagger,
        model: TargetSentiment,
        matcher: MeaningMatcher | None = None,
        opinions: TargetSentiment | None = None,
    ) -> None:
        self.finder, self.tagger, self.model, self.matcher = finder, tagger, model, matcher
        self.opinions = opinions or model
        self.language = finder.language
        self.needs_pass = model.needs_pass or (matcher is not None and matcher.needs_pass)
        revision = rules_revision(model.version.revision)
        judged = self.opinions.version
        versions = [judged, *([matcher.version] if matcher else [])]
        licences = [version.licence for version in versions]
        self.aspect_version: ModelVersion = version_of(
            finder,
            reader=" ".join(
                [f"{rules_revision(judged.revision)}+{judged.precision}", *(v.model_version_id for v in versions[1:])]
            ),
            licence=RESEARCH_ONLY if RESEARCH_ONLY in licences else judged.licence,
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
        asked = []
        for place, text in enumerate(texts):
            aspects, unnamed = self.finder.read(text) if has_aspects[place] else (None, [])
            asked.append(
                Asked(
                    None if aspects is None else tuple(aspects),
                    tuple(mentions[place]) if has_names[place] else None,
                    tuple(unnamed) if self.matcher else (),
                )
            )
        return asked

    def answer(self, texts: Sequence[str], asked: Sequence[Asked], encoded: Encoded | None) -> list[Answer]:
        """What the texts say of their spans; encoded: of the same texts, where the reader needs the pass."""
        asked = self._with_meaning(texts, asked, encoded)
        names = [item.name_spans for item in asked]
        of_names = self.model.predict(texts, encoded, names, names)
        of_aspects = self.opinions.predict(texts, encoded, [item.aspect_spans for item in asked])
        answers = []
        for text, item, found, judged in zip(texts, asked, of_names, of_aspects, strict=True):
            scores = _by_span(found)
            answers.append(Answer(item, scores, _by_span(judged), self._comparisons(text, item, scores)))
        return answers

    def _with_meaning(self, texts: Sequence[str], asked: Sequence[Asked], encoded: Encoded | None) -> Sequence[Asked]:
        """The same, with the aspects that clauses without their words speak of."""
        if self.matcher is None or not any(item.unnamed for item in asked):
            return asked
        meant = self.matcher.match(texts, [item.unnamed for item in asked], encoded)
        return [
            replace(item, aspects=tuple(sorted([*(item.aspects or ()), *found], key=_place))) if found else item
            for item, found in zip(asked, meant, strict=True)
        ]

    def _comparisons(self, text: str, asked: Asked, scores: dict[Span, TargetScore]) -> tuple[Comparison, ...]:
        """Comparisons of two different brands; winner and loser are places in asked.names."""
        names = asked.names or ()
        if len({mention.brand for mention in names}) < 2:
            return ()
        polarities = [scores[span].sentiment for span in asked.name_spans]
        found = comparisons(text, asked.name_spans, self.language, polarities)
        return tuple(item for item in found if names[item.winner].brand != names[item.loser].brand)


def _place(aspect: AspectSpan) -> tuple[int, int, str]:
    return aspect.start_char, aspect.end_char, aspect.aspect


def _by_span(scores: Sequence[TargetScore]) -> dict[Span, TargetScore]:
    return {(score.start_char, score.end_char): score for score in scores}
