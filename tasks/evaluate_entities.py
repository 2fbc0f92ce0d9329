"""How well names are found that no configuration lists, on texts with marked names.

Types are compared after this mapping: company, corporation, organization, organisation, org, group, brand, 公司, 组织
and the like are `organisation`; product, prod, game and 产品 are `product`. WNUT's other types (person, location,
creative-work) are compared as they are where the rows hold any of them: then all that the English model knows is
compared, and corporation and group stay apart as the rows have them. Types that no model of the project looks for are
left out of the truth and counted. Both the typed and the untyped F1 are given; a language without a tagger finds
nothing, and lowers the coverage.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.language import detect_language
from tasks.core.names import ORGANISATION, PRODUCT, TOLD_TYPES, Span, told_names
from tasks.core.span_metrics import counts_of, span_metrics

logger = logging.getLogger(__name__)

LANGUAGES = ("en", "zh")
COARSE = {
    **dict.fromkeys(
        (
            "organisation", "organization", "org", "company", "corporation", "corp", "group", "brand", "institution",
            "公司", "组织", "组织机构", "机构", "企业", "品牌",
        ),
        ORGANISATION,
    ),
    **dict.fromkeys(("product", "prod", "game", "产品", "游戏"), PRODUCT),
}  # fmt: skip
WNUT = ("person", "location", "corporation", "group", "product", "creative-work")
_ONLY_WNUT = {"person", "location", "creative-work"}


@task(name="evaluate-entities", cache_policy=NO_CACHE)
def evaluate_entities(settings: Settings, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Score the name taggers on texts with marked names.

    Args:
        rows: text; entities, [start, end, type] in code points, end exclusive; perhaps language (else detected).

    Returns:
        n (names in the truth), found, coverage (share of texts that a tagger reads), metrics and per_class (see
        `span_metrics`), labels (per text what was right, found and there),
        types ("told" or "wnut"), ignored_types, by_language, model_version_id.

    Raises:
        ModelUnavailableError: a model's files are missing, or are not the expected ones.
    """
    started = time.monotonic()
    texts = [row["text"] for row in rows]
    languages = [row.get("language") or detect_language(row["text"]) for row in rows]
    given = {str(kind).strip().casefold() for row in rows for _, _, kind in row["entities"]}
    is_wnut = bool(given & _ONLY_WNUT) and given <= set(WNUT)
    ignored: Counter[str] = Counter()
    truth = [_truth(row["entities"], ignored, is_wnut=is_wnut) for row in rows]
    found: list[list[Span]] = [[] for _ in rows]
    versions = []
    for language in sorted(set(languages) & set(LANGUAGES)):
        places = [place for place, name in enumerate(languages) if name == language]
        spans, version = _find(settings, language, [texts[place] for place in places], every_type=is_wnut)
        versions.append(version)
        for place, row in zip(places, spans, strict=True):
            found[place] = row
    scored = span_metrics(truth, found)
    by_language = {
        language: span_metrics(*_of_language(truth, found, languages, language)) for language in sorted(set(languages))
    }
    logger.info(
        "evaluate_entities rows_in=%d names=%d found=%d seconds=%.1f",
        len(rows), scored["n"], scored["found"], time.monotonic() - started,
    )  # fmt: skip
    return {
        "task": "entities",
        **scored,
        "coverage": round(sum(name in LANGUAGES for name in languages) / max(1, len(rows)), 6),
        "labels": counts_of(truth, found).tolist(),
        "types": "wnut" if is_wnut else "told",
        "ignored_types": dict(sorted(ignored.items())),
        "by_language": by_language,
        "model_version_id": ", ".join(versions),
    }


def _find(settings: Settings, language: str, texts: Sequence[str], *, every_type: bool) -> tuple[list[list[Span]], str]:
    """Spans of the tagger that the project uses for a language, and its version."""
    from tasks.models.bundle import load_bundle

    bundle = load_bundle(settings)
    taggers = [tagger for tagger in bundle.taggers if tagger.version.language == language]
    if not taggers:
        return [[] for _ in texts], "none"
    tagger = taggers[0]
    encoder = bundle.encoder(language) if tagger.needs_pass else None
    encoded = encoder.encode(texts) if encoder is not None else None
    find = getattr(tagger, "find", None)
    if find is None:
        mentions = tagger.tag(texts, encoded)
        spans = [[(name.start_char, name.end_char, name.entity_type) for name in row] for row in mentions]
    else:
        every = find(texts, encoded)
        spans = every if every_type else [told_names(text, row) for text, row in zip(texts, every, strict=True)]
    return spans, tagger.version.model_version_id


def _truth(entities: Sequence[Sequence[Any]], ignored: Counter[str], *, is_wnut: bool) -> list[Span]:
    spans = []
    for start, end, kind in entities:
        name = str(kind).strip().casefold()
        ours = (name if name in WNUT else None) if is_wnut else COARSE.get(name) or TOLD_TYPES.get(name)
        if ours is None:
            ignored[name] += 1
        else:
            spans.append((int(start), int(end), ours))
    return spans


def _of_language(
    truth: list[list[Span]], found: list[list[Span]], languages: list[str], language: str
) -> tuple[list[list[Span]], list[list[Span]]]:
    places = [place for place, name in enumerate(languages) if name == language]
    return [truth[place] for place in places], [found[place] for place in places]
