"""Which models are installed: the English encoder's package, the offline bundle, what the project trained itself, and
the models of the hub that it names.

Every file is checked against its card, so that "ok" means that a run will load it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.config import OFFLINE_BUNDLE_ROOT, Settings
from tasks.errors import ConfigError, MarketBriefError, ModelUnavailableError
from tasks.models import cards

BUNDLE_KEYS = ("encoder-zh", "entities-en", "entities-zh", "sentiment-en", "sentiment-zh")


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model that a run needs, or that is there to be chosen.

    key: its place, such as sentiment-en. origin: package, bundle, project or hub. state: ok, missing or damaged;
    problem and fix say more. is_used: a run of this project loads it.
    """

    key: str
    name: str
    revision: str
    licence: str
    origin: str
    state: str
    is_used: bool
    path: Path | None = None
    problem: str = ""
    fix: str = ""

    @property
    def is_research_only(self) -> bool:
        return cards.RESEARCH_ONLY in self.licence


def installed_models(settings: Settings | None, *, bundle_root: Path = OFFLINE_BUNDLE_ROOT) -> list[InstalledModel]:
    """All models, those that every run needs first. Without settings: those that come with the program."""
    choices = _choices(settings)
    is_hub = settings is not None and settings.market.models.bundle == "hub"
    found = [_base_encoder(), *(_from_bundle(key, choices, bundle_root) for key in BUNDLE_KEYS)]
    if is_hub:
        found = [replace(model, is_used=False) for model in found]
    if settings is not None:
        found += [*(_from_hub(settings) if is_hub else ()), *_trained(settings, choices)]
    return found


def _from_hub(settings: Settings) -> Iterator[InstalledModel]:
    """The models that [models.hub] names."""
    from tasks.models import hub

    named = settings.market.models.hub
    for key in ("encoder", "sentiment", "entities_en", "entities_zh", "labels"):
        reference = getattr(named, key)
        if reference is None:
            continue
        place = f"hub.{key}"
        try:
            model = hub.find(reference, base=settings.config_path.parent)
        except (ModelUnavailableError, ConfigError) as error:
            yield InstalledModel(place, reference, "", "", "hub", "missing", True, None, *_told(error))
            continue
        yield InstalledModel(place, model.name, model.revision, model.licence, "hub", "ok", True, model.folder)


def _choices(settings: Settings | None) -> dict[str, str]:
    """Models of their own that the project chose: {"sentiment-en": "name@revision"}."""
    if settings is None:
        return {}
    chosen = settings.market.models
    pairs = {"sentiment-en": chosen.sentiment_en, "sentiment-zh": chosen.sentiment_zh}
    return {key: choice for key, choice in pairs.items() if choice}


def _base_encoder() -> InstalledModel:
    from tasks.models import encoder

    revision = encoder.BASE_SHA256[: cards.REVISION_LENGTH]
    try:
        folder = encoder.base_folder()
    except ModelUnavailableError as error:
        return InstalledModel(
            "encoder-en", encoder.BASE_NAME, revision, "Apache-2.0", "package", "missing", True, None, *_told(error)
        )
    return InstalledModel("encoder-en", encoder.BASE_NAME, revision, "Apache-2.0", "package", "ok", True, folder)


def _from_bundle(key: str, choices: dict[str, str], root: Path) -> InstalledModel:
    is_used = key not in choices
    try:
        folder = cards.bundle_folder(key, root=root)
    except ModelUnavailableError as error:
        return InstalledModel(key, "", "", "", "bundle", "missing", is_used, None, *_told(error))
    return _from_card(key, folder, origin="bundle", is_used=is_used)


def _trained(settings: Settings, choices: dict[str, str]) -> Iterator[InstalledModel]:
    chosen: dict[Path, str] = {}
    for key, choice in choices.items():
        try:
            chosen[cards.chosen_folder(choice, model_dir=settings.model_dir)] = key
        except ModelUnavailableError as error:
            name, _, revision = choice.partition("@")
            yield InstalledModel(key, name, revision, "", "project", "missing", True, None, *_told(error))
    for path in sorted(settings.model_dir.glob(f"*/*/{cards.CARD}")):
        yield _from_card(chosen.get(path.parent, ""), path.parent, origin="project", is_used=path.parent in chosen)


def _from_card(key: str, folder: Path, *, origin: str, is_used: bool) -> InstalledModel:
    try:
        card = cards.load_card(folder)
    except ModelUnavailableError as error:
        name, revision = folder.parent.name, folder.name
        return InstalledModel(key, name, revision, "", origin, "damaged", is_used, folder, *_told(error))
    key = key or f"{card['task']}-{card['language']}"
    return InstalledModel(key, card["name"], card["revision"], card["licence"], origin, "ok", is_used, folder)


def _told(error: MarketBriefError) -> tuple[str, str]:
    return error.fact, error.fix
