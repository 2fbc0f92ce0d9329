"""Clauses, and sentences that put one name above another; the sentences here are none of the measured suites'."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tasks.core.targets import clause_of, clauses, compared_polarities, comparisons

LISTS = Path(__file__).with_name("comparisons")


def marked(sentence: str) -> tuple[str, list[tuple[int, int]]]:
    """A sentence with its names in brackets, as text and spans."""
    spans, text = [], ""
    for piece in re.split(r"(\[[^\]]+\])", sentence):
        if piece.startswith("["):
            spans.append((len(text), len(text) + len(piece) - 2))
            piece = piece[1:-1]
        text += piece
    return text, spans


FIRST_WINS = [
    ("en", "[Aurora]'s pump is quieter than [Borea]'s."),
    ("en", "[Aurora] is far more reliable than my old [Borea]."),
    ("en", "[Aurora] isn't as noisy as [Borea]."),
    ("en", "[Aurora] outsells [Borea]"),
    ("en", "We would recommend [Aurora] over [Borea]."),
    ("en", "Compared with [Aurora], [Borea] is clumsy."),
    ("en", "[Aurora] has fewer bugs than [Borea]."),
    ("zh", "[晨光]的水泵比[北岭]安静。"),
    ("zh", "[晨光]没有[北岭]那么吵"),
    ("zh", "[晨光]的做工优于[北岭]"),
    ("zh", "[晨光]把[北岭]甩开了"),
    ("zh", "[晨光]的噪音比[北岭]小"),
    ("zh", "比起[北岭]，我更喜欢[晨光]。"),
]
SECOND_WINS = [
    ("en", "[Aurora]'s battery is worse than [Borea]'s"),
    ("en", "[Aurora] is not nearly as sturdy as the [Borea]."),
    ("en", "[Aurora] crashes more often than [Borea]."),
    ("en", "They moved from [Aurora] to [Borea] in May."),
    ("en", "We ditched [Aurora] for [Borea]."),
    ("en", "I wish [Aurora] were as quick as [Borea]."),
    ("en", "[Aurora] trails [Borea]"),
    ("zh", "[晨光] 的续航比 [北岭] 差"),
    ("zh", "[晨光]不如[北岭]"),
    ("zh", "[晨光]没有[北岭]结实"),
    ("zh", "我从[晨光]换到了[北岭]"),
    ("zh", "[晨光]被[北岭]打败了"),
    ("zh", "[晨光]的价格比[北岭]高"),
    ("zh", "与其买[晨光]，不如买[北岭]"),
]
NEITHER = [
    ("en", "[Aurora] is no better than [Borea]."),
    ("en", "[Aurora] is neither better nor worse than [Borea]."),
    ("en", "Is [Aurora] better than [Borea]?"),
    ("en", "[Aurora] and [Borea] are sold here."),
    ("en", "[Aurora] is as good as [Borea]."),
    ("en", "[Aurora] is bigger than [Borea]."),
    ("zh", "[晨光]比[北岭]好用吗？"),
    ("zh", "[晨光]不比[北岭]差"),
    ("zh", "[晨光]和[北岭]都在卖。"),
]


@pytest.mark.parametrize(("language", "sentence"), FIRST_WINS + SECOND_WINS)
def test_explicit_comparisons_name_who_is_preferred(language, sentence):
    text, spans = marked(sentence)
    found = comparisons(text, spans, language)
    first_wins = (language, sentence) in FIRST_WINS
    if "比起" in sentence:
        first_wins = False  # the preferred one stands last
    assert [(item.winner, item.loser) for item in found] == [(0, 1) if first_wins else (1, 0)]
    assert text[found[0].start_char : found[0].end_char] == text
    winner = "positive", "negative"
    assert compared_polarities(text, spans, language) == list(winner if first_wins else winner[::-1])


@pytest.mark.parametrize(("language", "sentence"), NEITHER)
def test_what_prefers_nobody_is_no_comparison(language, sentence):
    text, spans = marked(sentence)
    assert comparisons(text, spans, language) == []
    assert not {"positive", "negative"} < set(compared_polarities(text, spans, language))


def listed(language: str) -> list[tuple[int, str, str]]:
    """(part, who is preferred, sentence) of the lists in comparisons/: the first was looked at, the second was not."""
    rows, part = [], 1
    for line in (LISTS / f"{language}.txt").read_text(encoding="utf-8").splitlines():
        part = 2 if line.startswith("# Second part") else part
        if line and not line.startswith("#"):
            rows.append((part, line[0], line[2:]))
    return rows


def preferred(sentence: str, language: str) -> str:
    text, spans = marked(sentence)
    found = comparisons(text, spans, language)
    return "=" if not found else "><"[found[0].winner]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_of_many_ways_to_compare_most_are_read_and_few_the_wrong_way(language):
    rows = listed(language)
    assert len(rows) > 200
    for part, least_right in ((1, 0.93), (2, 0.45)):
        told = [(wanted, preferred(sentence, language)) for place, wanted, sentence in rows if place == part]
        wrong = [said for wanted, said in told if said not in (wanted, "=")]
        assert sum(wanted == said for wanted, said in told) >= least_right * len(told)
        assert len(wrong) <= 0.05 * len(told)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_who_is_preferred_depends_on_places_and_not_on_names(language):
    names = ("Zentro 9", "@Kestra") if language == "en" else ("华星", "Kestra")
    for _, _, sentence in listed(language):
        first, second = re.findall(r"\[([^\]]+)\]", sentence)
        other = sentence.replace(f"[{first}]", f"[{names[0]}]").replace(f"[{second}]", f"[{names[1]}]")
        assert preferred(other, language) == preferred(sentence, language), sentence


NEGATED = [
    ("en", "I wouldn't pick [Aurora] over [Borea]."),
    ("en", "[Aurora] doesn't beat [Borea]."),
    ("en", "[Aurora] is fine, just like [Borea]."),
    ("en", "Some think [Aurora] outperforms [Borea]."),
    ("zh", "据说[晨光]比[北岭]好"),
]


@pytest.mark.parametrize(("language", "sentence"), NEGATED)
def test_what_is_denied_or_hearsay_prefers_nobody(language, sentence):
    assert preferred(sentence, language) == "="


def test_nouns_decide_whether_more_is_better():
    told = {
        "[Aurora] has more features than [Borea].": ">",
        "[Aurora] has more bugs than [Borea].": "<",
        "[Aurora] has a lower failure rate than [Borea].": ">",
        "[Aurora] has a lower resolution than [Borea].": "<",
        "[Aurora] drains faster than [Borea].": "<",
        "[Aurora] loads faster than [Borea].": ">",
        "[晨光]的功能比[北岭]多": ">",
        "[晨光]的广告比[北岭]多": "<",
        "[晨光]的故障率比[北岭]低": ">",
        "[晨光]的分辨率比[北岭]低": "<",
        "[晨光]掉电比[北岭]快": "<",
        "[晨光]充电比[北岭]快": ">",
    }
    assert {text: preferred(text, "zh" if "晨光" in text else "en") for text in told} == told


def test_polarities_decide_only_where_a_sentence_compares():
    text, spans = marked("Unlike [Aurora], [Borea] smells of roses.")
    assert comparisons(text, spans, "en") == []
    (found,) = comparisons(text, spans, "en", ["negative", "positive"])
    assert (found.winner, found.loser) == (1, 0)
    text, spans = marked("[Aurora] leaks. I also bought beans, and [Borea] is fine.")
    assert comparisons(text, spans, "en", ["negative", "positive"]) == []
    listed, spans = marked("本刊对比了八款机器，其中包括[晨光]、[北岭]和[南湖]。")
    assert comparisons(listed, spans, "zh", ["positive", "negative", "positive"]) == []


def test_a_comparison_is_of_its_own_sentence_and_of_different_names():
    text, spans = marked("We like [Aurora]. It is slower than [Borea], though. [Borea] is faster than [borea].")
    assert comparisons(text, spans, "en") == []
    text, spans = marked("Hello. [Aurora] beats [Borea]! Bye.")
    (found,) = comparisons(text, spans, "en")
    assert text[found.start_char : found.end_char] == "Aurora beats Borea!"


def test_other_languages_and_lone_names_compare_nothing():
    text, spans = marked("[Aurora] beats [Borea]")
    assert comparisons(text, spans, "other") == []
    assert comparisons(text, spans[:1], "en") == []


def test_clauses_hold_every_letter_in_order():
    text = (
        "The milk foam is great, but delivery was slow; fine 👍 — 电池很耐用，但是物流太慢 客服不理人。ok\n\n尺寸：大"
    )
    parts = clauses(text)
    assert [text[start:end] for start, end in parts] == [
        "The milk foam is great,", "but delivery was slow;", "fine 👍 —", "电池很耐用，", "但是物流太慢",
        "客服不理人。", "ok", "尺寸：", "大",
    ]  # fmt: skip
    covered = "".join(text[start:end] for start, end in parts)
    assert [c for c in covered if c.isalnum()] == [c for c in text if c.isalnum()]
    assert clauses("") == clauses("!!! …") == []


def test_a_span_over_several_clauses_gets_them_all():
    parts = [(0, 5), (6, 10), (11, 20)]
    assert clause_of(parts, (7, 9)) == (6, 10)
    assert clause_of(parts, (4, 12)) == (0, 20)
    assert clause_of([], (3, 4)) == (3, 4)


@pytest.mark.parametrize("piece", ["Aurora better than ", "晨光比", "not as ", "a, ", "和晨光", "n't so "])
def test_hostile_repetition_takes_no_time(piece):
    text = "Aurora" + piece * 4000 + "Borea"
    spans = [(0, 6), (len(text) - 5, len(text))]
    started = time.process_time()
    for language in ("en", "zh"):
        comparisons(text, spans, language, ["positive", "negative"])
    clauses(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("language", "sentence", "polarity"),
    [
        ("en", "[Aurora] is as sturdy as [Borea].", "positive"),
        ("en", "[Aurora] is just as noisy as [Borea].", "negative"),
        ("en", "[Aurora] is neither better nor worse than [Borea].", "neutral"),
        ("en", "Is [Aurora] better than [Borea]?", "neutral"),
        ("zh", "[晨光]和[北岭]差不多。", "neutral"),
        ("zh", "[晨光]和[北岭]都很好用", "positive"),
        ("zh", "[晨光]跟[北岭]一样难用", "negative"),
        ("zh", "[晨光]比[北岭]好用吗？", "neutral"),
    ],
)
def test_names_that_are_alike_or_asked_about_share_what_is_said(language, sentence, polarity):
    text, spans = marked(sentence)
    assert compared_polarities(text, spans, language) == [polarity, polarity]
    assert comparisons(text, spans, language) == []
