"""Evaluation as a whole: what comes out, in the agreed shape; files and documents; the last release."""

import csv
import gzip
import json
import sys
from datetime import datetime
from types import ModuleType

import pytest

from tasks import evaluate, evaluate_sentiment
from tasks.config import load_settings
from tasks.core.contracts import NullProgress, SentimentScores
from tasks.core.documents import stable_hash
from tasks.errors import SourceError, UsageError
from tasks.store.releases import row_key
from tasks.store.warehouse import Warehouse

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
ROWS = [
    ("Great app, love it", "positive"),
    ("The coffee machine broke after a week, I want my money back", "negative"),
    ("这个产品非常好用，强烈推荐", "Positive"),
    ("Ceci est une phrase en français, qui parle de la pluie.", "neutral"),
]


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "market.toml").write_text(MARKET, encoding="utf-8")
    return load_settings(tmp_path / "market.toml")


@pytest.fixture(autouse=True)
def plain_tasks(monkeypatch):
    """The tasks' own functions: no Prefect server in these tests."""
    monkeypatch.setattr(evaluate_sentiment, "label_texts", evaluate_sentiment.label_texts.fn)


@pytest.fixture
def word_model(monkeypatch):
    """A model that goes by two words, 80% sure, and abstains on texts with a question mark."""
    import numpy as np

    from tasks.core.contracts import ModelVersion, NullEncoder

    class Words:
        version = ModelVersion("sentiment", "en", "words", "1", "exact", "own", "0" * 64)

        def predict(self, texts, encoded):
            labels = ["positive" if "good" in t else "negative" if "bad" in t else "neutral" for t in texts]
            columns = [["negative", "neutral", "positive"].index(label) for label in labels]
            probabilities = np.full((len(texts), 3), 0.1, np.float32)
            probabilities[np.arange(len(texts)), columns] = 0.8
            return SentimentScores(
                probabilities, [None if "?" in t else lab for t, lab in zip(texts, labels, strict=True)]
            )

    class Bundle:
        def sentiment(self, language):
            return Words()

        def encoder(self, language):
            return NullEncoder()

    monkeypatch.setattr(evaluate_sentiment, "load_bundle", lambda settings: Bundle())


def write_csv(path, rows, header=("text", "label")):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def measure(settings, data=None, task=None):
    return evaluate.evaluate_task(settings, NullProgress(), task=task, data=data)


@pytest.mark.weights
def test_four_rows_in_three_languages(settings, tmp_path):
    result = measure(settings, write_csv(tmp_path / "x.csv", ROWS))
    assert (result["task"], result["n"], result["data"]) == ("sentiment", 4, "x.csv")
    assert result["coverage"] == 0.75
    assert result["metrics"]["accuracy"]["value"] == 0.75
    assert set(result["metrics"]) == {"accuracy", "macro_f1", "macro_recall"}
    for metric in result["metrics"].values():
        assert 0 <= metric["lo"] <= metric["value"] <= metric["hi"] <= 1
    assert set(result["by_language"]) == {"en", "zh", "other"}
    assert result["judged"] == {"n": 3, "accuracy": {"value": 1.0, "lo": pytest.approx(0.438503), "hi": 1.0}}
    assert result["polar"]["says"] == 1
    assert result["calibration"]["n"] == 3
    assert "sentiment-en-" in result["model_version_id"]
    assert "sentiment-zh-" in result["model_version_id"]
    json.dumps(result)


@pytest.mark.weights
def test_without_a_file_the_golden_sets_are_measured(settings):
    result = measure(settings, task="sentiment")
    files = evaluate.golden_files("sentiment").values()
    assert result["data"] == "golden"
    assert result["n"] == sum(len(path.read_text(encoding="utf-8").splitlines()) - 1 for path in files)
    assert {"language", "length", "category", "source_kind"} <= set(result["gaps"])
    assert result["by_language"]["en"]["metrics"]["accuracy"]["value"] > 0.6
    assert result["by_language"]["zh"]["metrics"]["accuracy"]["value"] > 0.45


