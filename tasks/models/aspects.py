"""The taxonomy of aspects that a project looks for: the shipped file, and what market.toml makes of it."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from tasks.config import OFFLINE_BUNDLE_ROOT, Settings
from tasks.core.aspects import Aspect, AspectFinder, Taxonomy, aspect_of, taxonomy_of

TAXONOMY = OFFLINE_BUNDLE_ROOT / "aspects.toml"


@lru_cache(maxsize=1)
def shipped_taxonomy(path: Path = TAXONOMY) -> dict[str, Any]:
    """Content of the shipped file: general, categories, aspects."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def load_taxonomy(settings: Settings) -> Taxonomy:
    """The aspects of a project.

    Raises:
        ConfigError: [aspects] names an aspect that its category does not have.
    """
    own = settings.market.aspects
    return taxonomy_of(
        shipped_taxonomy(),
        category=own.category,
        drop=own.drop,
        words=own.words,
        ignore=own.ignore,
        custom=[item.model_dump() for item in own.custom],
    )


def load_finder(settings: Settings, language: str) -> AspectFinder:
    """Finds the project's aspects in texts of a language.

    Raises:
        ConfigError: as for `load_taxonomy`.
    """
    names = [name for brand in settings.market.brands for name in (brand.name, *brand.aliases)]
    return AspectFinder(load_taxonomy(settings), language, names)


def shipped_aspect(name: str) -> Aspect | None:
    """An aspect of the shipped file, whatever the category; None where it has none of that name."""
    row = shipped_taxonomy()["aspects"].get(name)
    return aspect_of(name, row) if row else None
