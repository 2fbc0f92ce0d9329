"""Golden sentences, written by hand from the rules: verdicts become words, numbers keep their denominators."""

import re
import string
from pathlib import Path

import pytest
from report_builder import surge, wording

from tasks.core.report_model import Estimate, Topic
from tasks.core.week_data import estimate_of
from tasks.core.wording import clip
from tasks.store.messages import load_messages

EN, ZH = wording("en"), wording("zh")
TOPIC = Topic(topic_id="en-battery", language="en", label="battery life", keywords=("battery",))


def said(language: str, row: dict, reference: float, *, is_baseline: bool, topic: Topic | None = None) -> str:
    return (
        wording(language)
        .changed(estimate_of(row), reference, is_baseline=is_baseline, label=topic.label if topic else None)
        .text
    )


def test_a_signal_is_told_against_its_baseline():
    row = surge()
    assert said("en", row, 0.19, is_baseline=True) == (
        "The negative share for Aurora rose to 29% from an 8-week baseline of 19% "
        "(range 24% to 35%, n=271, +3 to +17 points on the week)."
    )
    assert said("zh", row, 0.19, is_baseline=True) == (
        "Aurora 的负面占比上升至 29%，高于此前 8 周基线 19%（区间 24% 至 35%，n=271，较上周 +3 至 +17 个百分点）。"
    )


def test_a_fall_of_net_sentiment_is_in_points():
    row = surge(metric="nss", verdict="signal_down", value=0.12, lo=0.02, hi=0.22, baseline=0.31, delta_lo=-0.25,
                delta_hi=-0.01, n=212)  # fmt: skip
    assert said("en", row, 0.31, is_baseline=True) == (
        "Net sentiment for Aurora fell to +12 points from an 8-week baseline of +31 "
        "(range +2 to +22, n=212, −25 to −1 points on the week)."
    )
    assert said("zh", row, 0.31, is_baseline=True) == (
        "Aurora 的净情感下降至 +12 点，低于此前 8 周基线 +31（区间 +2 至 +22，n=212，较上周 −25 至 −1 点）。"
    )


def test_a_watch_may_have_risen_and_names_the_week_before():
    row = surge(verdict="watch_up")
    assert said("en", row, 0.19, is_baseline=False) == (
        "The negative share for Aurora may have risen: 29% against 19% the week before (+3 to +17 points, n=271)."
    )
    assert said("zh", row, 0.19, is_baseline=False) == (
        "Aurora 的负面占比可能上升：本周 29%，上周 19%（较上周 +3 至 +17 个百分点，n=271）。"
    )


def test_ratings_have_one_decimal_and_topics_are_named():
    rating = surge(metric="mean_rating", verdict="signal_down", n=240, value=3.94, lo=3.8, hi=4.05, baseline=4.31,
                   delta_lo=-0.5, delta_hi=-0.2)  # fmt: skip
    assert said("en", rating, 4.31, is_baseline=True) == (
        "The mean rating of Aurora fell to 3.9 stars from an 8-week baseline of 4.3 "
        "(range 3.8 to 4.0, n=240, −0.5 to −0.2 stars on the week)."
    )
    topic = surge(metric="topic_share", topic_id="en-battery", value=0.18, lo=0.14, hi=0.23, baseline=0.06)
    assert said("zh", topic, 0.06, is_baseline=True, topic=TOPIC) == (
        "“battery life”话题在 Aurora 文档中的占比上升至 18%，高于此前 8 周基线 6%"
        "（区间 14% 至 23%，n=271，较上周 +3 至 +17 个百分点）。"
    )


def test_volumes_are_documents():
    row = surge(metric="volume", n=412, value=412.0, lo=373.0, hi=454.0, baseline=260.25, delta_lo=90.0, delta_hi=214.0)
    assert said("en", row, 260.25, is_baseline=True) == (
        "The number of documents about Aurora rose to 412 from an 8-week baseline of 260 "
        "(range 373 to 454, n=412, +90 to +214 documents on the week)."
    )


