"""Training of the shipped Chinese word vectors, from sets with a clear licence and the project's own sentences.

Run by `make models`. The data folder is the third-party one (never part of this repository); every file that is read is
named on the card with its repository's commit and its sha256. Quality is measured on text that is not trained on: how
many of a document's ten nearest neighbours share its category.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import logging
import re
import shutil
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.errors import SourceError
from tasks.models import cards
from tasks.models.chinese import BUNDLE_KEY, NAME, LsaEncoder, fit_lsa, save_lsa

logger = logging.getLogger(__name__)

LEXICAL_SHARE = 0.85
OWN_SENTENCES = OFFLINE_BUNDLE_ROOT / "training_sentences_zh.csv"
_UNNAMED = {
    "task": "embedding", "language": "zh", "name": NAME, "revision": "", "licence": "", "content_sha256": ""
}  # fmt: skip
_COMMIT = re.compile(r"commit: ([0-9a-f]{40})")
_LICENCES = {"absa_zh_products": "MIT", "zh_asap_sample": "Apache-2.0"}


def train_vectors(data_root: Path, output_root: Path = OFFLINE_BUNDLE_ROOT) -> Path:
    """Train the Chinese encoder and put it in place of the shipped revision.

    Args:
        data_root: folder that holds absa_zh_products, zh_asap_sample and, for measuring, zh_online_shopping_10_cats.

    Returns:
        Folder of the new revision, output_root/encoder-zh-lsa/<revision>.

    Raises:
        SourceError: a training set is not there.
    """
    started = time.monotonic()
    texts: set[str] = set()
    training_sets = []
    for name, reader in (("absa_zh_products", _aspect_texts), ("zh_asap_sample", _restaurant_texts)):
        folder = data_root / name
        if not folder.is_dir():
            raise SourceError(f"No training set at {folder}", fix="name the folder that holds the third-party data")
        before = len(texts)
        texts.update(reader(folder))
        training_sets.append(_card_entry(folder, document_count=len(texts) - before))
    own = [row["text"] for row in csv.DictReader(OWN_SENTENCES.read_text(encoding="utf-8").splitlines())]
    texts.update(own)
    training_sets.append(
        {
            "name": OWN_SENTENCES.name,
            "licence": "Apache-2.0 (this project)",
            "document_count": len(own),
            "sha256": {OWN_SENTENCES.name: cards.file_sha256(OWN_SENTENCES)},
        }
    )
    weights = fit_lsa(sorted(texts), lexical_share=LEXICAL_SHARE)
    card: dict[str, Any] = {
        "licence": "Apache-2.0",
        "document_count": len(texts),
        "training_sets": training_sets,
        "metrics": _measure(data_root, LsaEncoder(weights, _UNNAMED)),
        "limits": "Product reviews mostly: of other subjects it knows the words, not their relations. Simplified "
        "characters. A project with enough Chinese documents trains its own (see tasks/enrich.py).",
    }
    old = set((output_root / NAME).glob("[0-9a-f]*"))
    folder = save_lsa(weights, card, root=output_root)
    cards.set_bundle_entry(BUNDLE_KEY, name=NAME, revision=folder.name, root=output_root)
    for revision in old - {folder}:
        shutil.rmtree(revision)
    logger.info(
        "train_vectors documents=%d features=%d revision=%s seconds=%.1f",
        len(texts), len(weights.features), folder.name, time.monotonic() - started,
    )  # fmt: skip
    return folder


def neighbour_purity(embeddings: NDArray[np.float32], categories: list[str], *, neighbours: int = 10) -> float:
    """Mean share of a document's nearest neighbours (by cosine) that are of its category, 0-1."""
    similarity = embeddings @ embeddings.T
    np.fill_diagonal(similarity, -np.inf)
    nearest = np.argpartition(-similarity, neighbours, axis=1)[:, :neighbours]
    names = np.array(categories)
    return float((names[nearest] == names[:, None]).mean())


def _measure(data_root: Path, encoder: LsaEncoder) -> dict[str, Any]:
    """Purity on shopping reviews, 300 a category (nothing of them is trained on); empty where the set is absent."""
    path = data_root / "zh_online_shopping_10_cats" / "online_shopping_10_cats.zip"
    if not path.is_file():
        return {}
    with zipfile.ZipFile(path) as archive:
        content = archive.read(archive.namelist()[0]).decode("utf-8")
    rows: dict[str, set[str]] = {}
    for row in csv.DictReader(io.StringIO(content)):
        rows.setdefault(row["cat"], set()).add(row["review"])
    chosen = [
        (text, category)
        for category, texts in sorted(rows.items())
        for text in sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())[:300]
    ]
    purity = neighbour_purity(encoder.encode([text for text, _ in chosen]).embeddings, [cat for _, cat in chosen])
    return {"neighbour_purity": {"set": "zh_online_shopping_10_cats", "n": len(chosen), "value": round(purity, 3)}}


def _aspect_texts(folder: Path) -> Iterator[str]:
    """Three lines a record: the text with $T$ for the aspect's term, the term, the polarity. Words are spaced."""
    for path in sorted(folder.glob("*/*.txt*")):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = data.decode("utf-8").splitlines()
        for text, term in zip(lines[0::3], lines[1::3], strict=False):
            yield text.replace("$T$", term).replace(" ", "")


def _restaurant_texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*_sample.csv")):
        yield from (row["reviewbody"] for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def _card_entry(folder: Path, *, document_count: int) -> dict[str, Any]:
    match = _COMMIT.search((folder / "PROVENANCE.md").read_text(encoding="utf-8"))
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.endswith(".md")]
    return {
        "name": folder.name,
        "licence": _LICENCES[folder.name],
        "commit": match[1] if match else None,
        "document_count": document_count,
        "sha256": {path.relative_to(folder).as_posix(): cards.file_sha256(path) for path in files},
    }
