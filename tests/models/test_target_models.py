"""The shipped models of spans: what the project promises of them, in both languages."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.core.targets import RULES_VERSION
from tasks.evaluate_aspects import label_spans, score_spans
from tasks.models import cards
from tasks.models.targets import (
    BRANCH,
    BUNDLE_KEYS,
    BranchTargets,
    TargetDecision,
    decided,
    load_targets,
)
from tasks.target_sets import read_suite, suite_path
from tasks.train_targets import measure

DECISION = TargetDecision(temperature=1.0, min_confidence=0.5, rule_confidence=0.9)


def spans_of(text: str, *names: str) -> list[tuple[int, int]]:
    return [(text.index(name), text.index(name) + len(name)) for name in names]


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("en", "Northwind's battery is worse than Bellacrema's", ("Northwind", "Bellacrema")),
        ("zh", "北风 的续航比 贝拉奇 差", ("北风", "贝拉奇")),
    ],
)
def test_the_worse_one_is_negative_and_the_better_one_positive(language, text, names):
    spans = spans_of(text, *names)
    assert label_spans(language, [text], [spans], [spans]) == [["negative", "positive"]]


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "The milk foam is wonderful, but the delivery was terribly slow.", ("milk foam", "delivery")),
        ("zh", "奶泡特别细腻，但是物流太慢了，等了一周", ("奶泡", "物流")),
    ],
)
def test_a_mixed_text_keeps_both_sides(language, text, words):
    assert label_spans(language, [text], [spans_of(text, *words)], [()]) == [["positive", "negative"]]


@pytest.mark.parametrize(("language", "floor"), [("en", 0.80), ("zh", 0.88)])
def test_the_suite_of_comparisons_is_read_as_well_as_the_card_says(language, floor):
    value = measure(language, read_suite(suite_path(language)))["metrics"]["macro_f1"]["value"]
    card = cards.load_card(cards.bundle_folder(BUNDLE_KEYS[language]))
    assert value >= floor
    assert value == pytest.approx(card["metrics"][f"comparisons_{language}"]["metrics"]["macro_f1"]["value"], abs=0.02)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_cards_tell_what_the_models_were_trained_on(language):
    folder = cards.bundle_folder(BUNDLE_KEYS[language])
    card = cards.load_card(folder)
    assert all(entry["licence"] for entry in card["training_sets"])
    # The English head reads layers that learnt sentiment, too, from sets without a stated licence.
    sentiment = cards.load_card(cards.bundle_folder("sentiment-en"))
    assert card["licence"] == (sentiment["licence"] if language == "en" else "Apache-2.0")
    assert card["rules"] == RULES_VERSION
    assert sum(path.stat().st_size for path in folder.iterdir()) < 5_500_000


def test_labels_do_not_depend_on_what_else_is_read():
    texts = ["The pump of Aurora leaks.", "Borea is quiet! " * 30, "Aurora is great and Borea is not."]
    spans = [spans_of(texts[0], "Aurora"), spans_of(texts[1], "Borea"), spans_of(texts[2], "Aurora", "Borea")]
    together = score_spans("en", texts, spans, spans)
    for text, asked, scores in zip(texts, spans, together, strict=True):
        (alone,) = score_spans("en", [text], [asked], [asked])
        assert [score.sentiment for score in alone] == [score.sentiment for score in scores]


def test_a_span_that_no_window_held_gets_no_label():
    text = "Fine. " * 3000 + "Aurora is great."
    spans = spans_of(text, "Aurora")
    assert label_spans("en", [text], [spans], [()]) == [[None]]


def test_explicit_comparisons_decide_and_unsure_spans_abstain():
    text = "Aurora is slower than Borea."
    spans = spans_of(text, "Aurora", "Borea")
    flat = np.zeros((2, 3))
    assert [s.sentiment for s in decided(text, "en", spans, flat, spans, DECISION)] == ["negative", "positive"]
    assert [s.score for s in decided(text, "en", spans, flat, spans, DECISION)] == pytest.approx([-0.85, 0.85])
    assert [s.sentiment for s in decided(text, "en", spans, flat, (), DECISION)] == [None, None]
    without = TargetDecision(1.0, 0.0, None)
    sure = np.array([[0, 9.0, 0], [np.nan] * 3])
    assert [s.sentiment for s in decided(text, "en", spans, sure, spans, without)] == ["neutral", None]


def test_a_pass_without_the_branch_is_an_error():
    from tasks.core.contracts import NullEncoder
    from tasks.errors import DataContractError

    model = load_targets("en")
    assert isinstance(model, BranchTargets)
    with pytest.raises(DataContractError, match=BRANCH):
        model.predict(["x"], NullEncoder().encode(["x"]), [[(0, 1)]])
