"""What evaluate prints for a person, and what it hands to a machine."""

import json
import os
import re
import sys
from contextlib import contextmanager
from datetime import datetime
from types import ModuleType

import pytest

from flows import cli
from flows.commands import learning
from tasks.core.calibration import reliability
from tasks.core.changes import paired_changes
from tasks.core.metrics import classification_metrics, share
from tasks.core.slices import gaps
from tasks.starter import write_starter

TRUTH = ["positive"] * 40 + ["negative"] * 40
SAID = ["positive"] * 36 + ["negative"] * 4 + ["negative"] * 30 + ["positive"] * 8 + [None] * 2
BEFORE = ["positive"] * 20 + ["negative"] * 20 + ["negative"] * 30 + ["positive"] * 10


def sentiment():
    import numpy as np

    judged = [label is not None for label in SAID]
    right = np.array([true == label for true, label in zip(TRUTH, SAID, strict=True)])[judged]
    return {
        "task": "sentiment",
        "data": "golden",
        **classification_metrics(TRUTH, SAID),
        "judged": {
            "n": 78,
            "accuracy": share(66, 78),
            "surest": {"coverage": 0.85, "n": 68, "accuracy": share(60, 68)},
        },
        "polar": {
            "n": 80,
            "says": 0.975,
            "accuracy": share(66, 78),
            "surest": {"coverage": 0.85, "n": 68, "accuracy": share(60, 68)},
        },
        "calibration": reliability(np.full(78, 0.95), right),
        "gaps": gaps({"language": ["en"] * 40 + ["zh"] * 40}, TRUTH, SAID),
        "model_version_id": "sentiment-en-x@1+fp32",
        "warnings": ["labels were read so: 正面 as positive"],
        "changes": {
            "version": "1.0",
            "model_version_id": "sentiment-en-w@1+fp32",
            "n_paired": 80,
            "metrics": paired_changes(TRUTH, BEFORE, SAID),
        },
        "row_labels": {"abc": "positive"},
    }


def entities():
    f1 = {"value": 0.5, "lo": 0.4, "hi": 0.6}
    return {
        "task": "entities", "data": "golden", "n": 30, "text_count": 80, "coverage": 1.0, "metrics": {"f1": f1},
        "per_class": {"product": {"n": 30, "precision": 0.5, "recall": 0.5, "f1": 0.5}},
        "by_language": {"en": {"n": 20, "metrics": {"f1": f1}}, "zh": {"n": 10, "metrics": {"f1": f1}}},
        "model_version_id": "mention-en-x@1+int8",
    }  # fmt: skip


@pytest.fixture
def evaluated(tmp_path, monkeypatch):
    """A starter project as the current folder, and a flow that gives a result made by hand."""

    @contextmanager
    def no_server(settings, **_):
        from flows.prefect_server import Server

        yield Server("http://127.0.0.1:1")

    before = dict(os.environ)
    monkeypatch.setattr(learning, "running_server", no_server)
    write_starter(tmp_path, today=datetime(2026, 11, 22).date())
    monkeypatch.chdir(tmp_path)
    fake = ModuleType("flows.evaluate")
    fake.evaluate = lambda settings, *, task, data, progress: sentiment() | {"other_tasks": {"entities": entities()}}
    monkeypatch.setitem(sys.modules, "flows.evaluate", fake)
    yield
    os.environ.clear()
    os.environ.update(before)


def run(capsys, *words):
    code = cli.main(list(words))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_figures_change_classes_confidence_and_gaps_are_printed(capsys, evaluated):
    code, out, err = run(capsys, "evaluate")
    assert code == 0
    assert "sentiment on golden sets: 80 texts, 97.5% of them judged" in out
    assert re.search(r"accuracy +0\.825 +0\.727 to 0\.893 +\+0\.200 \(\+0\.\d\d to \+0\.\d\d\), better", out)
    assert "compared in pairs, on 80 texts, with sentiment-en-w@1+fp32" in out
    assert re.search(r"of sides taken +0\.846 .*takes a side in 97\.5%", out)
    assert re.search(r"positive +40 +0\.818 \(0\.\d\d–0\.\d\d\)", out)
    assert re.search(r"label ↓  said → +negative +positive +abstained", out)
    assert re.search(r"90%–100% +78 +95\.0% +84\.6%", out)
    assert re.search(r"language +en +40 +100% +0\.900", out)
    assert re.search(r"zh +40 +95% +0\.750", out)
    assert "entities on golden sets: 30 labels in 80 texts" in out
    assert re.search(r"product +30 +0\.500 +0\.500", out)
    assert re.search(r"zh +10 +0\.500 \(0\.400 to 0\.600\)", out)
    assert "正面 as positive" in err


def test_the_json_object_is_one_and_keeps_rows_to_itself(capsys, evaluated):
    code, out, _ = run(capsys, "evaluate", "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["task"], told["n"], told["coverage"]) == ("sentiment", 80, 0.975)
    assert set(told["metrics"]) == {"accuracy", "macro_f1", "macro_recall"}
    assert told["other_tasks"]["entities"]["metrics"]["f1"]["value"] == 0.5
    assert "row_labels" not in told


def test_a_release_is_saved_where_asked(capsys, evaluated, monkeypatch, tmp_path):
    from tasks import evaluate

    path = tmp_path / "release.json"
    monkeypatch.setattr(evaluate, "RELEASE", path)
    code, _, err = run(capsys, "evaluate", "--save-release")
    assert code == 0
    assert "kept as the release: sentiment, entities" in err
    kept = json.loads(path.read_text(encoding="utf-8"))["tasks"]
    assert kept["sentiment"]["labels"] == {"abc": "positive"}
    assert kept["entities"]["metrics"]["f1"]["value"] == 0.5
