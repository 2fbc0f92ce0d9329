"""The shipped name taggers: what both are trained and measured on; training of the Chinese one.

English (trained with other tasks, tasks/train_english.py): WNUT-17's train part, WikiGold, headlines whose companies
are known, and the project's own sentences; WNUT's development part is only measured on. Chinese: eight tenths of
CLUENER's train part, then a part of it with the project's own sentences; one tenth served to choose the recipe, one is
only measured on. The golden sentences are only measured on.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.config import OFFLINE_BUNDLE_ROOT, PROGRAM_ROOT
from tasks.core.names import told_names
from tasks.core.span_metrics import span_metrics
from tasks.core.text import matching_key
from tasks.entity_sets import (
    CHINESE,
    CLUENER_TYPES,
    ENGLISH,
    OWN,
    PLAIN_CHINESE,
    Marked,
    read_entity_set,
    read_plain_chinese,
    read_wnut_dev,
)
from tasks.entity_templates import read_companies, read_own
from tasks.models import cards
from tasks.training_sets import provenance

logger = logging.getLogger(__name__)

NAMES = {"en": "entities-en-minilm", "zh": "entities-zh-conv"}
# Chinese in two stages: the public set alone, then a part of it with the project's sentences.
STAGES_ZH = ((8, 3e-3), (1, 1e-3))
MIXED_SENTENCES = 6000
FILLINGS = {"en": 14, "zh": 12}
HEADLINES, HEADLINE_SHARE, OWN_SHARE = 2500, 0.4, 0.5
_LIMITS = {
    "en": [
        "Proposes names; it does not know them. Products are found far less often than organisations.",
        "Trained on tweets, encyclopedia sentences, headlines and sentences with invented names; names in lower case "
        "are mostly missed.",
    ],
    "zh": [
        "Proposes names; it does not know them. Products other than games: known from own sentences alone.",
        "Trained on news sentences and sentences with invented names; the public set states no licence.",
    ],
}
Span = tuple[int, int, str]


def train_chinese(data: Path, *, seed: int) -> Path:
    """Train the Chinese tagger, measure it, install it and list it in the offline bundle; its folder.

    Args:
        data: folder of the public sets.

    Raises:
        SourceError: a set is not there.
    """
    started = time.monotonic()
    fitted, card, held_out = _chinese(data, seed)
    folder = install("zh", fitted.files, card | fitted.card | {"epochs": fitted.epochs, "seed": seed}, held_out)
    logger.info("train_entities revision=%s seconds=%.0f", folder.name, time.monotonic() - started)
    return folder


def install(language: str, files: dict[str, bytes], card: dict[str, Any], held_out: dict[str, list[Marked]]) -> Path:
    """Put a trained tagger with its figures on texts that it never saw into the offline bundle."""
    folder = cards.install(files, card, root=OFFLINE_BUNDLE_ROOT)
    metrics = {name: measure(folder, texts) for name, texts in held_out.items()}
    metrics["golden"] = measure(folder, read_golden(language), told=True)
    folder = cards.install(files, card | {"metrics": metrics}, root=OFFLINE_BUNDLE_ROOT)
    cards.set_bundle_entry(f"entities-{language}", name=card["name"], revision=folder.name)
    return folder


def measure(folder: Path, texts: Sequence[Marked], *, told: bool = False) -> dict[str, Any]:
    """Scores of an installed tagger over all types that the texts mark; told: over what it tells as mentions."""
    from tasks.models.entities import load_folder

    tagger = load_folder(folder)
    plain = [marked.text for marked in texts]
    found = tagger.find(plain, _encoded(folder, plain) if tagger.needs_pass else None)
    if told:
        found = [told_names(text, row) for text, row in zip(plain, found, strict=True)]
    else:
        known = {kind for marked in texts for _, _, kind in marked.spans}
        found = [[span for span in row if span[2] in known] for row in found]
    scored = span_metrics([list(marked.spans) for marked in texts], found)
    return scored | {"text_count": len(texts)}


def read_golden(language: str) -> list[Marked]:
    """The sentences with names that were written by hand, for measuring alone."""
    path = PROGRAM_ROOT / "data" / "golden" / f"entities_{language}.jsonl"
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Marked(row["text"], tuple((start, end, kind) for start, end, kind in row["entities"])) for row in rows]


def card_of(language: str, data: Path, used: dict[str, int]) -> dict[str, Any]:
    """What a card says beside files and figures. used: texts per set."""
    sets = [item for item in (ENGLISH if language == "en" else CHINESE) if item.name in used]
    clear = all(item.is_clear for item in sets)
    return {
        "name": NAMES[language],
        "task": "mention",
        "language": language,
        "licence": "Apache-2.0" if clear else cards.RESEARCH_ONLY,
        "training_sets": [
            *(provenance(item, data, example_count=used[item.name]) for item in sets),
            {"name": OWN, "licence": "Apache-2.0", "example_count": used[OWN]},
            *([{"name": "gazetteer_sp500", "licence": "ODC-PDDL-1.0"}] if language == "en" else []),
        ],
        **({"vectors_from": list(PLAIN_CHINESE)} if language == "zh" else {}),
        "limits": _LIMITS[language],
        "rebuild": "python -m flows.train chinese --only entities --data <folder of the training sets>",
    }


@dataclass(frozen=True)
class EnglishNames:
    """Groups of marked texts with the share of each that is drawn; texts per set; and those only measured on."""

    groups: list[tuple[Sequence[Marked], float]]
    used: dict[str, int]
    held_out: dict[str, list[Marked]]


def read_english(data: Path, *, seed: int) -> EnglishNames:
    """What the English tagger is trained and measured on."""
    development = read_wnut_dev(data)
    sets = {item.name: _unseen(read_entity_set(item, data), development) for item in ENGLISH}
    random.Random(seed).shuffle(sets["sentfin"])
    own = read_own("en", companies=read_companies(data), fillings=FILLINGS["en"], seed=seed)
    groups: list[tuple[Sequence[Marked], float]] = [
        (sets["wnut17"], 1.0),
        (sets["ner_en_misc"], 1.0),
        (sets["sentfin"][:HEADLINES], HEADLINE_SHARE),
        (own, OWN_SHARE),
    ]
    used = {name: len(rows) for name, rows in sets.items()} | {"sentfin": HEADLINES, OWN: len(own)}
    return EnglishNames(groups, used, {"wnut17_development": development})


def _chinese(data: Path, seed: int) -> tuple[Any, dict[str, Any], dict[str, list[Marked]]]:
    from tasks.models.entity_training import fit_chinese, pretrain

    sets = {item.name: read_entity_set(item, data) for item in CHINESE}
    sentences = sets["zh_cluener2020"]
    random.Random(seed).shuffle(sentences)
    tenth = len(sentences) // 10
    kept_back, rest = sentences[: 2 * tenth], sentences[2 * tenth :]
    own = read_own("zh", companies=[], fillings=FILLINGS["zh"], seed=seed)
    plain = [marked.text for marked in rest]
    vectors, vocabulary = pretrain([*plain, *read_plain_chinese(data)], kept=plain, seed=0)
    rest = _unseen(rest, kept_back)
    fitted = fit_chinese(
        [(rest, *STAGES_ZH[0]), ([*rest[:MIXED_SENTENCES], *own], *STAGES_ZH[1])],
        types=(*CLUENER_TYPES, "product"),
        vectors=vectors,
        vocabulary=vocabulary,
        seed=seed,
    )
    used = {"zh_cluener2020": len(rest), OWN: len(own)}
    return fitted, card_of("zh", data, used), {"cluener_unseen": kept_back[tenth:]}


def _unseen(texts: Sequence[Marked], held_out: Sequence[Marked]) -> list[Marked]:
    keys = {matching_key(marked.text) for marked in held_out}
    return [marked for marked in texts if matching_key(marked.text) not in keys]


def _encoded(folder: Path, texts: Sequence[str]) -> Any:
    from tasks.models.encoder import MiniLmEncoder
    from tasks.models.entities import entities_branch

    return MiniLmEncoder(branches=[entities_branch(folder)]).encode(texts)
