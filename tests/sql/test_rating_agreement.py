"""A drop of the agreement of stars with sentiment is noticed, and chance is not called a drop."""

from datetime import date, timedelta

import pytest

from tasks.store.data_tests import data_tests
from tasks.store.warehouse import Warehouse, sql_text

LAST = date(2026, 10, 26)


def warehouse_with(path, weeks):
    """Weekly (n, k) of English documents, newest first."""
    warehouse = Warehouse(path)
    for back, (n, k) in enumerate(weeks):
        monday = LAST - timedelta(weeks=back)
        row = {"week_start": monday, "iso_week": monday.strftime("%G-W%V"), "rated_count": n + 5, "n": n, "k": k}
        warehouse.insert("marts.rating_agreement", [row | {"language": language} for language in ("en", "*")])
    return warehouse


def warned(warehouse):
    test = next(test for test in data_tests() if test.name == "rating_agreement")
    assert test.severity == "warn"
    return [row["key"] for row in warehouse.rows(test.sql)]


@pytest.mark.parametrize(
    ("weeks", "is_warned"),
    [
        ([(50, 40)] * 4 + [(50, 46)] * 12, True),
        ([(50, 46)] * 16, False),
        ([(50, 45)] * 4 + [(50, 46)] * 12, False),
        ([(50, 48)] * 4 + [(50, 40)] * 12, False),
        ([(7, 3)] * 4 + [(50, 46)] * 12, False),
        ([(50, 40)] * 4, False),
        ([(50, 40)] * 4 + [(50, 46)] + [(50, 46)] * 11 + [(50, 2)] * 20, True),
        ([], False),
    ],
    ids=["drop", "even", "chance", "rise", "few", "young", "older weeks do not count", "empty"],
)
def test_a_drop_warns_and_the_report_knows(tmp_path, weeks, is_warned):
    with warehouse_with(tmp_path / "w.duckdb", weeks) as warehouse:
        assert bool(warned(warehouse)) is is_warned
        told = warehouse.rows(sql_text("report/rating_agreement"), {"week_start": LAST})
    if weeks:
        assert told[0]["has_dropped"] is is_warned
        assert [row["language"] for row in told] == ["en"]


def test_the_warning_tells_both_shares(tmp_path):
    with warehouse_with(tmp_path / "w.duckdb", [(50, 40)] * 4 + [(50, 46)] * 12) as warehouse:
        assert warned(warehouse) == ["en 80.0 % of 200 in the last 4 weeks, before that 92.0 % of 600"]
        (row,) = warehouse.rows(sql_text("report/rating_agreement"), {"week_start": LAST})
    assert (row["rated"], row["n"], row["k"], row["n_before"]) == (220, 200, 160, 600)
    assert (row["value"], row["value_before"]) == (0.8, pytest.approx(0.92))
    # Wilson's interval of 160 of 200, from its formula
    assert (row["lo"], row["hi"]) == pytest.approx((0.73914, 0.84955), abs=1e-4)


def test_a_report_looks_at_its_own_weeks(tmp_path):
    with warehouse_with(tmp_path / "w.duckdb", [(50, 10)] + [(50, 46)] * 15) as warehouse:
        (row,) = warehouse.rows(sql_text("report/rating_agreement"), {"week_start": LAST - timedelta(weeks=1)})
    assert (row["value"], row["has_dropped"]) == (0.92, False)
