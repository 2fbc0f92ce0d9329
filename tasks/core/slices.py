"""Where labels are better or worse: accuracy by language, source, text length and whatever else rows are grouped by.

What arrives: for each of n documents the true label, the predicted one (None where the model abstained, which counts
as wrong), and its group under each heading; None where it has none. What leaves: per group its accuracy with the
Wilson interval, and the gap to all other documents of the heading with Newcombe's interval for a difference of two
shares. A gap whose interval leaves out 0 is marked; among twenty groups one is so by chance alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tasks.core.metrics import classification_metrics
from tasks.core.statistics import newcombe
from tasks.errors import DataContractError

MAX_GROUPS = 30
OTHERS = "(others)"
_BOUNDS = {"en": (8, 25), "zh": (12, 40)}
_LENGTHS = ("short", "medium", "long")


def length_group(text: str, language: str) -> str:
    """short, medium or long: up to 8, up to 25 or more words; in Chinese 12 and 40 characters without spaces."""
    count = len("".join(text.split())) if language == "zh" else len(text.split())
    return _LENGTHS[sum(count > bound for bound in _BOUNDS.get(language, _BOUNDS["en"]))]


def gaps(
    headings: Mapping[str, Sequence[str | None]], truth: Sequence[str], predicted: Sequence[str | None]
) -> dict[str, list[dict]]:
    """How the groups of each heading fare; headings with fewer than two groups are left out.

    Returns:
        Per heading its groups, largest first: {group, n, coverage, accuracy, macro_f1, gap}. accuracy and macro_f1
        are {value, lo, hi} in [0, 1]; gap is {value, lo, hi, is_beyond} in [-1, 1]: accuracy of the group less that
        of the heading's other documents. Beyond 30 groups the smallest are taken together.
    """
    if len(truth) != len(predicted) or any(len(groups) != len(truth) for groups in headings.values()):
        raise DataContractError("Each heading names one group per document")
    return {
        heading: [_fare(group, groups, truth, predicted) for group in names]
        for heading, given in headings.items()
        if len(names := _by_size(groups := _limited(given))) >= 2
    }


def _limited(given: Sequence[str | None]) -> list[str | None]:
    names = _by_size(given)
    if len(names) <= MAX_GROUPS:
        return list(given)
    kept = set(names[: MAX_GROUPS - 1])
    return [name if name is None or name in kept else OTHERS for name in given]


def _by_size(groups: Sequence[str | None]) -> list[str]:
    counts = Counter(name for name in groups if name is not None)
    if counts.keys() <= set(_LENGTHS):
        return [name for name in _LENGTHS if name in counts]
    return sorted(counts, key=lambda name: (-counts[name], name))


def _fare(name: str, groups: Sequence[str | None], truth: Sequence[str], predicted: Sequence[str | None]) -> dict:
    inside = [i for i, group in enumerate(groups) if group == name]
    rest = [i for i, group in enumerate(groups) if group is not None and group != name]
    scores = classification_metrics([truth[i] for i in inside], [predicted[i] for i in inside])
    k, k_rest = (sum(truth[i] == predicted[i] for i in rows) for rows in (inside, rest))
    lo, hi = (float(bound) for bound in newcombe(k, len(inside), k_rest, len(rest)))
    return {
        "group": name,
        "n": len(inside),
        "coverage": scores["coverage"],
        "accuracy": scores["metrics"]["accuracy"],
        "macro_f1": scores["metrics"]["macro_f1"],
        "gap": {
            "value": round(k / len(inside) - k_rest / len(rest), 6),
            "lo": round(lo, 6),
            "hi": round(hi, 6),
            "is_beyond": lo > 0 or hi < 0,
        },
    }
