"""Scores of spans: exact places, types, and intervals."""

from __future__ import annotations

import pytest

from tasks.core.span_metrics import span_metrics


def test_a_name_is_right_where_place_and_type_agree():
    truth = [[(0, 2, "organisation"), (5, 7, "product")], []]
    found = [[(0, 2, "organisation"), (5, 7, "organisation")], [(1, 3, "product")]]
    scored = span_metrics(truth, found)
    assert scored["metrics"]["precision"]["value"] == pytest.approx(1 / 3)
    assert scored["metrics"]["recall"]["value"] == pytest.approx(1 / 2)
    assert scored["metrics"]["f1"]["value"] == pytest.approx(2 / 5)
    assert scored["metrics"]["untyped_f1"]["value"] == pytest.approx(4 / 5)
    assert scored["per_class"]["product"] == {"n": 1, "found": 1, "precision": 0.0, "recall": 0.0, "f1": 0.0}


def test_intervals_hold_the_value_and_narrow_with_more_texts():
    truth = [[(0, 2, "product")], [(0, 2, "product")], [(4, 6, "product")]]
    found = [[(0, 2, "product")], [], [(4, 6, "product")]]
    few, many = (span_metrics(truth * n, found * n)["metrics"]["f1"] for n in (3, 60))
    assert few["lo"] <= few["value"] <= few["hi"]
    assert many["value"] == few["value"] == pytest.approx(0.8)
    assert many["hi"] - many["lo"] < few["hi"] - few["lo"]


def test_nothing_to_find_and_nothing_found_is_no_error():
    assert span_metrics([[], []], [[], []])["metrics"]["f1"] == {"value": 0.0, "lo": 0.0, "hi": 0.0}
    assert span_metrics([], [])["n"] == 0
