"""The models that a run uses, each loaded once per process and only when it is first needed.

English: the MiniLM encoder with its sentiment head. Chinese: the project's own word vectors where it has trained some
(see tasks/enrich.py), else the shipped ones, and the n-gram sentiment model. Documents in other languages get no
vector, and a sentiment model that abstains. Names are found by the configuration's aliases in every language; aspects,
and what is said of them and of brands, in English and Chinese.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.config import Settings
from tasks.core.contracts import (
    Encoded,
    Encoder,
    EntityTagger,
    LabelWriter,
    ModelVersion,
    NullSentimentModel,
    SentimentModel,
    SpanEncoder,
)

if TYPE_CHECKING:
    from tasks.models.span_reader import SpanReader

READ_LANGUAGES = ("en", "zh")
OTHER = "other"
_CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")


class AbstainingSentiment(NullSentimentModel):
    """For languages that no model reads: every document is left without a label."""

    version = ModelVersion(
        "sentiment", OTHER, "abstain", "1", "exact", "Apache-2.0", hashlib.sha256(b"abstain 1").hexdigest()
    )


class Bundle:
    """Encoders, sentiment models and taggers of one project's settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._taggers: tuple[EntityTagger, ...] | None = None
        self._span_readers: dict[str, SpanReader] = {}
        self._chinese: tuple[Path | None, Encoder] | None = None

    def encoder(self, language: str) -> Encoder | None:
        """The encoder of a language; None for one that no encoder reads.

        Raises:
            ModelUnavailableError: its files are missing, or are not the expected ones.
        """
        if language == "en":
            return _english_encoder(self._settings)
        return self._chinese_encoder() if language == "zh" else None

    @property
    def topic_languages(self) -> dict[str, tuple[str, ...]]:
        """The registries of topics, and the languages of each: one encoder's documents lie in one space.

        * names a registry of several languages.
        """
        return {language: (language,) for language in READ_LANGUAGES}

    def sentiment(self, language: str) -> SentimentModel:
        """The sentiment model of a language; one that abstains for a language that no model reads.

        Raises:
            ModelUnavailableError: its files are missing, or are not the expected ones.
        """
        if language not in READ_LANGUAGES:
            return AbstainingSentiment()
        from tasks.models.sentiment import load_sentiment

        return load_sentiment(language, self._settings)

    @property
    def taggers(self) -> tuple[EntityTagger, ...]:
        """What finds names; each reads the language of its version, or all where that is `*`."""
        if self._taggers is None:
            from tasks.core.mentions import AliasTagger

            self._taggers = (AliasTagger(self._settings.market.brands), *_name_taggers())
        return self._taggers

    def span_reader(self, language: str) -> SpanReader | None:
        """What finds aspects and says how texts speak of them and of brands; None for a language that nothing reads.

        Raises:
            ModelUnavailableError: its files are missing, or are not the expected ones.
            ConfigError: [aspects] names an aspect that there is not.
        """
        if language not in READ_LANGUAGES:
            return None
        if language not in self._span_readers:
            from tasks.core.mentions import AliasTagger
            from tasks.models.aspect_meaning import load_matcher
            from tasks.models.aspects import load_finder
            from tasks.models.span_reader import SpanReader
            from tasks.models.targets import load_opinions, load_targets

            finder = load_finder(self._settings, language)
            self._span_readers[language] = SpanReader(
                finder,
                AliasTagger(self._settings.market.brands),
                load_targets(language),
                load_matcher(finder.taxonomy, language, partial(encode_words, language, self._settings)),
                load_opinions(language),
            )
        return self._span_readers[language]

    def span_encoder(self, language: str) -> SpanEncoder | None:
        """The encoder whose pass the span reader reads; None where that one reads the texts themselves."""
        return _english_encoder(self._settings) if language == "en" else None

    def label_writer(self, language: str) -> LabelWriter | None:
        """What may reword a language's topic labels; None: the offline labels stand."""
        return None

    def versions(self, language: str) -> list[ModelVersion]:
        """Versions of the encoder, the sentiment model, the span reader and the writer of labels of a language."""
        encoder, reader, writer = self.encoder(language), self.span_reader(language), self.label_writer(language)
        return [
            *([encoder.version] if encoder else []),
            self.sentiment(language).version,
            *(reader.versions if reader else ()),
            *([writer.version] if writer else []),
        ]

    def _chinese_encoder(self) -> Encoder:
        from tasks.models import chinese

        folder = chinese.own_folder(self._settings.model_dir)
        if self._chinese is None or self._chinese[0] != folder:
            self._chinese = (folder, chinese.load_encoder_zh(folder))
        return self._chinese[1]


_bundles: dict[tuple[Path, str], Bundle] = {}


def load_bundle(settings: Settings) -> Bundle:
    """The bundle of a project: the same object for the same settings as long as the process lives."""
    key = (settings.model_dir, settings.config_hash)
    if key not in _bundles:
        _bundles.clear()
        _bundles[key] = _bundle_of(settings)
    return _bundles[key]


def _bundle_of(settings: Settings) -> Bundle:
    if settings.market.models.bundle == "hub":
        from tasks.models.hub_bundle import HubBundle

        return HubBundle(settings)
    return Bundle(settings)


def usable_cpus() -> int:
    """Processors that this process may use: its affinity, and the quota of its control group where one is set."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if _CPU_QUOTA.is_file():
        quota, period = _CPU_QUOTA.read_text(encoding="ascii").split()
        if quota != "max":
            cpus = min(cpus, math.ceil(int(quota) / int(period)))
    return max(1, cpus)


def _name_taggers() -> list[EntityTagger]:
    """The bundle's taggers of names that nobody listed, for the languages that have one."""
    from tasks.models import cards
    from tasks.models.entities import load_tagger

    listed = cards.bundle()
    return [load_tagger(language) for language in READ_LANGUAGES if f"entities-{language}" in listed]


def encode_words(language: str, settings: Settings | None, words: Sequence[str]) -> Encoded:
    """Words of aspects, and clauses beside them, as the shipped encoder of a language sees them."""
    if language == "en":
        from tasks.models.encoder import load_encoder_en

        return load_encoder_en(settings).encode(words, [((0, len(word)),) for word in words])
    return _shipped_chinese().encode(words)


@lru_cache(maxsize=1)
def _shipped_chinese() -> Encoder:
    from tasks.models.chinese import load_encoder_zh

    return load_encoder_zh()


def _english_encoder(settings: Settings) -> SpanEncoder:
    import torch

    from tasks.models.encoder import load_encoder_en

    torch.set_num_threads(min(torch.get_num_threads(), usable_cpus()))
    return load_encoder_en(settings)
