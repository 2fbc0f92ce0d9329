"""The table of accuracy and speed: one small way trained for real, and how neighbours are counted."""

import os
from pathlib import Path

import numpy as np
import pytest

from tasks import frontier
from tasks.core.contracts import NullProgress
from tasks.frontier import Point, Way

SHARED = Path(os.environ.get("MARKETBRIEF_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.mark.shared
@pytest.mark.weights
@pytest.mark.skipif(not SHARED.is_dir(), reason="the third-party data folder is absent")
def test_a_head_on_the_frozen_encoder_learns_and_keeps_all_neighbours(monkeypatch):
    monkeypatch.setattr(frontier, "TRAINING_TEXTS", 600)
    monkeypatch.setattr(frontier, "TEST_TEXTS", 150)
    monkeypatch.setattr(frontier, "TIMED_TEXTS", 20)
    ways = [Way("head", "head", epochs=3)]
    (point,) = frontier.measure_frontier(SHARED, seed=1, progress=NullProgress(), ways=ways)
    assert 0.4 < point.macro_recall < 0.8
    assert point.interval[0] <= point.macro_recall <= point.interval[1]
    assert point.documents_per_second > 5
    assert point.own_megabytes < 0.01
    assert point.neighbours_kept == 1.0


def test_neighbours_that_moved_are_not_kept():
    vectors = np.random.default_rng(1).normal(size=(40, 8)).astype(np.float32)
    others = np.random.default_rng(2).normal(size=(40, 8)).astype(np.float32)
    assert frontier._neighbours_kept(vectors, vectors) == 1.0
    assert frontier._neighbours_kept(vectors, others) < 0.6


def test_the_table_has_a_line_for_each_way():
    points = [Point(Way(name, "full"), 0.61234, (0.59, 0.63), 99.6, 3.55, 1.0) for name in ("a", "b")]
    lines = frontier.table(points).splitlines()
    assert len(lines) == 4
    assert lines[2] == "| a | 0.612 (0.590–0.630) | 100 | 3.5 | 1.00 |"