def test_gaps_follow_the_columns_and_abstentions_are_counted(settings, tmp_path, word_model):
    rows = [("good stuff", "positive", "shop"), ("bad stuff", "negative", "shop"), ("good?", "positive", "app")] * 10
    result = measure(settings, write_csv(tmp_path / "x.csv", rows, ("text", "label", "source")))
    assert result["coverage"] == pytest.approx(2 / 3, abs=1e-6)
    assert result["metrics"]["accuracy"]["value"] == pytest.approx(2 / 3, abs=1e-6)
    shop, app = result["gaps"]["source"]
    assert (shop["group"], shop["n"], shop["accuracy"]["value"]) == ("shop", 20, 1)
    assert (app["coverage"], app["gap"]["value"], app["gap"]["is_beyond"]) == (0, -1, True)
    assert result["confusion"]["positive"] == {"negative": 0, "positive": 10, "abstained": 10}
    assert result["polar"]["says"] == pytest.approx(2 / 3, abs=1e-6)
    # the 20 sides that were taken, and 6 of the 10 texts that lean to the right one without a label
    assert result["polar"]["surest"]["n"] == 26
    assert result["polar"]["surest"]["accuracy"]["value"] == 1
    # 20 labels, each 80% sure, all right
    assert result["calibration"]["error"] == pytest.approx(0.2)
    assert result["calibration"]["n"] == 20


def test_what_was_read_otherwise_is_said(settings, tmp_path, word_model):
    result = measure(settings, write_csv(tmp_path / "x.csv", [("good", "5"), ("bad", "1"), ("so", "3")]))
    assert result["metrics"]["accuracy"]["value"] == 1
    assert result["warnings"] == ["labels were read so: 1 as negative, 3 as neutral, 5 as positive"]


def publish(settings, texts):
    with Warehouse(settings.snapshot_path) as warehouse:
        for record_id, text, language in texts:
            moment = datetime(2026, 1, 5)
            row = {"document_id": stable_hash("id", "shop", record_id), "source": "shop", "kind": "review"}
            row |= {"language": language, "text": text, "published_at": moment, "week_start": moment.date()}
            row |= {"iso_week": "2026-W02", "duplicate_group_id": "g", "is_canonical": True, "is_spam": False}
            warehouse.insert("marts.document", [row])


def test_a_file_may_name_documents_of_the_project(settings, tmp_path, word_model):
    publish(settings, [("1", "good", "en"), ("2", "bad", "en"), ("3", "so", "zh")])
    rows = [("1", "positive"), ("2", "positive"), ("3", "neutral"), ("4", "neutral"), ("5", None)]
    path = tmp_path / "truth.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for record_id, label in rows:
            file.write(json.dumps({"source": "shop", "id": record_id, "sentiment": label, "aspects": []}) + "\n")
    result = measure(settings, path)
    assert (result["n"], result["metrics"]["accuracy"]["value"]) == (3, pytest.approx(2 / 3, abs=1e-6))
    assert result["by_language"]["zh"]["n"] == 1
    assert result["warnings"] == [
        "1 rows have no label and were left out",
        "1 rows name a document that the published snapshot does not hold",
    ]


def test_documents_that_are_not_there_are_an_error(settings, tmp_path, word_model):
    path = write_csv(tmp_path / "x.csv", [("a" * 32, "positive")], ("document_id", "label"))
    with pytest.raises(SourceError, match="nothing is published yet"):
        measure(settings, path)
    publish(settings, [("1", "good", "en")])
    with pytest.raises(SourceError, match="None of the 1 documents"):
        measure(settings, path)


def test_tasks_that_do_not_exist_or_have_no_set_are_usage_errors(settings):
    for task in ("magic", "topics"):
        with pytest.raises(UsageError):
            measure(settings, task=task)


@pytest.fixture
def golden(tmp_path, monkeypatch):
    """Golden sets of four rows, and a release file, in a folder of the test's own."""
    rows = [("good", "positive"), ("bad", "negative"), ("good day", "positive"), ("so", "neutral")] * 1
    write_csv(tmp_path / "sentiment_en.csv", rows)
    write_csv(tmp_path / "sentiment_zh.csv", [("good 好", "positive")])
    monkeypatch.setattr(evaluate, "GOLDEN_ROOT", tmp_path)
    monkeypatch.setattr(evaluate, "RELEASE", tmp_path / "release.json")
    return tmp_path


def test_a_release_is_kept_and_compared_with_in_pairs(settings, golden, word_model):
    first = measure(settings, task="sentiment")
    assert "changes" not in first
    assert evaluate.save_release(first, version="1.0") == ["sentiment"]
    same = measure(settings, task="sentiment")["changes"]
    assert (same["version"], same["n_paired"]) == ("1.0", 5)
    assert same["metrics"]["accuracy"]["delta"] == 0
    assert not same["metrics"]["accuracy"]["is_beyond"]

    kept = json.loads(evaluate.RELEASE.read_text(encoding="utf-8"))
    kept["tasks"]["sentiment"]["labels"] = dict.fromkeys(kept["tasks"]["sentiment"]["labels"], "neutral")
    evaluate.RELEASE.write_text(json.dumps(kept), encoding="utf-8")
    better = measure(settings, task="sentiment")["changes"]["metrics"]["accuracy"]
    assert (better["before"], better["value"]) == (0.2, 1)
    assert better["is_beyond"]
    assert better["is_paired"]


