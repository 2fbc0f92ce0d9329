"""What the shared English layers learn from, and what they are measured on."""

import os
from pathlib import Path

import pytest

from tasks.train_english import read_sets
from tasks.training_sets import keys_of

SHARED = Path(os.environ.get("MARKETBRIEF_SHARED_DATA") or Path(__file__).resolve().parents[1] / "../shared/data")


@pytest.mark.shared
@pytest.mark.weights
@pytest.mark.skipif(not SHARED.is_dir(), reason="the third-party data folder is absent")
def test_no_task_learns_from_what_another_is_measured_on():
    sets = read_sets(SHARED, seed=13)
    of_sentiment = keys_of(example.text for example in (*sets.parts.validation, *sets.parts.test))
    of_spans = keys_of(item.text for part in sets.targets.values() for item in (*part.validation, *part.test))
    assert len(of_sentiment) > 1000
    assert len(of_spans) > 1000
    assert not of_sentiment & keys_of(item.text for item in sets.target_training)
    assert not of_spans & keys_of(example.text for example in sets.parts.training)
