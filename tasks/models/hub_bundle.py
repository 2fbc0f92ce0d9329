"""The hub bundle: the models that [models.hub] names, behind the seams of the offline one.

Brands are found by their aliases as ever. What the hub has no model for stays with the offline bundle's own way of
doing without: names are not looked for where no name tagger is given, and other languages than English and Chinese
get no label.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tasks.config import Settings
from tasks.core.contracts import ALL, Encoder, EntityTagger, LabelWriter, SentimentModel
from tasks.models import hub
from tasks.models.bundle import READ_LANGUAGES, Bundle

if TYPE_CHECKING:
    from tasks.models.hub_models import HubReader


class HubBundle(Bundle):
    """Encoders, sentiment models and taggers that market.toml names."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._hub = settings.market.models.hub
        self._base = settings.config_path.parent
        self._hub_taggers: tuple[EntityTagger, ...] | None = None

    def encoder(self, language: str) -> Encoder | None:
        """The named encoder, for English and Chinese.

        Raises:
            ModelUnavailableError: it is not on this machine.
        """
        from tasks.models.hub_models import HubEncoder

        if language not in READ_LANGUAGES:
            return None
        model, reader = self._encoder_parts
        return HubEncoder(model, language=language, reader=reader)

    @property
    def topic_languages(self) -> dict[str, tuple[str, ...]]:
        """One registry for both languages, for one encoder reads both."""
        return {ALL: READ_LANGUAGES}

    def sentiment(self, language: str) -> SentimentModel:
        """The named classifier for English and Chinese, or a model of one's own where market.toml chooses one.

        Raises:
            ModelUnavailableError: it is not on this machine.
            ConfigError: its classes are not understood.
        """
        from tasks.models.hub_models import HubSentiment

        chosen = {"en": self._settings.market.models.sentiment_en, "zh": self._settings.market.models.sentiment_zh}
        if language not in READ_LANGUAGES or chosen[language]:
            return super().sentiment(language)
        model, reader = self._sentiment_parts
        return HubSentiment(
            model,
            language=language,
            reader=reader,
            labels=self._hub.sentiment_labels,
            min_confidence=self._hub.min_confidence,
        )

    @property
    def taggers(self) -> tuple[EntityTagger, ...]:
        """Aliases, and the named taggers of names."""
        from tasks.core.mentions import AliasTagger
        from tasks.models.hub_models import load_entities

        if self._hub_taggers is None:
            named = {"en": self._hub.entities_en, "zh": self._hub.entities_zh}
            self._hub_taggers = (
                AliasTagger(self._settings.market.brands),
                *(load_entities(name, base=self._base, language=lang) for lang, name in named.items() if name),
            )
        return self._hub_taggers

    def label_writer(self, language: str) -> LabelWriter | None:
        """The named text-generation model, for English and Chinese.

        Raises:
            ModelUnavailableError: it is not on this machine.
        """
        if self._hub.labels is None or language not in READ_LANGUAGES:
            return None
        from tasks.models.hub_labels import HubLabels

        model, reader = self._label_parts
        return HubLabels(model, language=language, reader=reader)

    @cached_property
    def _encoder_parts(self) -> tuple[hub.HubModel, HubReader]:
        return self._parts(self._hub.encoder, "AutoModel")

    @cached_property
    def _sentiment_parts(self) -> tuple[hub.HubModel, HubReader]:
        return self._parts(self._hub.sentiment, "AutoModelForSequenceClassification")

    @cached_property
    def _label_parts(self) -> tuple[hub.HubModel, HubReader]:
        from tasks.models.hub_labels import label_model_kind

        kind = label_model_kind(hub.find(self._hub.labels or "", base=self._base))
        return self._parts(self._hub.labels, kind)

    def _parts(self, reference: str | None, kind: str) -> tuple[hub.HubModel, HubReader]:
        from tasks.models.hub_models import HubReader

        model = hub.find(reference or "", base=self._base)
        return model, HubReader(model, kind=kind)