def test_a_release_on_other_texts_is_compared_unpaired(settings, golden, word_model):
    evaluate.save_release(measure(settings, task="sentiment"), version="1.0")
    write_csv(golden / "sentiment_en.csv", [(f"good {i}", "positive") for i in range(30)])
    changes = measure(settings, task="sentiment")["changes"]
    assert changes["n_paired"] == 0
    assert not changes["metrics"]["accuracy"]["is_paired"]


def test_saving_one_task_keeps_the_others_and_a_users_file_is_no_release(settings, golden, word_model, tmp_path):
    other = {"task": "entities", "data": "golden", "n": 3, "coverage": 1.0, "metrics": {}, "model_version_id": "m"}
    evaluate.save_release(other, version="0.9")
    result = measure(settings, task="sentiment")
    evaluate.save_release(result, version="1.0")
    kept = json.loads(evaluate.RELEASE.read_text(encoding="utf-8"))
    assert set(kept["tasks"]) == {"entities", "sentiment"}
    assert kept["tasks"]["sentiment"]["labels"][row_key("bad")] == "negative"
    mine = measure(settings, write_csv(tmp_path / "mine.csv", [("good", "positive")]))
    with pytest.raises(UsageError):
        evaluate.save_release(mine, version="1.0")


def test_a_damaged_release_is_told(settings, golden, word_model):
    evaluate.RELEASE.write_text("{", encoding="utf-8")
    with pytest.raises(SourceError, match="release"):
        measure(settings, task="sentiment")


def test_spans_go_to_their_own_measures_with_their_language(settings, monkeypatch, tmp_path):
    asked = []

    def measure(settings, rows):
        asked.append(rows)
        labels = [item[-1] for row in rows for item in row.get("aspects", row.get("targets", []))]
        told = {"labels": labels, "model_version_id": "m", "ignored_types": {"person": 2}}
        return {"n": 9, "coverage": 1.0, "metrics": {}, **told}

    for name in ("entities", "aspects"):
        module = ModuleType(f"tasks.evaluate_{name}")
        setattr(module, f"evaluate_{name}", measure)
        module.evaluate_targets = measure
        monkeypatch.setitem(sys.modules, module.__name__, module)
    golden = evaluate.evaluate_task(settings, NullProgress(), task="aspects", data=None)
    assert (golden["n"], golden["text_count"], golden["data"]) == (9, 304, "golden")
    assert golden["targets"]["task"] == "targets"
    aspects, targets = asked
    assert {row["language"] for row in aspects} == {row["language"] for row in targets} == {"en", "zh"}
    assert all("targets" in row for row in targets)
    monkeypatch.setattr(evaluate, "RELEASE", tmp_path / "release.json")
    assert evaluate.save_release(golden, version="1.0") == ["aspects", "targets"]
    again = evaluate.evaluate_task(settings, NullProgress(), task="aspects", data=None)
    assert again["changes"]["n_paired"] == 228 + 228
    assert again["targets"]["changes"]["metrics"]["accuracy"]["delta"] == 0

    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"text": "Ryanair", "entities": [[0, 7, "person"]]}), encoding="utf-8")
    result = evaluate.evaluate_task(settings, NullProgress(), task=None, data=path)
    assert (result["task"], result["data"]) == ("entities", "mine.jsonl")
    assert result["warnings"] == ["types of names that are not looked for were left out: person (2)"]
    assert asked[-1][0]["entities"] == [[0, 7, "person"]]


def test_names_are_compared_text_by_text(settings, monkeypatch, tmp_path):
    def measure(settings, rows):
        counts = [[right if row["entities"] else 0, len(row["entities"]), len(row["entities"])] for row in rows]
        return {"n": 1, "coverage": 1.0, "metrics": {}, "labels": counts, "model_version_id": "m"}

    module = ModuleType("tasks.evaluate_entities")
    module.evaluate_entities = measure
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(evaluate, "RELEASE", tmp_path / "release.json")
    right = 0
    evaluate.save_release(evaluate.evaluate_task(settings, NullProgress(), task="entities", data=None), version="1.0")
    right = 1
    changes = evaluate.evaluate_task(settings, NullProgress(), task="entities", data=None)["changes"]
    assert changes["n_paired"] == 315
    assert changes["metrics"]["f1"]["before"] == 0
    assert changes["metrics"]["f1"]["is_beyond"]
