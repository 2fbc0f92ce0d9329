"""B-cubed scores and coherence, against numbers worked out by hand."""

import numpy as np
import pytest

from tasks.core.clustering import alone, bcubed, coherence
from tasks.errors import DataContractError


def test_bcubed_by_hand():
    # topic 0 holds a, a, b; topic 1 holds b. Precision: (2/3 + 2/3 + 1/3 + 1) / 4; recall: (1 + 1 + 1/2 + 1/2) / 4
    precision, recall, f1 = bcubed(["a", "a", "b", "b"], [0, 0, 0, 1])
    assert precision == pytest.approx(8 / 3 / 4)
    assert recall == pytest.approx(3 / 4)
    assert f1 == pytest.approx(2 * precision * recall / (precision + recall))


def test_perfect_topics_score_one_whatever_their_numbers():
    assert bcubed(["x", "y", "x", "z"], [7, 0, 7, 3]) == (1, 1, 1)


def test_documents_without_a_topic_are_alone():
    assert alone([0, -1, -1]) == [0, 2, 3]
    precision, recall, _ = bcubed(["a", "a"], [-1, -1])
    assert (precision, recall) == (1, 0.5)


def test_coherence_by_hand():
    documents = [frozenset(words) for words in ({"a", "b"}, {"a", "b"}, {"a"}, {"c"})]
    # p(a) = 3/4, p(b) = 1/2, p(a, b) = 1/2: log(0.5 / 0.375) / -log(0.5)
    values = coherence([["a", "b"], ["a", "c"], ["a"]], documents)
    assert values[0] == pytest.approx(np.log(4 / 3) / np.log(2))
    assert values[1] == -1
    assert np.isnan(values[2])


def test_words_that_always_stand_together_have_one():
    assert coherence([["a", "b"]], [frozenset({"a", "b"})] * 3)[0] == 1
    assert coherence([["a", "b"]], [frozenset({"a", "b"}), frozenset({"c"})])[0] == pytest.approx(1)


def test_nothing_to_score_is_an_error():
    with pytest.raises(DataContractError):
        bcubed([], [])
