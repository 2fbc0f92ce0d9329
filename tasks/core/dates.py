"""Dates as people and programs write them, read into UTC.

A column of date texts goes in; for each text comes a naive UTC timestamp and whether it was a date alone, or a
word on why it can't be used. Understood are ISO 8601 (with or without a zone), RFC 822, ctime, numbers with
slashes, dots or dashes, English and Chinese forms, and Unix time in seconds to nanoseconds. Dates without a zone
take the source's zone. Dates alone are kept at midnight, unshifted.

Whether 3/4/2025 is the third of April or the fourth of March is decided once for a whole column, because a file
is written by one program: see `slash_order`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

EARLIEST = datetime(1990, 1, 1)
FUTURE_TOLERANCE = timedelta(days=2)
MAX_CHARS = 200

_MISSING = frozenset({"", "na", "n/a", "nan", "nat", "none", "null", "nil", "<na>", "\\n", "-"})
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), start=1,
    )
    for name in names.split()
}  # fmt: skip
_ZONE_HOURS = {
    "z": 0.0, "ut": 0.0, "utc": 0.0, "gmt": 0.0, "wet": 0.0, "west": 1.0, "bst": 1.0, "cet": 1.0, "cest": 2.0,
    "eet": 2.0, "eest": 3.0, "msk": 3.0, "ist": 5.5, "sgt": 8.0, "hkt": 8.0, "jst": 9.0, "kst": 9.0, "aest": 10.0,
    "aedt": 11.0, "est": -5.0, "edt": -4.0, "cst": -6.0, "cdt": -5.0, "mst": -7.0, "mdt": -6.0, "pst": -8.0,
    "pdt": -7.0,
}  # fmt: skip
# Countries that write the day first in numbers with slashes, as far as a time zone's name can tell.
_DAY_FIRST_ZONES = ("Europe/", "Africa/", "Australia/", "Pacific/Auckland", "Asia/Kolkata", "Asia/Singapore", "GB")

_WEEKDAY = re.compile(
    r"^(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+|(?:星期|周|礼拜)[一二三四五六日天],?\s*)",
    re.IGNORECASE,
)
_WEEKDAY_WITHIN = re.compile(r"\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?\s*")
_PLACE = re.compile(r"^(?:reviewed|posted|published|updated)\b.{0,80}?\bon\s+", re.IGNORECASE)
_DATE = re.compile(
    r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})(?!\d)\s*[日号]?"
    r"|(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<ny>\d{4}|\d{2})(?!\d)"
    r"|(?P<name1>[A-Za-z]{3,9})\.?\s+(?P<d1>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y1>\d{4})(?![\d:])"
    r"|(?P<d2>\d{1,2})(?:st|nd|rd|th)?[\s.-]*(?:of\s+)?(?P<name2>[A-Za-z]{3,9})\.?,?[\s-]+(?P<y2>\d{4}|\d{2})(?![\d:])",
    re.IGNORECASE,
)
_CTIME = re.compile(
    r"^(?P<name>[A-Za-z]{3,9})\s+(?P<d>\d{1,2})\s+(?P<time>\d{1,2}:\d{2}(?::\d{2})?)\s+(?P<zone>[A-Za-z]{1,5}\s+|[+-]\d{4}\s+)?"
    r"(?P<y>\d{4})$"
)
_TIME = re.compile(
    r"^(?P<zh>上午|下午|凌晨|早上|中午|晚上)?\s*(?P<h>\d{1,2})(?:\s*[:时点]\s*(?P<min>\d{1,2}))?(?:\s*[:分]\s*(?P<s>\d{1,2})(?:[.,](?P<f>\d+))?)?"
    r"\s*[时点分秒]?\s*(?P<en>a\.?m\.?|p\.?m\.?)?\s*(?P<zone>.*)$",
    re.IGNORECASE,
)
_ZONE = re.compile(r"^(?P<name>[A-Za-z]{1,5})?\s*(?P<off>[+-]\d{2}:?(?:\d{2})?)?(?:\s*\([^)]{0,60}\))?$")
_NUMBER = re.compile(r"^-?\d+(?:\.\d+)?$")
_SLASHED = re.compile(r"^\s*(\d{1,2})([/-])(\d{1,2})\2(?:\d{4}|\d{2})(?!\d)")


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """A readable date: UTC without tzinfo, or for a date alone that date at midnight."""

    at: datetime
    is_date_only: bool


@dataclass(frozen=True, slots=True)
class BadDate:
    """Why a date can't be used. reason_code: no_date, bad_date or implausible_date."""

    reason_code: str
    reason: str


@dataclass(frozen=True, slots=True)
class SlashOrder:
    """How a column writes dates such as 3/4/2025, and whether that had to be assumed."""

    is_day_first: bool
    is_assumed: bool


