"""`make bench`: what the encoder and the enrichment of documents cost, as ratios measured in one run on one thread.

The documents are English reviews of the sample. The reference is sentence-transformers' `encode` with its defaults on
the same weights: it makes embeddings only, where ours makes embeddings and sentiment in the same pass.
"""

from __future__ import annotations

import csv
import gzip
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample" / "inbox" / "storefront"
DOCUMENTS = 1000
ROUNDS = 3


def reviews() -> list[str]:
    """The first English reviews of the sample, in file order."""
    texts = []
    for path in sorted(SAMPLE.glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            texts += [row["content"] for row in csv.DictReader(file) if row.get("content")]
    return texts[:DOCUMENTS]


def per_second(work: Callable[[list[str]], object], texts: list[str]) -> list[float]:
    """Documents a CPU-second in each round, after a first round that is not counted."""
    work(texts[:100])
    rates = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work(texts)
        rates.append(len(texts) / (time.process_time() - started))
    return sorted(rates)


def main() -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    from tasks.config import Brand
    from tasks.core.mentions import AliasTagger
    from tasks.models.encoder import base_folder, load_encoder_en
    from tasks.models.sentiment import load_sentiment

    torch.set_num_threads(1)
    texts = reviews()
    encoder, sentiment = load_encoder_en(), load_sentiment("en")
    tagger = AliasTagger([Brand(name=name) for name in ("Northwind", "Bellacrema", "Kaffelund", "Torvane", "Moricci")])
    reference = SentenceTransformer(str(base_folder()), device="cpu")
    rows = {
        "sentence-transformers, default encode": lambda batch: reference.encode(batch, show_progress_bar=False),
        "encoder with sentiment, one pass": lambda batch: sentiment.predict(batch, encoder.encode(batch)),
        "brand mentions by alias": tagger.tag,
    }
    print(f"{len(texts)} reviews, {ROUNDS} rounds, one thread, precision {encoder.precision}")
    rates = {name: per_second(work, texts) for name, work in rows.items()}
    base = rates["sentence-transformers, default encode"][ROUNDS // 2]
    for name, found in rates.items():
        low, middle, high = found[0], found[ROUNDS // 2], found[-1]
        ratio = f", {middle / base:,.1f} x" if "enco" in name else ""  # aliases are other work than encoding
        print(f"{name:40s} {middle:10,.0f} documents / CPU-second ({low:,.0f} to {high:,.0f}){ratio}")


if __name__ == "__main__":
    main()
