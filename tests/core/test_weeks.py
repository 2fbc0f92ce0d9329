"""ISO weeks: names, Mondays, year ends and ranges."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.weeks import last_complete_week, monday_of, shift, week_of, week_range
from tasks.errors import UsageError


def test_year_ends():
    assert monday_of("2026-W01") == date(2025, 12, 29)
    assert week_of(date(2027, 1, 3)) == "2026-W53"
    assert shift("2026-W53", 1) == "2027-W01"
    assert week_range("2026-W52", "2027-W02") == ["2026-W52", "2026-W53", "2027-W01", "2027-W02"]
    assert week_range("2026-W10", "2026-W09") == []


@pytest.mark.parametrize("text", ["2025-W53", "2026-W00", "2026-47", "2026-W7", "W47", "", "2026-W47x"])
def test_what_is_no_week_is_a_usage_error(text):
    with pytest.raises(UsageError, match="ISO week"):
        monday_of(text)


def test_a_week_is_complete_only_when_it_is_over():
    assert last_complete_week(date(2026, 11, 22)) == "2026-W46"  # a Sunday still belongs to its week
    assert last_complete_week(date(2026, 11, 23)) == "2026-W47"


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(-500, 500))
def test_names_and_mondays_agree(day, weeks):
    name = week_of(day)
    assert 0 <= (day - monday_of(name)).days < 7
    assert shift(shift(name, weeks), -weeks) == name