def slash_order(values: Iterable[str], *, timezone_name: str, now: datetime) -> SlashOrder:
    """Decide for a whole column whether the day or the month stands first.

    A value that fits one order only (13/1/2025) decides. Where values contradict each other, the more frequent
    order wins and is marked as assumed. Where nothing decides, an order that would put dates into the future is
    ruled out; then the source's time zone tells the country's habit (day first in Europe, Africa, Australia,
    New Zealand, India and Singapore), else the month stands first; both are marked as assumed.
    """
    day_only = month_only = either = day_first_future = month_first_future = 0
    for value in values:
        match = _SLASHED.match(value)
        if match is None:
            continue
        first, second = int(match[1]), int(match[3])
        if first > 12:
            day_only += second <= 12
        elif second > 12:
            month_only += 1
        elif first != second:
            either += 1
            year = value[match.start(3) + len(match[3]) + 1 :].split(" ")[0].split(",")[0].split("T")[0]
            if year.isdigit() and len(year) == 4:
                month_first_future += _is_future(int(year), first, second, now)
                day_first_future += _is_future(int(year), second, first, now)
    if day_only or month_only:
        return SlashOrder(day_only > month_only, is_assumed=bool(day_only and month_only))
    if bool(day_first_future) != bool(month_first_future):
        return SlashOrder(is_day_first=bool(month_first_future), is_assumed=False)
    return SlashOrder(timezone_name.startswith(_DAY_FIRST_ZONES), is_assumed=either > 0)


