"""Numbers and sentences in English and Chinese, from templates filled with computed values.

Only a verdict brings a change verb: "rose" and "fell" on a signal, "may have risen" on a watch, none elsewhere.
A signal is told against its 8-week baseline, a watch against the week before: what each was tested on. Percentages
are whole, ratings have one decimal; where whole numbers would hide the difference that the sentence tells of, they
get one digit more. Differences of percentages are points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tasks.core.contracts import ALL
from tasks.core.report_model import Change, Definition, Estimate

MINUS = "\u2212"
SUMMARY_LIMIT = 160
NAME_LIMIT = 40
_STRONG = ("\x02", "\x03")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_CJK_GAP = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")


@dataclass(frozen=True)
class Sentence:
    """A sentence and the code points of the part to emphasise (end exclusive; equal where there is none)."""

    text: str
    strong: tuple[int, int]


def clip(text: str, limit: int) -> str:
    """One line of at most so many characters, control characters and line breaks out, with an ellipsis where cut."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


class Wording:
    """Words of one language.

    Args:
        messages: the catalogue of the language: nested tables of templates.
        definitions: labels and units of the metrics.
    """

    def __init__(self, language: str, messages: Mapping[str, Any], definitions: tuple[Definition, ...] = ()) -> None:
        self.language = language
        self._messages = messages
        self._definitions = {definition.metric: definition for definition in definitions}

    def say(self, key: str, **values: object) -> str:
        """The message of a dotted key, filled. Raises KeyError for an unknown key or a value that is not given."""
        node: Any = self._messages
        for part in key.split("."):
            node = node[part]
        text = str(node).format(**values)
        return _CJK_GAP.sub("", text) if self.language == "zh" else text

    def listed(self, key: str) -> list[str]:
        """A list of the catalogue, by its dotted key."""
        table, name = key.rsplit(".", 1)
        return list(self._messages[table][name])

    def listed_names(self, table: str) -> frozenset[str]:
        """Names of the messages of a table."""
        return frozenset(self._messages[table])

    def label(self, metric: str) -> str:
        """A metric's name."""
        definition = self._definitions.get(metric)
        if definition is None:
            return metric.replace("_", " ")
        return definition.label_zh if self.language == "zh" else definition.label_en

    def unit(self, metric: str) -> str:
        """documents, fraction, points or stars."""
        definition = self._definitions.get(metric)
        return definition.unit if definition else "fraction"

    def count(self, value: float | None) -> str:
        """A whole number with thousands separators."""
        return self.say("none") if value is None else _signless(value, 0)

    def percent(self, value: float | None, digits: int = 0) -> str:
        """A fraction as a percentage; a value that is not 0 or 100% never reads as if it were."""
        if value is None:
            return self.say("none")
        if digits == 0 and 0 < value < 0.005:
            return "<1%"
        if digits == 0 and 0.995 <= value < 1:
            return ">99%"
        return f"{_signless(value * 100, digits)}%"

    def points(self, value: float | None, digits: int = 0) -> str:
        """A difference of fractions, signed, in points, without the word."""
        return self.say("none") if value is None else _signed(value * 100, digits)

    def level(self, metric: str, value: float | None, digits: int = 0) -> str:
        """A metric's value without its unit's word: 412, 29%, +31, 4.3."""
        if value is None:
            return self.say("none")
        unit = self.unit(metric)
        if unit == "documents":
            return _signless(value, digits)
        if unit == "points":
            return _signed(value * 100, digits)
        return _signless(value, digits + 1) if unit == "stars" else self.percent(value, digits)

    def worded_level(self, metric: str, value: float | None, digits: int = 0) -> str:
        """A metric's value as a sentence says it: 412 documents, 29%, +31 points, 4.3 stars."""
        return self._with_unit("level", metric, self.level(metric, value, digits))

    def change(self, metric: str, value: float | None, digits: int = 0) -> str:
        """A difference of two values, signed, without its unit's word."""
        if value is None:
            return self.say("none")
        unit = self.unit(metric)
        if unit == "documents":
            return _signed(value, digits)
        return _signed(value, digits + 1) if unit == "stars" else _signed(value * 100, digits)

    def worded_change(self, metric: str, value: float | None, digits: int = 0) -> str:
        """A difference with its unit: +3 points, −0.2 stars, +152 documents."""
        return self._with_unit("change", metric, self.change(metric, value, digits))

    def _with_unit(self, table: str, metric: str, text: str) -> str:
        unit = self.unit(metric)
        is_one = unit == "documents" and text.lstrip(f"+{MINUS}") == "1"
        return self.say(f"{table}.{unit}{'_one' if is_one else ''}", value=text)

    def interval(self, metric: str, lo: float | None, hi: float | None, digits: int = 0) -> str:
        """A range of values, such as 24% to 35%; empty where it is not known."""
        if lo is None or hi is None:
            return ""
        return self.say("range", lo=self.level(metric, lo, digits), hi=self.level(metric, hi, digits))

    def interval_of_change(self, metric: str, lo: float | None, hi: float | None, digits: int | None = None) -> str:
        """A range of differences without its unit, such as +3 to +17; empty where it is not known.

        Without digits, as few as show whether it leaves out zero.
        """
        if lo is None or hi is None:
            return ""
        digits = _digits_of_interval(metric, lo, hi, self) if digits is None else digits
        return self.say("range", lo=self.change(metric, lo, digits), hi=self.change(metric, hi, digits))

    def change_interval(self, metric: str, lo: float | None, hi: float | None, digits: int | None = None) -> str:
        """A range of differences with its unit, such as +3 to +17 points; empty where it is not known."""
        both = self.interval_of_change(metric, lo, hi, digits)
        return self.say(f"change.{self.unit(metric)}", value=both) if both else ""

    def verdict(self, verdict: str) -> str:
        """The verdict as a word or two."""
        return self.say(f"verdict.{verdict}")

    def brand(self, brand: str) -> str:
        """A brand's name as a sentence carries it."""
        return self.say("all_brands") if brand == ALL else clip(brand, NAME_LIMIT)

    def subject(self, estimate: Estimate, label: str | None = None) -> str:
        """What a sentence speaks of.

        Args:
            label: the name of the topic or the aspect that the estimate is of.
        """
        known = self._messages["subject"]
        metric = estimate.metric if estimate.metric in known else "other"
        if estimate.aspect and estimate.metric != "aspect_share":
            metric = f"aspect_{metric}"
        key = f"{metric}_all" if estimate.brand == ALL and f"{metric}_all" in known else metric
        label = clip(label, NAME_LIMIT) if label else self.label(estimate.metric)
        subject = self.say(f"subject.{key}", brand=self.brand(estimate.brand), label=label)
        if estimate.kind != ALL:
            subject = self.say("scope.kind", subject=subject, kind=self.say(f"kind.{estimate.kind}"))
        if estimate.segment != ALL:
            subject = self.say("scope.segment", subject=subject, segment=clip(estimate.segment, NAME_LIMIT))
        return subject

    def over_weeks(self, estimate: Estimate, *, label: str | None = None) -> Sentence:
        """The sentence of a slope over twelve weeks: where its line ends and began, and the range of the change."""
        metric, weeks = estimate.metric, 11
        slope, start = estimate.slope or 0.0, estimate.slope_start or 0.0
        end = start + weeks * slope
        digits = _digits_that_tell(metric, [end, start], self)
        change = self.change_interval(metric, weeks * (estimate.slope_lo or 0.0), weeks * (estimate.slope_hi or 0.0))
        text = self.say(
            f"sentence.{estimate.slope_verdict}_slope",
            subject=self.subject(estimate, label),
            value=_STRONG[0] + self.worded_level(metric, end, digits) + _STRONG[1],
            reference=self.level(metric, start, digits),
            change=change,
            n=self.count(estimate.slope_n),
        )
        return _sentence(text)

    def new_part(self, estimate: Estimate, *, label: str) -> Sentence:
        """The sentence of a topic or an aspect that nobody spoke of in the weeks of the baseline."""
        text = self.say(
            f"news.{'aspect' if estimate.aspect else 'topic'}{'_all' if estimate.brand == ALL else ''}",
            label=clip(label, NAME_LIMIT),
            brand=self.brand(estimate.brand),
            value=_STRONG[0] + self.percent(estimate.value) + _STRONG[1],
            k=self.count(estimate.k),
            n=self.count(estimate.n),
            range=self.interval(estimate.metric, estimate.lo, estimate.hi),
        )
        return _sentence(text)

    def announced_price(self, brand: str, change: Change, pages: int, page_count: int) -> Sentence:
        """The sentence of a price that a competitor's own pages state, beside the one that they name as the old one."""
        text = self.say(
            "news.price" if change.before_amount is not None else "news.price_only",
            brand=self.brand(brand),
            value=_STRONG[0] + self.money(change.after_amount, change.currency) + _STRONG[1],
            before=self.money(change.before_amount, change.currency),
            n=self.count(pages),
            count=self.count(page_count),
        )
        return _sentence(text)

    def new_name(self, name: str, count: int, documents: int, first_week: str) -> Sentence:
        """The sentence of a name that no configuration lists."""
        text = self.say(
            "news.name",
            name=clip(name, NAME_LIMIT),
            value=_STRONG[0] + self.count(count) + _STRONG[1],
            n=self.count(documents),
            share=self.percent(count / documents if documents else None),
            first_week=first_week,
        )
        return _sentence(text)

    def day(self, iso: str) -> str:
        """A date as a sentence says it."""
        day = date.fromisoformat(iso)
        months = self.listed("date.months")
        return self.say("date.day", day=day.day, month=months[day.month - 1], year=day.year)

    def money(self, amount: float | None, currency: str | None) -> str:
        """An amount with its currency, such as 549 euros; cents only where there are some."""
        if amount is None:
            return self.say("none")
        return self.say(f"money.{currency}", value=_signless(amount, 0 if float(amount).is_integer() else 2))

    def changed(self, estimate: Estimate, reference: float, *, is_baseline: bool, label: str | None = None) -> Sentence:
        """The sentence of a signal or a watch.

        Args:
            reference: the value that the sentence compares with: the baseline's or the previous week's.
        """
        metric = estimate.metric
        tells = [estimate.value, reference]
        digits = _digits_that_tell(metric, tells, self)
        week_change = self.change_interval(metric, estimate.delta_lo, estimate.delta_hi)
        rule = estimate.verdict.removesuffix("_up").removesuffix("_down")
        against = "baseline" if is_baseline else "previous"
        if rule == "watch":
            details = [week_change, self.denominator(estimate)]
        else:
            span = self.interval(metric, estimate.lo, estimate.hi, digits)
            details = [
                self.say("detail.range", range=span) if span else "",
                self.denominator(estimate),
                self.say("detail.week_change", change=week_change) if week_change else "",
            ]
        text = self.say(
            f"sentence.{estimate.verdict}_{against}",
            subject=self.subject(estimate, label),
            value=_STRONG[0] + self.worded_level(metric, estimate.value, digits) + _STRONG[1],
            reference=self.level(metric, reference, digits),
            details=self.say("detail.separator").join(detail for detail in details if detail),
        )
        return _sentence(text)

    def denominator(self, estimate: Estimate) -> str:
        """n with what it counts, such as n=271."""
        return self.say("detail.n", n=self.count(estimate.n))

    def standing(self, key: str, estimate: Estimate, **values: object) -> Sentence:
        """A sentence that states a level and no change."""
        text = self.say(
            f"standing.{key}",
            subject=self.subject(estimate),
            brand=self.brand(estimate.brand),
            value=_STRONG[0] + self.worded_level(estimate.metric, estimate.value) + _STRONG[1],
            range=self.interval(estimate.metric, estimate.lo, estimate.hi),
            n=self.count(estimate.n),
            k=self.count(estimate.k),
            **values,
        )
        return _sentence(text)

    def too_few(self, counted: int, previous: int) -> Sentence:
        """The sentence of a week with too few documents to say anything."""
        value = _STRONG[0] + self.count(counted) + _STRONG[1]
        return _sentence(self.say("standing.too_few", value=value, previous=self.count(previous)))


