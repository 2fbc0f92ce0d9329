"""`make bench`: what the encoder with its heads and the whole enrichment cost, against the three customary pipelines.

Everything is measured in one run, on one thread, in documents a CPU-second; a claim of speed is a ratio of two of
these figures. The documents are English reviews of the sample; the slow pipelines get every 16th of them. The ceiling
is what this processor's matrix products reach on the encoder's own shapes.
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
DOCUMENTS = 1024
ROUNDS = 3
EVERY = 16
BATCHES = (256, 1024, 16_384)


def reviews(count: int = DOCUMENTS) -> list[str]:
    """The first English reviews of the sample, in file order."""
    texts = []
    for path in sorted(SAMPLE.glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            texts += [row["content"] for row in csv.DictReader(file) if row.get("content")]
    return texts[:count]


def per_second(work: Callable[[list[str]], object], texts: list[str]) -> list[float]:
    """Documents a CPU-second in each round, sorted, after a first round that is not counted."""
    work(texts[: max(4, len(texts) // 10)])
    rates = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work(texts)
        rates.append(len(texts) / (time.process_time() - started))
    return sorted(rates)


def ceiling(precision: str) -> float:
    """FLOP a CPU-second of matrix products on the shapes of the encoder's feed-forward layer."""
    import torch

    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    rows, dim, inner = 4096, 384, 1536
    left, right = torch.randn(rows, dim).to(dtype), torch.nn.Linear(dim, inner).to(dtype)
    with torch.inference_mode():
        right(left)
        started, count = time.process_time(), 0
        while time.process_time() - started < 2:
            right(left)
            count += 1
    return 2 * rows * dim * inner * count / (time.process_time() - started)


def show(name: str, rates: list[float], base: float | None) -> None:
    low, middle, high = rates[0], rates[len(rates) // 2], rates[-1]
    ratio = f"{middle / base:8.1f} x" if base else ""
    print(f"{name:44s} {middle:10,.1f} ({low:,.1f} to {high:,.1f}) {ratio}")


def main() -> None:
    import torch

    from tests.bench.customary import pipelines
    from tests.bench.enrichment import enrichment_rate, load_models

    torch.set_num_threads(1)
    texts = reviews()
    models = load_models()
    encoder = models.encoder
    print(f"{len(texts)} reviews, {ROUNDS} rounds, one thread, {encoder.precision}; documents a CPU-second (range)")
    few = texts[::EVERY]
    customary = {name: per_second(work, few) for name, work in pipelines().items()}
    together = 1 / sum(1 / rates[ROUNDS // 2] for rates in customary.values())
    for name, rates in customary.items():
        show(name, rates, None)
    show("the three together", [together], None)
    heads = per_second(models.read, texts)
    show("encoder with all heads, one pass", heads, together)
    show("encoder alone (embedding)", per_second(models.embed, texts), None)
    show("whole enrichment, new documents", [enrichment_rate(reviews(4 * DOCUMENTS))], together)

    top = ceiling(encoder.precision)
    tokens = float(encoder.encode(texts).token_counts.sum() + 2 * len(texts))
    reached = heads[ROUNDS // 2] / len(texts) * tokens * models.flop_per_token
    print(
        f"matrix products reach {top / 1e9:,.0f} GFLOP/s; encoder with heads {reached / 1e9:,.0f}: {reached / top:.0%}"
    )

    whole = models.labels(texts)
    for batch in BATCHES:
        other = models.labels(texts, batch_tokens=batch)
        agreement = sum(a == b for a, b in zip(whole, other, strict=True)) / len(texts)
        print(f"labels in batches of {batch:,} tokens agree with those in {encoder.batch_tokens:,}: {agreement:.2%}")


if __name__ == "__main__":
    main()
