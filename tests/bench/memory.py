"""`make bench-memory`: how memory grows over 100,000 short reviews, read as a run reads them, in MiB.

The first 20,000 are not counted: they load the models and fill the allocator's pools.
"""

from __future__ import annotations

import itertools
import os

os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

WARM_UP, COUNTED, BATCH = 20_000, 100_000, 2_000
OPENINGS = ("Great", "Poor", "Fine", "Terrible", "Lovely", "Average", "Solid", "Useless", "Decent", "Superb")
THINGS = ("app", "delivery", "grinder", "milk foam", "support", "price", "pump", "manual", "box", "battery")


def short_reviews(count: int) -> list[str]:
    """Reviews of four to six words, no two alike."""
    pairs = itertools.cycle(itertools.product(OPENINGS, THINGS))
    return [f"{opening} {thing}, order {number}" for number, (opening, thing) in zip(range(count), pairs, strict=False)]


def main() -> None:
    import psutil
    import torch

    from tests.bench.enrichment import load_models

    torch.set_num_threads(1)
    models, process = load_models(), psutil.Process()
    texts = short_reviews(WARM_UP + COUNTED)
    start = 0.0
    for at in range(0, len(texts), BATCH):
        if at == WARM_UP:
            start = process.memory_info().rss / 2**20
        models.read(texts[at : at + BATCH])
        if at >= WARM_UP and (at - WARM_UP) % 20_000 == 0:
            print(f"{at - WARM_UP:>7,} read: {process.memory_info().rss / 2**20 - start:+8.1f} MiB", flush=True)
    print(f"growth over {COUNTED:,} short reviews: {process.memory_info().rss / 2**20 - start:+.1f} MiB")


if __name__ == "__main__":
    main()
