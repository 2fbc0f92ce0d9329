"""ISO weeks: their names ("2026-W47"), their Mondays, and ranges of them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from tasks.errors import UsageError

_WEEK = re.compile(r"^(\d{4})-W(\d{2})$")


def monday_of(iso_week: str) -> date:
    """Monday of an ISO week.

    Raises:
        UsageError: the text is not an ISO week, such as 2026-W47, or the year has no such week.
    """
    match = _WEEK.match(iso_week)
    try:
        if match is None:
            raise ValueError("it does not look like one")
        return date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError as error:
        raise UsageError(f"{iso_week!r} is not an ISO week: {error}", fix="write it as 2026-W47") from error


def week_of(day: date) -> str:
    """ISO week that a day falls into."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def shift(iso_week: str, weeks: int) -> str:
    """The ISO week that lies so many weeks later (earlier when negative)."""
    return week_of(monday_of(iso_week) + timedelta(weeks=weeks))


def week_range(first: str, last: str) -> list[str]:
    """All ISO weeks from first to last, oldest first; empty when last lies before first."""
    start, end = monday_of(first), monday_of(last)
    return [week_of(start + timedelta(weeks=i)) for i in range((end - start).days // 7 + 1)]


def last_complete_week(today: date) -> str:
    """The newest ISO week that ended before a day of the project's time zone."""
    return week_of(today - timedelta(days=today.weekday() + 7))
