from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from tasks.config import load_settings
from tasks.core.aspects import Aspect, AspectFinder, Taxonomy
from tasks.core.contracts import AspectSpan, Encoded, ModelVersion
from tasks.errors import DataContractError
from tasks.evaluate_aspects import read_aspects
from tasks.models import cards
from tasks.models.aspect_meaning import (
    BUNDLE_KEYS,
    MeaningDecision,
    MeaningMatcher,
    MeaningWeights,
    PassVectors,
    load_matcher,
)
from tasks.models.aspects import load_taxonomy, shipped_taxonomy
from tasks.models.bundle import encode_words

MARKET = """
[[brands]]
name = "Aurora"
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "x.csv"
columns = { text = "t", published_at = "d" }
[aspects]
category = "electronics"
"""
HOSTILE = [
    "",
    "\x00",
    "，" * 500,
    "ha " * 200,
    "👍🏽" * 60,
    "哈" * 500,
    "a\u0301" * 200,
    "<script>alert(1)</script> so so so",
]
VERSION = ModelVersion("aspect", "en", "planted", "1", "int8", "Apache-2.0", "0" * 64)


class Planted:
    """A clause's vector counts its letters a, b and c; words are as near as they share their first letter."""

    needs_pass = False

    def of_clauses(self, texts, clauses, encoded):
        places = [(text, clause) for text, found in enumerate(clauses) for clause in found]
        rows = [[texts[text][slice(*clause)].count(letter) for letter in "abc"] for text, clause in places]
        return places, np.array(rows, np.float32).reshape(-1, 3)

    def likeness(self, clauses, vectors, words):
        return np.array([[float(clause[0] == word[0]) for word in words] for clause in clauses])


def aspect(name: str, *words: str, own: bool = False) -> Aspect:
    labels = {"en": name, "zh": name}
    return Aspect(name, labels, {"en": words, "zh": words}, own_words=words if own else (), is_custom=own)


def matcher(*aspects: Aspect) -> MeaningMatcher:
    return MeaningMatcher(
        Taxonomy("x", aspects),
        "en",
        version=VERSION,
        decision=MeaningDecision(("price", "sound", "taste"), 2.0, 0.9),
        weights=MeaningWeights(np.eye(3, dtype=np.float32), np.zeros(3, np.float32), np.zeros(3, np.float32)),
        vectors=Planted(),
    )


def match(found: MeaningMatcher, text: str, *clauses: tuple[int, int]) -> list[tuple[str, str]]:
    (spans,) = found.match([text], [clauses], None)
    assert all(
        span == AspectSpan(span.aspect, *clause, *clause, "meaning") for span in spans for clause in [_clause(span)]
    )
    return [(span.aspect, text[slice(*_clause(span))]) for span in spans]


def _clause(span: AspectSpan) -> tuple[int, int]:
    return span.clause_start_char, span.clause_end_char


def test_the_best_of_the_projects_aspects_counts_above_the_threshold():
    found = matcher(aspect("sound", "z"), aspect("price", "y"))
    assert match(found, "aab bba aab", (0, 3), (4, 7), (8, 11)) == [
        ("price", "aab"),
        ("sound", "bba"),
        ("price", "aab"),
    ]
    assert match(found, "ab", (0, 2)) == []
    assert match(found, "cccc", (0, 4)) == []
    assert match(matcher(aspect("taste", "z")), "cccc", (0, 4)) == [("taste", "cccc")]


def test_an_aspect_of_ones_own_counts_where_its_words_are_nearest():
    found = matcher(aspect("foam", "froth", own=True), aspect("price", "dear"))
    assert match(found, "fizz dull", (0, 4), (5, 9)) == [("foam", "fizz")]
    assert match(found, "faa", (0, 3)) == [("foam", "faa"), ("price", "faa")]
    assert match(matcher(aspect("price", "dear")), "dull", (0, 4)) == []


def test_an_own_aspect_with_a_shipped_name_is_the_projects():
    assert match(matcher(aspect("price", "froth", own=True)), "aaaa fizz", (0, 4), (5, 9)) == [("price", "fizz")]


def test_a_pass_without_the_branch_is_told():
    vectors = PassVectors(np.zeros(2, np.float32), lambda words: pytest.fail("not asked"))
    empty = Encoded(np.zeros((1, 2), np.float32), np.zeros((1, 2), np.float32), np.zeros(1, np.int32), np.ones(1))
    with pytest.raises(DataContractError, match="clauses"):
        vectors.of_clauses(["x"], [[(0, 1)]], empty)


def taxonomy(tmp_path, more: str = "") -> Taxonomy:
    (tmp_path / "market.toml").write_text(MARKET + more, encoding="utf-8")
    return load_taxonomy(load_settings(tmp_path / "market.toml"))


def meant(taxonomy: Taxonomy, language: str, *texts: str) -> list[set[str]]:
    found, scores = read_aspects(taxonomy, language, texts)
    for text, spans, judged in zip(texts, found, scores, strict=True):
        places = {(score.start_char, score.end_char) for score in judged}
        for span in spans:
            assert 0 <= span.clause_start_char <= span.start_char < span.end_char <= span.clause_end_char <= len(text)
            assert (span.start_char, span.end_char) in places
    return [{span.aspect for span in spans if span.method == "meaning"} for spans in found]


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["I bought this for my nephew.", "We met an old friend on Sunday.", "Thanks to everyone who voted."]),
        ("zh", ["昨天和同学见了一面。", "给我侄子买的", "谢谢大家的支持"]),
    ],
)
def test_clauses_that_speak_of_nothing_match_nothing(tmp_path, language, texts):
    assert meant(taxonomy(tmp_path), language, *texts) == [set()] * len(texts)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_any_text_is_taken(tmp_path, language):
    project = taxonomy(tmp_path, '[[aspects.custom]]\nname = "foam"\nwords = ["froth", "奶泡"]\n')
    assert len(meant(project, language, *HOSTILE)) == len(HOSTILE)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_same_whatever_else_is_read(tmp_path, language):
    texts = ["It came three days later than promised!", "等了半个月还没影。", "Nothing to add here."]
    project = taxonomy(tmp_path)
    assert meant(project, language, *texts) == [meant(project, language, text)[0] for text in texts]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_cards_tell_what_the_models_were_trained_on(language):
    folder = cards.bundle_folder(BUNDLE_KEYS[language])
    card = cards.load_card(folder)
    assert card["licence"] == "Apache-2.0"
    assert all(entry["licence"] for entry in card["training_sets"])
    assert language == "zh" or card["metrics"]["sentences_held_out"]["precision"]["value"] >= 0.79
    assert set(card["decision"]["aspects"]) == set(shipped_taxonomy()["aspects"])
    assert sum(path.stat().st_size for path in folder.iterdir()) < 650_000


def test_words_and_meaning_are_two_versions_of_one(tmp_path):
    plain = taxonomy(tmp_path)
    own = taxonomy(tmp_path, '[[aspects.custom]]\nname = "foam"\nwords = ["froth"]\n')
    assert AspectFinder(plain, "en").digest != AspectFinder(own, "en").digest
    loaded = load_matcher(plain, "en", partial(encode_words, "en", None))
    assert loaded.version.model_version_id.startswith("aspect-en-")
