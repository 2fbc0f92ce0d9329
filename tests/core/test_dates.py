"""Dates in every form that exports use, read into UTC; and the order of day and month, decided per column."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.dates import BadDate, DateReader, ParsedDate, slash_order

NOW = datetime(2026, 11, 22, 12)


def read(value, *, zone="UTC", date_format=None, is_day_first=False):
    reader = DateReader(timezone_name=zone, now=NOW, date_format=date_format, is_day_first=is_day_first)
    return reader.read(value)


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2025-07-01T10:05:00Z", "2025-07-01 10:05:00"),
        ("2025-07-01T10:05:00+02:00", "2025-07-01 08:05:00"),
        ("2025-07-01 10:05:00 +0530", "2025-07-01 04:35:00"),
        ("2025-07-01 10:05:00 UTC", "2025-07-01 10:05:00"),
        ("2025-07-01T10:05:00.123Z", "2025-07-01 10:05:00.123"),
        ("Tue, 01 Jul 2025 10:05:00 GMT", "2025-07-01 10:05:00"),
        ("Tue, 01 Jul 2025 10:05:00 -0500", "2025-07-01 15:05:00"),
        ("Tue, 1 Jul 2025 10:05:00 EST", "2025-07-01 15:05:00"),
        ("Wed Oct 10 20:19:24 +0000 2018", "2018-10-10 20:19:24"),
        ("Tue Jul 01 2025 10:05:00 GMT+0200 (CEST)", "2025-07-01 08:05:00"),
        ("1780260871", "2026-05-31 20:54:31"),
        (1780260871, "2026-05-31 20:54:31"),
        (1780260871.5, "2026-05-31 20:54:31.5"),
        ("1780260871000", "2026-05-31 20:54:31"),
        ("1780260871000000", "2026-05-31 20:54:31"),
    ],
)
def test_a_date_with_a_zone_or_unix_time_is_the_same_instant_whatever_the_source(written, utc):
    assert read(written) == ParsedDate(datetime.fromisoformat(utc), is_date_only=False)
    assert read(written, zone="Asia/Shanghai") == read(written)


@pytest.mark.parametrize(
    "written",
    [
        "2025-07-01 18:05",
        "2025/7/1 18:05",
        "7/1/2025 18:05",
        "2025年7月1日 18:05",
        "2025年7月1日 下午6:05",
        "2025年07月01日 18时05分00秒",
        "2025/7/1 下午 06:05:00",
        "2025年7月1日 星期二 18:05",
        "Jul 1, 2025 6:05 PM",
        "July 1, 2025, 6:05 p.m.",
        "1 July 2025 at 18:05",
        "Tue Jul 01 18:05:00 CST 2025",
        "20250701180500",
        "２０２５-０７-０１ １８:０５",
    ],
)
def test_a_date_without_a_zone_takes_the_source_s_zone(written):
    assert read(written, zone="Asia/Shanghai") == ParsedDate(datetime(2025, 7, 1, 10, 5), is_date_only=False)


@pytest.mark.parametrize(
    "written",
    [
        "2025-07-01",
        "2025/7/1",
        "2025.7.1",
        "20250701",
        "01.07.2025",
        "7/1/2025",
        "7/1/25",
        "2025年7月1日",
        "1st July 2025",
        "July 1, 2025",
        "01-Jul-2025",
        "Tuesday, July 1, 2025",
        "Reviewed in Germany on July 1, 2025",
        "2025-W27-2",
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_a_date_alone_is_never_shifted(written, zone):
    assert read(written, zone=zone) == ParsedDate(datetime(2025, 7, 1), is_date_only=True)


@pytest.mark.parametrize("hour", [("上午", 0, 0), ("凌晨", 12, 0), ("中午", 12, 12), ("晚上", 8, 20), ("下午", 12, 12)])
def test_chinese_parts_of_the_day(hour):
    part, written, expected = hour
    assert read(f"2025年7月1日 {part}{written}:30") == ParsedDate(
        datetime(2025, 7, 1, expected, 30), is_date_only=False
    )


def test_daylight_saving_time_is_the_source_s():
    assert read("2025-07-01 12:00", zone="Europe/Berlin").at == datetime(2025, 7, 1, 10)
    assert read("2025-01-01 12:00", zone="Europe/Berlin").at == datetime(2025, 1, 1, 11)


@pytest.mark.parametrize("value", [None, "", "  ", "NA", "null", "NaN", "NaT", float("nan"), "\\N", "-"])
def test_no_date(value):
    assert read(value).reason_code == "no_date"


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "2025-02-30",
        "13/13/2025",
        "2025-07",
        "45839",
        "5.7E+17",
        "0",
        "-5",
        True,
        "2025-07-01 25:00",
        "9" * 500,
        "2025-07-01 10:00 Mars",
        "2025-07-01garbage",
        "32 Smarch 2025",
        "//",
        "12:30",
        "{}",
        "2025-07-01T10:00:00+99:99",
    ],
)
def test_what_is_no_date_is_bad_rather_than_guessed(value):
    assert read(value).reason_code == "bad_date"


def test_implausible_dates():
    assert read("1989-12-31").reason_code == "implausible_date"
    assert isinstance(read("1990-01-01"), ParsedDate)
    assert isinstance(read((NOW + timedelta(days=2)).isoformat()), ParsedDate)
    assert read((NOW + timedelta(days=2, seconds=1)).isoformat()).reason_code == "implausible_date"


def test_words_that_are_no_date_are_not_repeated_in_the_reason():
    assert "Alice" not in read("Alice Miller").reason


def test_date_format_is_followed_to_the_letter():
    assert read("03/04/2025", date_format="%d/%m/%Y") == ParsedDate(datetime(2025, 4, 3), is_date_only=True)
    assert read("03/04/2025 08", date_format="%d/%m/%Y %H", zone="Asia/Shanghai").at == datetime(2025, 4, 3)
    assert read("2025-04-03", date_format="%d/%m/%Y").reason_code == "bad_date"


def test_one_value_that_fits_day_first_only_decides_for_the_column():
    assert slash_order(["3/4/2025", "13/4/2025"], timezone_name="UTC", now=NOW).is_day_first
    assert not slash_order(["3/4/2025", "4/13/2025"], timezone_name="Europe/Berlin", now=NOW).is_day_first
    assert not slash_order(["3/4/2025", "4/13/2025"], timezone_name="UTC", now=NOW).is_assumed


def test_an_undecided_column_is_assumed_by_the_country_and_says_so():
    order = slash_order(["3/4/2025", "5/6/2025"], timezone_name="UTC", now=NOW)
    assert (order.is_day_first, order.is_assumed) == (False, True)
    order = slash_order(["3/4/2025"], timezone_name="Europe/Berlin", now=NOW)
    assert (order.is_day_first, order.is_assumed) == (True, True)


def test_contradicting_values_go_with_the_majority_and_say_so():
    order = slash_order(["13/4/2025", "14/4/2025", "4/13/2025"], timezone_name="UTC", now=NOW)
    assert (order.is_day_first, order.is_assumed) == (True, True)


def test_an_order_that_leads_into_the_future_is_ruled_out():
    order = slash_order(["10/12/2026", "9/11/2026"], timezone_name="Europe/Berlin", now=NOW)
    assert (order.is_day_first, order.is_assumed) == (False, False)


def test_dates_of_one_reading_only_need_no_assumption():
    assert not slash_order(["2025-01-02", "5/5/2025", "x"], timezone_name="UTC", now=NOW).is_assumed


@given(st.datetimes(min_value=datetime(1990, 1, 2), max_value=datetime(2026, 11, 20)))
def test_iso_round_trip(moment):
    assert read(moment.isoformat(timespec="microseconds")).at == moment
    whole = moment.replace(microsecond=0)
    assert read(f"{whole:%-m/%-d/%Y %H:%M:%S}").at == whole
    assert read(f"{whole.year}年{whole.month}月{whole.day}日 {whole:%H:%M:%S}").at == whole


@given(st.one_of(st.text(max_size=60), st.from_regex(r"[0-9年月日/\-: .TZ+ap]{1,30}", fullmatch=True)))
def test_any_text_gives_a_date_or_a_reason(text):
    for zone in ("UTC", "Asia/Shanghai"):
        assert isinstance(read(text, zone=zone), ParsedDate | BadDate)
