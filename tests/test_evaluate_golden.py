"""The golden sets are sound: what they hold, and that nothing was trained on them or overlaps with the sample."""

import csv
import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from tasks.core.contracts import SENTIMENTS
from tasks.evaluate import golden_files
from tasks.models.aspects import shipped_aspect
from tasks.store.labelled import read_labelled
from tasks.training_sets import keys_of, read_own, text_key

ROOT = Path(__file__).resolve().parents[1]
HARD = {"negation", "contrast", "intensity", "emoji", "irony", "comparative", "question", "mixed language", "slang"}
SETS = [(task, language) for task in ("sentiment", "entities", "aspects") for language in ("en", "zh")]


def texts_of(task, language):
    file = read_labelled(golden_files(task)[language], task=task)
    return [text.text for text in file.texts] or [row["text"] for row in file.rows]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_sentiment_is_large_balanced_and_has_the_hard_cases(language):
    with golden_files("sentiment")[language].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 300
    shares = {label: count / len(rows) for label, count in Counter(row["label"] for row in rows).items()}
    assert set(shares) == set(SENTIMENTS)
    assert min(shares.values()) >= 0.1
    assert max(shares.values()) <= 0.4
    categories = Counter(row["category"] for row in rows)
    assert all(categories[name] >= 5 for name in HARD), categories
    assert {row["source_kind"] for row in rows} == {"review", "post", "headline"}
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(row["id"].startswith(f"{language}-") for row in rows)


@pytest.mark.parametrize(("task", "language"), SETS)
def test_no_text_is_there_twice_or_padded(task, language):
    texts = texts_of(task, language)
    assert len(texts) >= 150
    assert len(keys_of(texts)) == len(texts)
    assert all(text == text.strip() for text in texts)


@pytest.mark.parametrize(("task", "language"), SETS)
def test_texts_are_in_their_language(task, language):
    han = sum(bool(re.search("[\u4e00-\u9fff]", text)) for text in texts_of(task, language))
    share = han / len(texts_of(task, language))
    assert share > 0.95 if language == "zh" else share < 0.05


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_are_marked_whole(language):
    rows = read_labelled(golden_files("entities")[language]).rows
    for row in rows:
        ends = [0]
        for start, end, _ in sorted(row["entities"]):
            surface = row["text"][start:end]
            assert surface == surface.strip(" ,.!?，。！？"), row["text"]
            assert start >= ends[-1], f"names overlap: {row['text']}"
            ends.append(end)
            around = row["text"][max(start - 1, 0) : start], row["text"][end : end + 1]
            assert not any(re.fullmatch("[A-Za-z0-9]", letter) for letter in around if surface.isascii()), row["text"]
    kinds = Counter(kind for row in rows for *_, kind in row["entities"])
    assert min(kinds["organisation"], kinds["product"]) >= 40
    assert sum(not row["entities"] for row in rows) >= 20


@pytest.mark.parametrize("language", ["en", "zh"])
def test_aspects_are_those_of_the_taxonomy(language):
    pairs = [pair for row in read_labelled(golden_files("aspects")[language]).rows for pair in row["aspects"]]
    assert all(shipped_aspect(name) for name, _ in pairs)
    counts = Counter(name for name, _ in pairs)
    assert len(counts) >= 15
    assert min(counts.values()) >= 5
    assert {polarity for _, polarity in pairs} == {"negative", "neutral", "positive"}


@pytest.mark.parametrize(("task", "language"), SETS)
def test_no_text_was_written_for_training(task, language):
    trained = keys_of(example.text for example in read_own(language))
    assert [text for text in texts_of(task, language) if text_key(text) in trained] == []


@pytest.mark.parametrize(("task", "language"), SETS)
def test_no_text_stands_in_the_sample(task, language):
    golden = {text_key(text) for text in texts_of(task, language) if len(text) > 12}
    phrases = []
    for path in sorted((ROOT / "data/sample/generator/phrases").glob("*.txt")):
        phrases += path.read_text(encoding="utf-8").splitlines()
    assert not golden & keys_of(phrases)
    packed = sorted((ROOT / "data/sample/inbox").rglob("*.csv.gz"))
    inbox = "\n".join(gzip.decompress(path.read_bytes()).decode("utf-8", "replace") for path in packed)
    assert [text for text in texts_of(task, language) if len(text) > 30 and text in inbox] == []


def test_the_release_knows_the_tasks_that_have_a_golden_set():
    release = json.loads((ROOT / "data/golden/release.json").read_text(encoding="utf-8"))
    assert set(release["tasks"]) <= {"sentiment", "entities", "aspects", "targets"}
    sentiment = release["tasks"]["sentiment"]
    assert sentiment["n"] == len(sentiment["labels"])
    assert 0 < sentiment["metrics"]["accuracy"]["value"] < 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_sentence_with_names_fits_a_training_template(language):
    path = ROOT / "data/models" / f"entity_templates_{language}.txt"
    slots = re.compile(r"\{[A-Z]\}")
    templates = [line for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    trained = {text_key(slots.sub("slot", line)) for line in templates}
    fitting = []
    for row in read_labelled(golden_files("entities")[language]).rows:
        text = row["text"]
        for start, end, _ in sorted(row["entities"], reverse=True):
            text = f"{text[:start]}slot{text[end:]}"
        if text_key(text) in trained:
            fitting.append(row["text"])
    assert fitting == []
