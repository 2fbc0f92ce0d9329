"""The report's words: one catalogue of message templates per language, in reports/templates."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from tasks.config import TEMPLATE_ROOT


@cache
def load_messages(language: str) -> dict[str, Any]:
    """The catalogue of a language: nested tables of templates with {named} places."""
    return tomllib.loads((TEMPLATE_ROOT / f"messages.{language}.toml").read_text(encoding="utf-8"))
