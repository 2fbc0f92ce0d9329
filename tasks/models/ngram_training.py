"""Training of the Chinese sentiment model: labelled texts in, weights over hashed character n-grams out.

No word segmentation is needed, and none can go wrong. What decides is how well whole sites are read that training
never saw. So n-grams are scaled by how surely they tell praise from blame (as in Wang and Manning, "Baselines and
Bigrams", 2012), and two logistic regressions over scaled n-grams are added up, classes weighted against imbalance:

- one over single characters, pairs and triples, scaled by the log-ratio of their counts in all texts together;
- one over single characters and pairs, scaled by the mean log-ratio over the groups of texts (shops, categories,
  sites), so that what one group alone says counts little.

Both are linear in the same n-grams; scales and sum are folded into one set of weights, kept as float16.

A user's few hundred texts can't teach an n-gram model Chinese. So `prior` adds what the shipped model says to the
features; that, too, is folded in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tasks.core.contracts import SENTIMENTS
from tasks.core.sentiment import MIXED, NEGATIVE, NEUTRAL, POSITIVE
from tasks.models.sentiment import BUCKETS, hashed_ngrams, ngram_logits

_NEVER = -30.0
_ON_TOP_SCALE = 0.25
_MIN_POLE_TEXTS = 50


@dataclass(frozen=True)
class NgramRecipe:
    """How to train.

    inverse_penalty: the larger, the closer to the training data (scikit-learn's C); on_top_penalty: the same with a
        prior.
    smoothing, group_smoothing: what is added to counts before their log-ratio, over all texts and within a group.
    neutral_offset: added to the logit of neutral: most texts of an unknown site hold n-grams that nobody taught, and
        it is for these to be doubtful, not neutral. Chosen on sites left out as a whole.
    """

    inverse_penalty: float = 0.02
    on_top_penalty: float = 3.0
    smoothing: float = 0.1
    group_smoothing: float = 0.3
    least_scale: float = 0.05
    class_weight_power: float = 0.75
    neutral_offset: float = -0.6
    max_iterations: int = 100
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
    matrix = _matrix(texts)
    whole = _scale([_log_ratio(matrix, classes, recipe.smoothing)], [1.0], recipe)
    ratios, trust = [], []
    names = np.array(groups)
    for name in sorted(set(groups)):
        rows = np.flatnonzero(names == name)
        fewest = min(int((classes[rows] == pole).sum()) for pole in (NEGATIVE, POSITIVE))
        if fewest >= _MIN_POLE_TEXTS:
            ratios.append(_log_ratio(matrix[rows], classes[rows], recipe.group_smoothing))
            trust.append(fewest**0.5)
    shared = _scale(ratios, trust, recipe) if ratios else whole
    shared = np.where(np.arange(BUCKETS) < BUCKETS // 2, shared, 0).astype(np.float32)
    weight, bias = np.zeros((len(SENTIMENTS), BUCKETS)), np.zeros(len(SENTIMENTS))
    for scale in (whole, shared):
        own_weight, own_bias = _regression(
            matrix @ sparse.diags(scale), classes, weights, recipe, inverse_penalty=recipe.inverse_penalty
        )
        weight, bias = weight + own_weight * scale / 2, bias + own_bias / 2
    bias[NEUTRAL] += recipe.neutral_offset
    return Ngrams(_rounded(weight), _rounded(bias))


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
    min_texts: int = 200,
) -> dict[str, dict]:
    """How well whole groups, such as a shop's category, are read by a model that never saw any of their texts.

    Returns:
        For each group with enough negative and positive texts: n of these; accuracy in [0, 1] of telling them apart
        (the sign of P(positive) - P(negative)); says: share that is called negative or positive, and agreement: share
        of these that is right.
    """
    names = np.array(groups)
    has_pole = (classes == NEGATIVE) | (classes == POSITIVE)
    results = {}
    for group in sorted(set(groups)):
        is_test = (names == group) & has_pole
        if is_test.sum() < min_texts or len(set(classes[is_test].tolist())) < 2:
            continue
        rest = np.flatnonzero(names != group)
        model = fit_ngrams(
            [texts[i] for i in rest.tolist()],
            classes[rest],
            weights=weights[rest],
            groups=[groups[i] for i in rest.tolist()],
            recipe=recipe,
        )
        logits, truth = model.logits([texts[i] for i in np.flatnonzero(is_test).tolist()]), classes[is_test]
        is_positive = logits[:, POSITIVE] > logits[:, NEGATIVE]
        said = logits.argmax(axis=1)
        takes_side = (said == NEGATIVE) | (said == POSITIVE)
        results[group] = {
            "n": int(is_test.sum()),
            "accuracy": round(float((is_positive == (truth == POSITIVE)).mean()), 4),
            "says": round(float(takes_side.mean()), 4),
            "agreement": round(float((said == truth)[takes_side].mean()), 4) if takes_side.any() else None,
        }
    return results


def _matrix(texts: Sequence[str]) -> sparse.csr_matrix:
    return sparse.vstack([rows for _, rows in hashed_ngrams(texts)]).tocsr()


def _log_ratio(matrix: sparse.csr_matrix, classes: NDArray[np.int64], smoothing: float) -> NDArray[np.float64]:
    """(buckets,) how much commoner an n-gram is in positive texts than in negative ones, as a logarithm."""
    shares = []
    for pole in (POSITIVE, NEGATIVE):
        counts = np.asarray(matrix[classes == pole].sum(axis=0)).ravel() + smoothing
        shares.append(np.log(counts / ((classes == pole).sum() + 2 * smoothing)))
    return shares[0] - shares[1]


def _scale(ratios: Sequence[NDArray[np.float64]], trust: Sequence[float], recipe: NgramRecipe) -> NDArray[np.float32]:
    """(buckets,) size of the mean log-ratio, weighed by trust."""
    mean = np.average(np.array(ratios), axis=0, weights=trust)
    return (np.abs(mean) + recipe.least_scale).astype(np.float32)


def _regression(
    features: sparse.csr_matrix,
    classes: NDArray[np.int64],
    weights: NDArray[np.floating],
    recipe: NgramRecipe,
    *,
    inverse_penalty: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weight (4, n_features) and bias (4,) of a logistic regression."""
    from sklearn.linear_model import LogisticRegression

    counts = np.bincount(classes, weights=weights, minlength=len(SENTIMENTS))
    balance = np.divide(counts.max(), counts, out=np.zeros_like(counts), where=counts > 0) ** recipe.class_weight_power
    model = LogisticRegression(C=inverse_penalty, max_iter=recipe.max_iterations, tol=1e-3, random_state=recipe.seed)
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
