"""Gaps between groups of texts."""

import pytest

from tasks.core.slices import MAX_GROUPS, OTHERS, gaps, length_group
from tasks.errors import DataContractError


@pytest.mark.parametrize(
    ("text", "language", "group"),
    [
        ("good", "en", "short"),
        ("one two three four five six seven eight nine", "en", "medium"),
        ("word " * 26, "en", "long"),
        ("质量很差，退货了", "zh", "short"),
        ("这个产品非常好用，强烈推荐给大家", "zh", "medium"),
        ("好" * 41, "zh", "long"),
        ("sehr gut", "other", "short"),
    ],
)
def test_lengths_are_words_in_english_and_characters_in_chinese(text, language, group):
    assert length_group(text, language) == group


def test_a_weak_group_is_marked_and_its_numbers_are_right():
    truth = ["positive"] * 200
    said = ["positive"] * 90 + ["negative"] * 10 + ["positive"] * 40 + ["negative"] * 50 + [None] * 10
    groups = ["en"] * 100 + ["zh"] * 100
    (en, zh) = gaps({"language": groups}, truth, said)["language"]
    assert (en["group"], en["n"], en["accuracy"]["value"], en["coverage"]) == ("en", 100, 0.9, 1)
    assert (zh["accuracy"]["value"], zh["coverage"]) == (0.4, 0.9)
    assert zh["gap"]["value"] == -0.5
    assert zh["gap"]["is_beyond"]
    # Newcombe's interval of 40/100 - 90/100, from the Wilson intervals (0.3094, 0.4980) and (0.8256, 0.9448)
    assert (zh["gap"]["lo"], zh["gap"]["hi"]) == pytest.approx(
        (-0.5 - (0.0906**2 + 0.0448**2) ** 0.5, -0.5 + (0.0980**2 + 0.0744**2) ** 0.5), abs=2e-4
    )


def test_one_group_is_no_gap_and_rows_without_a_group_are_left_out_of_it():
    assert gaps({"source": ["a", "a"]}, ["positive"] * 2, ["positive"] * 2) == {}
    assert gaps({"source": ["a", None]}, ["positive"] * 2, ["positive"] * 2) == {}


def test_many_sources_are_taken_together():
    names = [f"s{i // 2:02}" for i in range(200)]
    fares = gaps({"source": names}, ["positive"] * 200, ["positive"] * 200)["source"]
    assert len(fares) == MAX_GROUPS
    assert sum(fare["n"] for fare in fares) == 200
    assert max(fares, key=lambda fare: fare["n"])["group"] == OTHERS


def test_headings_that_do_not_fit_are_an_error():
    with pytest.raises(DataContractError):
        gaps({"source": ["a"]}, ["positive"] * 2, ["positive"] * 2)