def test_the_emphasised_part_is_the_value():
    sentence = EN.changed(estimate_of(surge()), 0.19, is_baseline=True)
    assert sentence.text[slice(*sentence.strong)] == "29%"
    sentence = ZH.changed(estimate_of(surge(brand="北风 咖啡")), 0.19, is_baseline=True)
    assert sentence.text[slice(*sentence.strong)] == "29%"


def test_numbers_that_would_read_equal_get_one_digit_more():
    row = surge(verdict="watch_up", value=0.294, delta_lo=0.001, delta_hi=0.03)
    assert "29.4% against 29.1% the week before (+0.1 to +3.0 points" in said("en", row, 0.291, is_baseline=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0%"), (0.004, "<1%"), (0.29, "29%"), (0.996, ">99%"), (1.0, "100%"), (None, "–"), (-0.04, "−4%")],
)
def test_percentages(value, text):
    assert EN.percent(value) == text


def test_signs_and_separators():
    assert [EN.points(v) for v in (0.03, -0.03, 0.0, -0.001)] == ["+3", "−3", "0", "0"]
    assert EN.count(12345) == "12,345"
    assert EN.worded_change("volume", -1) == "−1 document"
    assert EN.worded_change("volume", 12) == "+12 documents"


def test_hostile_names_stay_one_short_line():
    assert clip("a\x00b\nc\u202ed", 40) == "a b c d"
    assert clip("x" * 50, 10) == "x" * 9 + "…"
    sentence = EN.changed(estimate_of(surge(brand="{0}\x02\x03{brand}")), 0.19, is_baseline=True)
    assert sentence.text.startswith("The negative share for {0} {brand} rose to 29%")


def test_kinds_and_segments_are_named():
    estimate = Estimate(metric="nss", brand="Aurora", kind="review", segment="EU", verdict="watch_up")
    assert EN.subject(estimate) == "Net sentiment for Aurora in reviews in segment EU"
    assert ZH.subject(estimate) == "Aurora 的净情感（仅评论）（分组 EU）"


def flat(table: dict, prefix: str = "") -> dict[str, str]:
    items: dict[str, str] = {}
    for key, value in table.items():
        items |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: str(value)}
    return items


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_catalogues_have_the_same_messages_with_known_places():
    english, chinese = flat(load_messages("en")), flat(load_messages("zh"))
    assert english.keys() == chinese.keys()
    optional = {"month", "year", "day", "first_month", "last_month", "first_day", "last_day", "first_year", "last_year"}
    different = {
        key: (places(english[key]), places(chinese[key]))
        for key in english
        if not key.startswith("date.months") and (places(english[key]) ^ places(chinese[key])) - optional
    }
    assert different == {}


def test_change_verbs_stand_only_where_a_verdict_brings_them():
    may_change = re.compile(r"^(sentence|summary|verdict|topics|fig_net\.title_signal|method|glossary|alerts)")
    for language, verbs in (("en", r"\b(rose|fell|risen|fallen)\b"), ("zh", r"上升|下降")):
        loose = [
            key
            for key, text in flat(load_messages(language)).items()
            if re.search(verbs, text) and not may_change.match(key)
        ]
        assert loose == []
        for key, text in flat(load_messages(language)["sentence"]).items():
            firm = re.search(r"\b(rose|fell)\b|(?<!可能)(上升|下降)至", text)
            assert bool(firm) == key.startswith("signal"), key


def test_no_hype_and_no_causes_in_our_own_words():
    hype = r"\b(skyrocket\w*|plummet\w*|massive\w*|soar\w*|dramatic\w*|because of|due to|caused)\b|暴涨|暴跌|飙升|导致"
    for language in ("en", "zh"):
        assert not [key for key, text in flat(load_messages(language)).items() if re.search(hype, text, re.I)]


def test_every_message_that_a_template_names_exists():
    root = Path(__file__).resolve().parents[2] / "reports" / "templates"
    known = flat(load_messages("en"))
    for path in root.glob("*.j2"):
        for key in re.findall(r"w\.say\('([a-z_.]+)'[,)]", path.read_text(encoding="utf-8")):
            assert key in known, f"{path.name}: {key}"
