"""report, train and evaluate from the command line: what they hand to the flows, and what they say of the result."""

import json
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest

from flows import cli, prefect_server
from flows.commands import learning
from tasks.config import load_settings
from tasks.starter import write_starter
from tasks.store.lock import lock_holder
from tasks.store.warehouse import Warehouse


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A starter project as the current folder, without a Prefect server."""

    @contextmanager
    def no_server(settings, **_):
        yield prefect_server.Server("http://127.0.0.1:1")

    before = dict(os.environ)
    monkeypatch.setattr(prefect_server, "running_server", no_server)
    monkeypatch.setattr(learning, "running_server", no_server)
    write_starter(tmp_path, today=datetime(2026, 11, 22).date())
    monkeypatch.chdir(tmp_path)
    yield load_settings("market.toml")
    os.environ.clear()
    os.environ.update(before)


def run(capsys, *words):
    code = cli.main(list(words))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def publish(settings, *, revisions=1):
    """A snapshot with a report of 2026-W46."""
    with Warehouse(settings.snapshot_path) as warehouse:
        for revision in range(1, revisions + 1):
            row = {
                "iso_week": "2026-W46",
                "revision": revision,
                "run_id": f"r{revision}",
                "content_hash": f"{revision}",
            }
            row |= {"published_at": datetime(2026, 11, 16), "reason": "first", "payload": "{}"}
            warehouse.insert("marts.report", [row])


@pytest.fixture
def rendered(settings, monkeypatch):
    """The report stage replaced by one that notes what it is asked for."""

    @dataclass
    class Summary:
        paths: tuple = (settings.reports_dir / "2026-W46" / "report.zh.html",)
        warnings: tuple = ("a figure is missing",)

    fake = ModuleType("tasks.report")
    fake.calls = []
    fake.meanwhile = lambda: None

    def render(settings, run_id, progress, weeks, languages, formats, revision=None):
        fake.calls.append((run_id, weeks, languages, formats, revision))
        fake.meanwhile()
        return Summary()

    fake.render = render
    monkeypatch.setitem(sys.modules, "tasks.report", fake)
    return fake


def test_report_renders_the_newest_published_revision(capsys, settings, rendered):
    publish(settings, revisions=2)
    code, out, err = run(capsys, "report", "--week", "2026-W46", "--lang", "zh", "--format", "html,json")
    assert code == 0
    assert rendered.calls == [("r2", ["2026-W46"], ["zh"], ["html", "json"], 2)]
    assert out.strip() == "reports/2026-W46/report.zh.html"
    assert "a figure is missing" in err
    told = json.loads(run(capsys, "report", "--week", "2026-W46", "--json")[1])
    assert (told["revision"], told["content_hash"]) == (2, "2")
    assert rendered.calls[-1][2] == ["en", "zh"], "the project's languages by default"


def test_report_of_a_week_without_one_says_how_to_make_it(capsys, settings, rendered):
    publish(settings)
    code, _, err = run(capsys, "report", "--week", "2026-W45")
    assert code == 4
    assert "marketbrief run --week 2026-W45" in err
    assert not rendered.calls


def test_report_renders_again_when_a_run_publishes_meanwhile(capsys, settings, rendered):
    publish(settings)

    def swap():
        rendered.meanwhile = lambda: None
        new = settings.snapshot_path.with_suffix(".new")
        new.write_bytes(settings.snapshot_path.read_bytes())
        os.replace(new, settings.snapshot_path)

    rendered.meanwhile = swap
    assert run(capsys, "report", "--week", "2026-W46")[0] == 0
    assert len(rendered.calls) == 2


METRICS = {"accuracy": {"value": 0.75, "lo": 0.5, "hi": 0.9}, "macro_f1": {"value": 0.7, "lo": 0.4, "hi": 0.9}}


def test_evaluate_prints_the_result_as_it_is(capsys, settings, monkeypatch):
    result = {
        "task": "sentiment",
        "data": "golden",
        "n": 4,
        "coverage": 1.0,
        "metrics": METRICS,
        "model_version_id": "sentiment-en-x@1+fp32",
    }
    result["per_class"] = {"negative": {"n": 2, "precision": 1.0, "recall": 0.5, "f1": 0.667}}
    asked = []
    fake = ModuleType("flows.evaluate")
    fake.evaluate = lambda settings, *, task, data, progress: asked.append((task, data)) or result
    monkeypatch.setitem(sys.modules, "flows.evaluate", fake)
    Path("mine.csv").write_text("text,label\ngood,positive\n")
    code, out, _ = run(capsys, "evaluate", "--data", "mine.csv", "--json")
    assert code == 0
    assert json.loads(out) == result
    assert asked == [(None, Path("mine.csv"))]
    out = run(capsys, "evaluate")[1]
    assert re.search(r"accuracy +0.750 +0.500 to 0.900", out)
    assert re.search(r"negative +2 +1.000 +0.500 +0.667", out)
    assert asked[1] == (None, None)


def test_train_holds_the_lock_and_says_how_to_choose_the_model(capsys, settings, monkeypatch):
    @dataclass
    class Made:
        name: str = "sentiment-en-own"
        revision: str = "0a1b2c3d4e5f"
        choice: str = "sentiment-en-own@0a1b2c3d4e5f"
        folder: Path = settings.model_dir / "sentiment-en-own" / "0a1b2c3d4e5f"
        language: str = "en"
        licence: str = "yours"
        warnings: tuple = ()

        def __post_init__(self):
            self.counts = {"training": 800, "validation": 100, "test": 100}
            self.metrics = {"metrics": METRICS}

    held = []
    fake = ModuleType("flows.train")

    def train(settings, *, task, data, language, method, base, epochs, seed, progress):
        assert (method, base, epochs, seed) == ("lora", None, 3, 13)
        held.append((task, language, lock_holder(settings).command))
        return Made()

    fake.train = train
    monkeypatch.setitem(sys.modules, "flows.train", fake)
    Path("mine.csv").write_text("text,label\ngood,positive\n")
    code, out, _ = run(capsys, "train", "sentiment", "--data", "mine.csv", "--lang", "en")
    assert code == 0
    assert '[models] sentiment_en = "sentiment-en-own@0a1b2c3d4e5f"' in out
    assert "800 texts" in out
    assert held == [("sentiment", "en", "marketbrief train sentiment --data mine.csv --lang en")]
    assert json.loads(run(capsys, "train", "sentiment", "--data", "mine.csv", "--json")[1])["choice"] == Made().choice
