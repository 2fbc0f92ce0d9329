"""Training of the Chinese n-gram model on planted texts: balance of poles, even samples, sites left out."""

import numpy as np
import pytest

from tasks.core.sentiment import MIXED, NEGATIVE, NEUTRAL, POSITIVE
from tasks.models.ngram_training import (
    NgramRecipe,
    accuracy_on_left_out_groups,
    evenly_spaced,
    fit_ngrams,
    pole_balance,
)

GOOD, BAD = ("满意", "推荐", "喜欢", "精致", "方便", "实惠"), ("失望", "退货", "讨厌", "粗糙", "麻烦", "昂贵")


def reviews(thing, good, bad):
    """(text, class) pairs: so many kinds of praise and blame of a thing."""
    rows = []
    for words, kind, count in ((GOOD, POSITIVE, good), (BAD, NEGATIVE, bad)):
        rows += [
            (f"{thing}{words[i % 6]}{words[(i // 6) % 6]}第{'一二三四五六七'[i % 7]}次", kind) for i in range(count)
        ]
    return rows


def arrays(groups):
    rows = [(text, kind, name) for name, pairs in groups.items() for text, kind in pairs]
    texts, classes, names = zip(*rows, strict=True)
    return list(texts), np.array(classes), np.ones(len(rows)), list(names)


def test_praise_and_blame_of_a_group_count_the_same():
    classes = np.array([POSITIVE] * 8 + [NEGATIVE] * 2 + [NEUTRAL, MIXED] + [POSITIVE] * 3)
    groups = np.array(["a"] * 12 + ["b"] * 3)
    factors = pole_balance(classes, groups, np.ones(len(classes)))
    assert factors[:8].sum() == pytest.approx(factors[8:10].sum())
    assert factors[8:12].tolist() == [1, 1, 1, 1]
    assert factors[12:].tolist() == [0.01] * 3  # a group of praise alone says next to nothing


def test_large_groups_are_thinned_evenly_and_small_ones_kept():
    classes = np.array([POSITIVE] * 10 + [NEGATIVE] * 3 + [POSITIVE] * 2)
    groups = np.array(["a"] * 13 + ["b"] * 2)
    assert evenly_spaced(classes, groups, most=5).tolist() == [0, 2, 4, 6, 8, 10, 11, 12, 13, 14]
    assert evenly_spaced(classes, groups, most=100).tolist() == list(range(15))
    assert evenly_spaced(np.array([], int), np.array([], str), most=5).tolist() == []


def test_what_a_site_speaks_of_is_no_sign_of_praise():
    texts, classes, weights, groups = arrays({"a": reviews("洗发水", 120, 6), "b": reviews("手机", 60, 60)})
    model = fit_ngrams(texts, classes, weights=weights, groups=groups, recipe=NgramRecipe())
    as_one = fit_ngrams(texts, classes, weights=weights, groups=["all"] * len(texts), recipe=NgramRecipe())

    def lean(of):
        return float(np.diff(of.logits(["洗发水"])[0, [NEGATIVE, POSITIVE]])[0])

    assert abs(lean(model)) < abs(lean(as_one))
    assert lean(as_one) > 0


def test_left_out_groups_are_read_by_what_all_share():
    texts, classes, weights, groups = arrays(
        {name: reviews(name, 110, 110) for name in ("洗发水", "手机", "酒店", "书籍")} | {"小店": reviews("茶", 9, 9)}
    )
    told = accuracy_on_left_out_groups(
        texts, classes, weights=weights, groups=groups, recipe=NgramRecipe(), tested=groups, batches=2
    )
    assert set(told) == {"洗发水", "手机", "酒店", "书籍"}
    for result in told.values():
        assert result["n"] == 220
        assert result["lo"] < result["accuracy"] <= result["hi"] + 1e-9
        assert result["accuracy"] > 0.95


def test_labels_at_odds_with_all_other_sites_are_told():
    swapped = [(text, NEGATIVE if kind == POSITIVE else POSITIVE) for text, kind in reviews("书籍", 110, 110)]
    texts, classes, weights, groups = arrays(
        {name: reviews(name, 110, 110) for name in ("洗发水", "手机", "酒店")} | {"书籍": swapped}
    )
    told = accuracy_on_left_out_groups(
        texts, classes, weights=weights, groups=groups, recipe=NgramRecipe(), tested=["书籍"]
    )
    assert told["书籍"]["accuracy"] < 0.05
