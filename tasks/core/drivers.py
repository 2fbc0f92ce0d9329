"""Which topics go with a change in net sentiment: leave one topic out, and see how much of the change is left.

The contribution of a topic is the change with all documents minus the change without the topic's. It says what the
change is associated with, never why it came. Its interval is a seeded bootstrap over the documents of both weeks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.core.report_model import Driver, Drivers

MIN_N = 30
MIN_TOPIC_N = 10
DRAWS = 2000
SEED = 20260105


def drivers(rows: Sequence[Mapping[str, Any]], *, brand: str, count: int = 5) -> Drivers | None:
    """Contributions of topics to the week's change in net sentiment, largest first.

    Args:
        rows: is_this_week, topic_id (None: no topic), positive, negative, scored documents of the brand.

    Returns:
        None where one of the two weeks has fewer than 30 scored documents. Only topics with 10 documents in the two
        weeks, and without which both weeks keep 30, are weighed.
    """
    topics: list[str | None] = [*sorted({row["topic_id"] for row in rows if row["topic_id"]}), None]
    place = {topic: i for i, topic in enumerate(topics)}
    counts = np.zeros((2, len(topics), 3), np.int64)  # week (before, this), topic, (positive, negative, other)
    for row in rows:
        cell = counts[int(row["is_this_week"]), place[row["topic_id"]]]
        cell += np.array([row["positive"], row["negative"], row["scored"] - row["positive"] - row["negative"]])
    totals = counts.sum(axis=(1, 2))
    if (totals < MIN_N).any():
        return None
    rng = np.random.default_rng(SEED)
    drawn = np.stack(
        [rng.multinomial(totals[w], counts[w].ravel() / totals[w], size=DRAWS).reshape(DRAWS, -1, 3) for w in (0, 1)],
        axis=1,
    )
    of_topic = counts.sum(axis=2)
    found = []
    for topic, i in place.items():
        if topic is None or of_topic[:, i].sum() < MIN_TOPIC_N or (totals - of_topic[:, i] < MIN_N).any():
            continue
        lo, hi = np.quantile(_contribution(drawn, i), [0.025, 0.975])
        found.append(
            Driver(
                topic_id=topic,
                n=int(of_topic[1, i]),
                n_previous=int(of_topic[0, i]),
                contribution=float(_contribution(counts[None], i)[0]),
                lo=float(lo),
                hi=float(hi),
            )
        )
    found.sort(key=lambda driver: (-abs(driver.contribution), driver.topic_id))
    return Drivers(
        brand=brand,
        n=int(totals[1]),
        n_previous=int(totals[0]),
        delta=float(_change(counts[None])[0]),
        rows=tuple(found[:count]),
        without_topic_count=int(of_topic[1, place[None]]),
    )


def _contribution(counts: NDArray[np.int64], topic: int) -> NDArray[np.float64]:
    """(n_draws,): change with all documents minus change without the topic; counts (n_draws, 2, n_topics, 3)."""
    return _change(counts) - _change(np.delete(counts, topic, axis=2))


def _change(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n_draws,): net sentiment of this week minus that of the week before."""
    sums = counts.sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        net = (sums[:, :, 0] - sums[:, :, 1]) / sums.sum(axis=2)
    return net[:, 1] - net[:, 0]