class DateReader:
    """Reads the values of one column of one file.

    Args:
        timezone_name: zone of dates that carry none.
        date_format: strptime pattern; where it is given nothing is guessed.
        is_day_first: see `slash_order`; dates with dots are always read day first.
        now: UTC without tzinfo; later dates than two days from now are implausible.
    """

    def __init__(
        self, *, timezone_name: str, now: datetime, date_format: str | None = None, is_day_first: bool = False
    ) -> None:
        self._zone = ZoneInfo(timezone_name)
        self._latest = now + FUTURE_TOLERANCE
        self._format = date_format
        self._has_time = date_format is None or bool(re.search(r"%[-#]?[HIcXsTRp]", date_format))
        self._is_day_first = is_day_first
        self._known: dict[str, ParsedDate | BadDate] = {}

    def read(self, value: object) -> ParsedDate | BadDate:
        """One value, text or number, as UTC."""
        text = "" if value is None else str(value).strip()
        known = self._known.get(text)
        if known is None:
            known = self._check(text)
            if len(self._known) < 100_000:
                self._known[text] = known
        return known

    def _check(self, text: str) -> ParsedDate | BadDate:
        if text.casefold() in _MISSING:
            return BadDate("no_date", "the date is empty")
        if len(text) > MAX_CHARS:
            return BadDate("bad_date", f"the date is {len(text)} characters long")
        try:
            parsed = self._with_format(text) if self._format is not None else self._guess(text)
        except (ValueError, OverflowError):
            parsed = None
        if parsed is None:
            how = f" in the form {self._format}" if self._format is not None else ""
            return BadDate("bad_date", f"{_shown(text)} can't be read as a date{how}")
        if not EARLIEST <= parsed.at <= self._latest:
            where = "before 1990" if parsed.at < EARLIEST else "in the future"
            return BadDate("implausible_date", f"{_shown(text)} lies {where}")
        return parsed

    def _with_format(self, text: str) -> ParsedDate:
        return self._finish(datetime.strptime(text, self._format or ""), has_time=self._has_time)

    def _guess(self, text: str) -> ParsedDate | None:
        if _NUMBER.match(text):
            return self._from_number(text)
        if text[:4].isdecimal() and text[4:5] == "-":
            try:
                return self._finish(datetime.fromisoformat(text), has_time=len(text) > 10)
            except ValueError:
                pass
        return self._from_words(unicodedata.normalize("NFKC", text))

    def _from_number(self, text: str) -> ParsedDate | None:
        whole = text.partition(".")[0]
        if len(whole) == 8 and "." not in text:
            return self._finish(datetime.strptime(text, "%Y%m%d"), has_time=False)
        if len(whole) == 14 and whole[:2] in ("19", "20") and "." not in text:
            return self._finish(datetime.strptime(text, "%Y%m%d%H%M%S"), has_time=True)
        divisor = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}.get(len(whole))
        if divisor is None:
            return None
        return ParsedDate(datetime(1970, 1, 1) + timedelta(seconds=float(text) / divisor), is_date_only=False)

    def _from_words(self, text: str) -> ParsedDate | None:
        text = _WEEKDAY.sub("", _PLACE.sub("", " ".join(text.split())))
        ctime = _CTIME.match(text)
        if ctime:
            time, zone = self._time(f"{ctime['time']} {ctime['zone'] or ''}".strip())
            return self._at(int(ctime["y"]), _month(ctime["name"]), int(ctime["d"]), time, zone)
        match = _DATE.match(text)
        if match is None:
            return None
        if match["y"]:
            year, month, day = int(match["y"]), int(match["m"]), int(match["d"])
        elif match["a"]:
            year, month, day = self._numeric(match)
        elif match["name1"]:
            year, month, day = int(match["y1"]), _month(match["name1"]), int(match["d1"])
        else:
            year, month, day = _full_year(match["y2"]), _month(match["name2"]), int(match["d2"])
        rest = _WEEKDAY_WITHIN.sub("", text[match.end() :], count=1)
        rest = re.sub(r"^(?:T(?=\d)|[\s,]*(?:at\s+|·\s*|\|\s*|-\s+)?)", "", rest)
        if not rest:
            return self._finish(datetime(year, month, day), has_time=False)
        time, zone = self._time(rest)
        return self._at(year, month, day, time, zone)

    def _numeric(self, match: re.Match[str]) -> tuple[int, int, int]:
        first, second, year = int(match["a"]), int(match["b"]), _full_year(match["ny"])
        is_day_first = self._is_day_first or match["sep"] == "."
        if first > 12:
            is_day_first = True
        elif second > 12:
            is_day_first = False
        return (year, second, first) if is_day_first else (year, first, second)

    def _time(self, text: str) -> tuple[timedelta, str]:
        """Time of day and the zone's text.

        Raises:
            ValueError: it is not a time.
        """
        match = _TIME.match(text)
        if match is None or (match["min"] is None and not (match["en"] or match["zh"] or "时" in text or "点" in text)):
            raise ValueError("not a time")
        hour, minute, second = int(match["h"]), int(match["min"] or 0), int(match["s"] or 0)
        is_afternoon = (match["en"] or "")[:1].lower() == "p" or match["zh"] in ("下午", "晚上")
        if match["zh"] == "中午":
            is_afternoon = hour < 11
        is_morning = (match["en"] or "")[:1].lower() == "a" or match["zh"] in ("上午", "凌晨", "早上")
        if is_afternoon and hour < 12:
            hour += 12
        elif is_morning and hour == 12:
            hour = 0
        if not (hour < 24 and minute < 60 and second < 61):
            raise ValueError("no such time of day")
        fraction = int(((match["f"] or "0") + "000000")[:6])
        return timedelta(hours=hour, minutes=minute, seconds=min(second, 59), microseconds=fraction), match["zone"]

    def _at(self, year: int, month: int, day: int, time: timedelta, zone: str) -> ParsedDate:
        naive = datetime(year, month, day) + time
        return self._finish(naive.replace(tzinfo=self._zone_of(zone.strip(), naive)), has_time=True)

    def _zone_of(self, text: str, naive: datetime) -> tzinfo | None:
        """Zone that a date's end names; None where it names none.

        An abbreviation that the source's own zone uses means that zone: CST in a source of Asia/Shanghai is China's.
        """
        if not text:
            return None
        match = _ZONE.match(text)
        if match is None:
            raise ValueError("not a time zone")
        offset = match["off"]
        name = (match["name"] or "").lower()
        if offset:
            digits = offset[1:].replace(":", "").ljust(4, "0")
            minutes = (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if offset[0] == "-" else 1)
            return timezone(timedelta(minutes=minutes))
        if name and name.upper() == self._zone.tzname(naive):
            return self._zone
        if name not in _ZONE_HOURS:
            raise ValueError("unknown time zone")
        return timezone(timedelta(hours=_ZONE_HOURS[name]))

    def _finish(self, value: datetime, *, has_time: bool) -> ParsedDate:
        if not has_time:
            return ParsedDate(value, is_date_only=True)
        if value.tzinfo is None:
            value = value.replace(tzinfo=self._zone)
        return ParsedDate(value.astimezone(UTC).replace(tzinfo=None), is_date_only=False)


def _shown(text: str) -> str:
    """A bad date as an error may show it: what can't be a date at all may be anyone's words, and stays unsaid."""
    return repr(text) if len(text) <= 40 and re.search(r"\d", text) else "the value"


def _month(name: str) -> int:
    number = _MONTHS.get(name.lower().rstrip("."))
    if number is None:
        raise ValueError("not a month")
    return number


def _full_year(text: str) -> int:
    """A year of two digits lies between 1970 and 2069."""
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year < 70 else 1900)


def _is_future(year: int, month: int, day: int, now: datetime) -> bool:
    try:
        return datetime(year, month, day) > now + FUTURE_TOLERANCE
    except ValueError:
        return False
