from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tasks.core.targets import POLARITIES, TargetExample
from tasks.errors import SourceError
from tasks.target_sets import (
    CHINESE_TARGETS,
    ENGLISH_TARGETS,
    TargetParts,
    find_names,
    generated_comparisons,
    joined_reviews,
    read_suite,
    read_target_set,
    split_texts,
    suite_path,
)
from tasks.training_sets import text_key

SHARED = Path(os.environ.get("MARKETBRIEF_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def test_names_are_found_once_each_the_longer_first():
    text = "Tata Motors gains, tata steel and TATA slip; Statoil"
    spans = find_names(text, ["Tata", "Tata Motors", "Tata  Steel", "Stat", ""])
    assert [text[slice(*span)] if span else None for span in spans] == ["TATA", "Tata Motors", "tata steel", None, None]


def test_a_split_depends_on_the_texts_alone_and_shares_none():
    examples = [TargetExample(f"text {i}", ((0, 4),), ("neutral",), "s") for i in range(50)]
    parts, again = TargetParts(), TargetParts()
    split_texts(examples, parts)
    split_texts(examples[::-1], again)
    assert parts == again
    assert parts.counts == {"training": 40, "validation": 5, "test": 5}
    texts = [item.text for part in (parts.training, parts.validation, parts.test) for item in part]
    assert len(set(texts)) == 50


@pytest.mark.parametrize("language", ["en", "zh"])
def test_generated_comparisons_are_repeatable_and_of_two_names(language):
    examples = generated_comparisons(language, count=300, seed=5)
    assert examples == generated_comparisons(language, count=300, seed=5)
    assert {label for item in examples for label in item.labels} == set(POLARITIES)
    for item in examples:
        assert len({item.text[slice(*span)] for span in item.spans}) == 2
        assert item.has_names
        assert "{" not in item.text


def test_joined_reviews_say_of_each_name_what_its_text_says():
    texts = [("很好", "positive"), ("太差了", "negative"), ("长" * 50, "neutral")]
    examples = [TargetExample(text, ((0, 1),), (label,), "s") for text, label in texts]
    for item in joined_reviews(examples, "zh", count=50, seed=1):
        ends = [*(start for start, _ in item.spans[1:]), len(item.text)]
        for (_, end), until, label in zip(item.spans, ends, item.labels, strict=True):
            assert ("很好" in item.text[end:until]) == (label == "positive")


@pytest.mark.parametrize(
    "line",
    [
        "{",
        '{"text": "a b"}',
        '{"text": "ab", "targets": [[0, 3, "neutral"]]}',
        '{"text": "ab", "targets": [[0, 1, "good"]]}',
    ],
)
def test_a_suite_tells_the_line_that_is_wrong(tmp_path, line):
    path = tmp_path / "suite.jsonl"
    path.write_text('{"text": "ok", "targets": [[0, 2, "neutral"]]}\n\n' + line, encoding="utf-8")
    with pytest.raises(SourceError, match="line 3"):
        read_suite(path)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_suites_are_whole_and_share_nothing_with_training(language):
    suite = read_suite(suite_path(language))
    assert len(suite) >= 60
    assert all(len(item.spans) >= 2 for item in suite)
    rows = [json.loads(line) for line in suite_path(language).read_text(encoding="utf-8").splitlines()]
    names = {row["text"][start:end].casefold() for row in rows for start, end, _ in row["targets"]}
    generated = generated_comparisons(language, count=2000, seed=13)
    assert not names & {item.text[slice(*span)].casefold() for item in generated for span in item.spans}
    assert not {text_key(item.text) for item in suite} & {text_key(item.text) for item in generated}


@pytest.mark.shared
@pytest.mark.parametrize("target_set", [*ENGLISH_TARGETS, *CHINESE_TARGETS], ids=lambda item: item.name)
def test_public_sets_are_read_whole_and_their_parts_share_no_text(target_set):
    if not (SHARED / target_set.name).is_dir():
        pytest.skip(f"no training data at {SHARED}")
    parts = read_target_set(target_set, SHARED)
    keys = [{text_key(item.text) for item in part} for part in (parts.training, parts.validation, parts.test)]
    assert not keys[0] & keys[1]
    assert not keys[0] & keys[2]
    assert not keys[1] & keys[2]
    if target_set.name == "sentfin":
        assert sum(parts.counts.values()) + parts.left_out["names that are not in the headline"] >= 14_200
        assert parts.counts["test"] == pytest.approx(1430, rel=0.05)
    for item in (*parts.training, *parts.test):
        assert all(0 <= start < end <= len(item.text) for start, end in item.spans)
        assert len(item.labels) == len(item.spans)


def test_a_missing_set_is_told(tmp_path):
    with pytest.raises(SourceError, match="No training set"):
        read_target_set(ENGLISH_TARGETS[0], tmp_path)
