"""Topics measured against labels: groups that are plain to see score high, labels without sense score nothing."""

import hashlib
import random

import numpy as np
import pytest

from tasks import evaluate_topics as measuring
from tasks.config import load_settings
from tasks.core.contracts import Encoded, ModelVersion, NullProgress
from tasks.store.labelled import LabelledText

MARKET = """
[project]
home = "."
[[brands]]
name = "Northwind"
[[sources]]
name = "s"
kind = "review"
format = "csv"
path = "*.csv"
columns = { text = "text", published_at = "at" }
"""
WORDS = {
    "battery": ["battery", "charger", "charging", "power"],
    "delivery": ["courier", "parcel", "shipping", "doorstep"],
    "taste": ["coffee", "aroma", "bitter", "roast"],
}


class GroupEncoder:
    """Texts about the same thing lie near each other."""

    version = ModelVersion("embedding", "en", "groups", "1", "exact", "own", "0" * 64)

    def encode(self, texts):
        rows = np.zeros((len(texts), 16), np.float32)
        for row, text in zip(rows, texts, strict=True):
            seed = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
            row += np.random.default_rng(seed).normal(0, 0.12, 16)
            row[next(i for i, words in enumerate(WORDS.values()) if any(word in text for word in words))] += 1
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        counts = np.full(len(texts), 6, np.int32)
        return Encoded(rows, rows, counts, np.ones(len(texts), np.float32))


@pytest.fixture
def settings(tmp_path, monkeypatch):
    class Bundle:
        def encoder(self, language):
            return GroupEncoder() if language == "en" else None

    monkeypatch.setattr(measuring, "load_bundle", lambda settings: Bundle())
    monkeypatch.setattr(measuring, "find_in", measuring.find_in.fn)
    (tmp_path / "market.toml").write_text(MARKET + "\n[topics]\ncount = 3\n", encoding="utf-8")
    return load_settings(tmp_path / "market.toml")


def rows_of(count, *, is_shuffled=False):
    chance = random.Random(1)
    rows = []
    for number in range(count):
        label = chance.choice(sorted(WORDS))
        first, second = chance.sample(WORDS[label], 2)
        rows.append((f"In week {number} the {first} and the {second} were what we talked about", label))
    labels = [label for _, label in rows]
    if is_shuffled:
        chance.shuffle(labels)
    return [
        LabelledText(i, text, label, None, {}) for i, ((text, _), label) in enumerate(zip(rows, labels, strict=True))
    ]


def test_plain_groups_are_found_and_labels_without_sense_score_nothing(settings):
    good = measuring.evaluate_topics(settings, rows_of(240), NullProgress())
    assert (good["task"], good["n"]) == ("topics", 240)
    assert good["metrics"]["ami"]["value"] > 0.7
    assert good["metrics"]["bcubed_f1"]["value"] > 0.75
    assert good["coverage"] > 0.8
    senseless = measuring.evaluate_topics(settings, rows_of(240, is_shuffled=True), NullProgress())
    assert senseless["metrics"]["ami"]["value"] < 0.1
    for result in (good, senseless):
        for name, metric in result["metrics"].items():
            assert metric["lo"] <= metric["value"] <= metric["hi"], name


def test_too_few_texts_and_languages_without_topics_are_told(settings):
    rows = [*rows_of(5), LabelledText(9, "快递员态度很好，送货也快", "delivery", None, {})]
    result = measuring.evaluate_topics(settings, rows, NullProgress())
    assert (result["coverage"], result["topic_count"]) == (0, 0)
    assert len(result["warnings"]) == 2
    assert result["by_language"] == {}