def _sentence(text: str) -> Sentence:
    """Take the marks of emphasis out of a text."""
    start, end = text.index(_STRONG[0]), text.index(_STRONG[1]) - 1
    return Sentence(text.replace(_STRONG[0], "").replace(_STRONG[1], ""), (start, end))


def _digits_that_tell(metric: str, values: list[float | None], wording: Wording) -> int:
    """Fewest digits (0-2) at which different values read differently."""
    known = {value for value in values if value is not None}
    for digits in (0, 1):
        if len({wording.level(metric, value, digits) for value in known}) == len(known):
            return digits
    return 2


def _digits_of_interval(metric: str, lo: float | None, hi: float | None, wording: Wording) -> int:
    """0, or 1 where an interval that leaves out zero would not read so in whole numbers."""
    if lo is None or hi is None or lo * hi <= 0:
        return 0
    return 0 if all(re.search("[1-9]", wording.change(metric, end)) for end in (lo, hi)) else 1


def _signless(value: float, digits: int) -> str:
    text = f"{abs(value):,.{digits}f}"
    return MINUS + text if value < 0 and re.search("[1-9]", text) else text


def _signed(value: float, digits: int) -> str:
    text = f"{abs(value):,.{digits}f}"
    if not re.search("[1-9]", text):
        return text
    return (MINUS if value < 0 else "+") + text
