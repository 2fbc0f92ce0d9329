"""The random field: possible sequences only, exact sums, and learning from partial labels."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from tasks.models.crf import Crf, allowed_tags, impossible, spans_of, tags_of

TAGS = tags_of(["a", "b"])


def possible(path: tuple[int, ...]) -> bool:
    follows, first, last = impossible(TAGS)
    pairs = itertools.pairwise(path)
    return not (first[path[0]] or last[path[-1]] or any(follows[one, other] for one, other in pairs))


def brute(field: Crf, scores: torch.Tensor, allowed: np.ndarray) -> list[tuple[float, tuple[int, ...]]]:
    follow = field.transitions.detach()
    rows = []
    for path in itertools.product(range(len(TAGS)), repeat=len(scores)):
        if possible(path) and all(allowed[place, tag] for place, tag in enumerate(path)):
            score = sum(float(scores[place, tag]) for place, tag in enumerate(path))
            score += sum(float(follow[one, other]) for one, other in itertools.pairwise(path))
            rows.append((score, path))
    return rows


def field_and_scores() -> tuple[Crf, torch.Tensor]:
    torch.manual_seed(3)
    field = Crf(TAGS)
    field.transitions.data.normal_()
    return field, torch.randn(2, 3, len(TAGS))


def test_loss_is_the_log_share_of_the_allowed_sequences():
    field, scores = field_and_scores()
    allowed = allowed_tags(3, [(0, 2, "a|b")], [(2, 3)], TAGS)
    every = brute(field, scores[0], np.ones_like(allowed))
    right = brute(field, scores[0], allowed)
    expected = np.logaddexp.reduce([row[0] for row in every]) - np.logaddexp.reduce([row[0] for row in right])
    loss = field.loss(scores[:1], torch.tensor([3]), torch.from_numpy(allowed)[None])
    assert abs(loss.item() - expected) < 1e-4


def test_the_best_sequence_is_the_best_of_all_possible_ones_also_in_a_padded_batch():
    field, scores = field_and_scores()
    with torch.inference_mode():
        paths = field.best(scores, [3, 2])
    full = np.ones((3, len(TAGS)), bool)
    assert tuple(paths[0]) == max(brute(field, scores[0], full))[1]
    assert tuple(paths[1]) == max(brute(field, scores[1, :2], full[:2]))[1]


def test_spans_of_a_sequence_and_back():
    allowed = allowed_tags(6, [(0, 1, "a"), (2, 5, "b")], [], TAGS)
    assert allowed.sum(axis=1).tolist() == [1] * 6
    assert spans_of(allowed.argmax(axis=1).tolist(), TAGS) == [(0, 1, "a"), (2, 5, "b")]
