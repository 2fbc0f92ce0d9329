"""Training of the Chinese sentiment model: labelled texts in, weights over hashed character n-grams out.

No word segmentation is needed, and none can go wrong. What decides is how well whole sites are read that training
never saw. Three things serve that, each measured on sites left out:

- n-grams are scaled by how surely they tell praise from blame, then a logistic regression is fitted (as in Wang and
  Manning, "Baselines and Bigrams", 2012);
- within each group of texts (shop, category, site) praise and blame count the same, so that what a group speaks of,
  such as shampoo, is no sign of either;
- no group has more than so many texts of a label, so that no large shop decides for all.

A user's few hundred texts can't teach an n-gram model Chinese. So `prior` adds what the shipped model says to the
features; that, too, is folded into one set of weights, kept as float16.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tasks.core.contracts import SENTIMENTS
from tasks.core.sentiment import MIXED, NEGATIVE, NEUTRAL, POSITIVE
from tasks.core.statistics import wilson
from tasks.models.sentiment import BUCKETS, hashed_ngrams, ngram_logits

_NEVER = -30.0
_ON_TOP_SCALE = 1.0
_LEAST_BALANCE = 0.01


@dataclass(frozen=True)
class NgramRecipe:
    """How to train.

    inverse_penalty: the larger, the closer to the training data (scikit-learn's C); on_top_penalty: the same with a
        prior; max_iterations: where the fit is stopped, converged or not.
    smoothing: what is added to an n-gram's sums before their log-ratio; least_scale: what is added to its size.
    max_texts: of a group's texts with one label, at most so many are read, evenly spaced. All neutral texts, most of
        them of one car forum, would make the model say neutral of sites that it does not know.
    neutral_offset: added to the logit of neutral: most texts of an unknown site hold n-grams that nobody taught, and
        it is for these to be doubtful, not neutral. Chosen on sites left out as a whole.
    """

    inverse_penalty: float = 2.0
    on_top_penalty: float = 3.0
    smoothing: float = 0.02
    least_scale: float = 0.05
    max_texts: int = 1500
    class_weight_power: float = 0.75
    neutral_offset: float = -0.3
    max_iterations: int = 45
    seed: int = 13


@dataclass(frozen=True)
class Ngrams:
    """weight: (4, buckets), those of single characters and pairs first; bias: (4,)."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, 4)."""
        return ngram_logits(texts, weight=self.weight, bias=self.bias)


def fit_ngrams(
    texts: Sequence[str],
    classes: NDArray[np.int64],
    *,
    weights: NDArray[np.floating],
    groups: Sequence[str],
    recipe: NgramRecipe,
) -> Ngrams:
    """Fit the n-gram model.

    Args:
        classes: (n,) columns of SENTIMENTS.
        weights: (n,) how much each text counts.
        groups: of each text, such as its site.

    Returns:
        The model, rounded to float16; a class that never occurs has a bias of -30, so that it is never said.
    """
    names = np.array(groups)
    rows = evenly_spaced(classes, names, most=recipe.max_texts)
    return _fitted(_matrix([texts[i] for i in rows]), classes[rows], weights[rows], names[rows], recipe)


def evenly_spaced(classes: NDArray[np.int64], groups: NDArray[np.str_], *, most: int) -> NDArray[np.int64]:
    """Row numbers, in order, of at most so many texts of each class in each group, evenly spaced."""
    kept = []
    for group in np.unique(groups):
        for kind in np.unique(classes):
            rows = np.flatnonzero((groups == group) & (classes == kind))
            kept.append(rows if len(rows) <= most else rows[np.arange(most) * len(rows) // most])
    return np.sort(np.concatenate(kept)) if kept else np.zeros(0, np.int64)


def pole_balance(
    classes: NDArray[np.int64], groups: NDArray[np.str_], weights: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(n,) factors, at most 1, by which negative and positive texts of a group count the same (but at least 0.01)."""
    factors = np.ones(len(classes))
    for group in np.unique(groups):
        poles = [(groups == group) & (classes == pole) for pole in (NEGATIVE, POSITIVE)]
        totals = [float(weights[rows].sum()) for rows in poles]
        for rows, total in zip(poles, totals, strict=True):
            if total > min(totals):
                factors[rows] = max(min(totals) / total, _LEAST_BALANCE)
    return factors


def fit_on_top(
    texts: Sequence[str],
    classes: NDArray[np.int64],
    *,
    weights: NDArray[np.floating],
    recipe: NgramRecipe,
    prior: Ngrams,
) -> Ngrams:
    """Go on from a model: its logits are four more features beside the n-grams; see `fit_ngrams`."""
    matrix = _matrix(texts)
    features = sparse.hstack([matrix * _ON_TOP_SCALE, matrix @ prior.weight.T + prior.bias]).tocsr()
    weight, bias = _regression(features, classes, weights, recipe, inverse_penalty=recipe.on_top_penalty)
    on_top, mixing = weight[:, :BUCKETS], weight[:, BUCKETS:]
    return Ngrams(_rounded(on_top * _ON_TOP_SCALE + mixing @ prior.weight), _rounded(bias + mixing @ prior.bias))


def with_mixed_offset(model: Ngrams, logits: NDArray[np.floating], classes: NDArray[np.int64]) -> Ngrams:
    """The model with `mixed` said as readily as serves its F1 on validation texts best; logits (n, 4) are the model's.

    Invented mixed texts are far more of the training than real ones are of what is read. Texts of sets that never say
    `mixed` tell nothing here, and should be left out.
    """
    is_mixed = classes == MIXED
    best, best_f1 = 0.0, -1.0
    for offset in np.arange(10, -31, -1) / 10 if is_mixed.any() else ():
        said = (logits + offset * (np.arange(len(SENTIMENTS)) == MIXED)).argmax(axis=1) == MIXED
        f1 = 2 * (said & is_mixed).sum() / (said.sum() + is_mixed.sum())
        if f1 > best_f1:
            best, best_f1 = float(offset), float(f1)
    bias = model.bias.copy()
    bias[MIXED] += best
    return Ngrams(model.weight, _rounded(bias))


def accuracy_on_left_out_groups(
    texts: Sequence[str],
    classes: NDArray[np.int64],
    *,
    weights: NDArray[np.floating],
    groups: Sequence[str],
    recipe: NgramRecipe,
    tested: Sequence[str],
    batches: int = 5,
    min_texts: int = 200,
) -> dict[str, dict]:
    """How well whole groups, such as a shop's category, are read by a model that never saw any of their texts.

    Args:
        tested: the groups to leave out; every `batches`-th of them, by name, at a time. Several at a time are harder
            to read than one, and quicker measured.

    Returns:
        For each of these with enough negative and positive texts: n of these (at most the recipe's max_texts of each);
        accuracy in [0, 1] of telling them apart (the sign of P(positive) - P(negative)), with its interval lo, hi;
        says: share that is called negative or positive, and agreement: share of these that is right.
    """
    names = np.array(groups)
    rows = evenly_spaced(classes, names, most=recipe.max_texts)
    read = [texts[i] for i in rows]
    classes, weights, names = classes[rows], weights[rows], names[rows]
    matrix = _matrix(read)
    has_pole = (classes == NEGATIVE) | (classes == POSITIVE)
    results = {}
    enough = [group for group in sorted(set(tested)) if _has_both_poles(classes[names == group], min_texts)]
    models: dict[str, Ngrams] = {}
    for first in range(min(batches, len(enough))):
        batch = enough[first::batches]
        rest = ~np.isin(names, batch)
        model = _fitted(matrix[rest], classes[rest], weights[rest], names[rest], recipe)
        models |= dict.fromkeys(batch, model)
    for group in enough:
        is_test = (names == group) & has_pole
        truth = classes[is_test]
        logits = models[group].logits([read[i] for i in np.flatnonzero(is_test).tolist()])
        is_right = (logits[:, POSITIVE] > logits[:, NEGATIVE]) == (truth == POSITIVE)
        lo, hi = wilson(int(is_right.sum()), len(is_right))
        said = logits.argmax(axis=1)
        takes_side = (said == NEGATIVE) | (said == POSITIVE)
        results[group] = {
            "n": int(is_test.sum()),
            "accuracy": round(float(is_right.mean()), 4),
            "lo": round(float(lo), 4),
            "hi": round(float(hi), 4),
            "says": round(float(takes_side.mean()), 4),
            "agreement": round(float((said == truth)[takes_side].mean()), 4) if takes_side.any() else None,
        }
    return results


def _has_both_poles(classes: NDArray[np.int64], min_texts: int) -> bool:
    counts = [int((classes == pole).sum()) for pole in (NEGATIVE, POSITIVE)]
    return min(counts) > 0 and sum(counts) >= min_texts


def _fitted(
    matrix: sparse.csr_matrix,
    classes: NDArray[np.int64],
    weights: NDArray[np.floating],
    groups: NDArray[np.str_],
    recipe: NgramRecipe,
) -> Ngrams:
    balance = pole_balance(classes, groups, weights)
    scale = np.abs(_log_ratio(matrix, classes, balance, recipe.smoothing)) + recipe.least_scale
    weight, bias = _regression(
        matrix @ sparse.diags(scale.astype(np.float32)),
        classes,
        weights * balance,
        recipe,
        inverse_penalty=recipe.inverse_penalty,
    )
    bias[NEUTRAL] += recipe.neutral_offset
    return Ngrams(_rounded(weight * scale), _rounded(bias))


def _matrix(texts: Sequence[str]) -> sparse.csr_matrix:
    return sparse.vstack([rows for _, rows in hashed_ngrams(texts)]).tocsr()


def _log_ratio(
    matrix: sparse.csr_matrix, classes: NDArray[np.int64], weights: NDArray[np.float64], smoothing: float
) -> NDArray[np.float64]:
    """(buckets,) how much commoner an n-gram is in positive texts than in negative ones, as a logarithm."""
    shares = []
    for pole in (POSITIVE, NEGATIVE):
        of_pole = weights * (classes == pole)
        shares.append(np.log((matrix.T @ of_pole + smoothing) / (of_pole.sum() + 2 * smoothing)))
    return shares[0] - shares[1]


def _regression(
    features: sparse.csr_matrix,
    classes: NDArray[np.int64],
    weights: NDArray[np.floating],
    recipe: NgramRecipe,
    *,
    inverse_penalty: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weight (4, n_features) and bias (4,) of a logistic regression."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    counts = np.bincount(classes, weights=weights, minlength=len(SENTIMENTS))
    balance = np.divide(counts.max(), counts, out=np.zeros_like(counts), where=counts > 0) ** recipe.class_weight_power
    model = LogisticRegression(C=inverse_penalty, max_iter=recipe.max_iterations, tol=1e-3, random_state=recipe.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is part of the recipe
        model.fit(features, classes, sample_weight=weights * balance[classes])
    weight = np.zeros((len(SENTIMENTS), features.shape[1]))
    bias = np.full(len(SENTIMENTS), _NEVER)
    if len(model.classes_) == 2:  # scikit-learn keeps one row then: the second class against the first
        weight[model.classes_[1]] = model.coef_[0]
        bias[model.classes_] = (0.0, model.intercept_[0])
    else:
        weight[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    return weight, bias


def _rounded(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """What is left of values once they are stored as float16."""
    return values.astype(np.float16).astype(np.float32)
