"""`marketbrief correct` and `label` from the command line: exit codes, JSON, files."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from warehouse_builder import WarehouseBuilder

from flows.cli import main
from tasks.build import DOCUMENT_MARTS
from tasks.store.snapshot import build_snapshot
from tasks.store.warehouse import Warehouse


@pytest.fixture
def project(tmp_path, monkeypatch) -> list[str]:
    """Ids of three documents of a published project in the current folder."""
    builder = WarehouseBuilder(tmp_path)
    ids = builder.add_documents(
        [{"published_at": datetime(2026, 1, 5 + day), "sentiment": "neutral"} for day in range(3)]
    )
    settings = builder.finish()
    with Warehouse(settings.warehouse_path) as warehouse:
        for table in DOCUMENT_MARTS:
            warehouse.rebuild(table)
        settings.snapshot_path.parent.mkdir(parents=True, exist_ok=True)
        build_snapshot(warehouse, settings.snapshot_path)
    monkeypatch.chdir(tmp_path)
    return ids


def answer(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_label_correct_and_export_go_round(project, tmp_path, capsys):
    assert main(["label", "--week", "2026-W02", "--n", "2", "--json"]) == 0
    assert answer(capsys) == {
        "rows": 2, "path": "label-sentiment-2026-W02.csv", "task": "sentiment", "week": "2026-W02",
    }  # fmt: skip
    assert main(["label", "--week", "2026-W02"]) == 2, "it does not overwrite what somebody may have filled in"
    capsys.readouterr()
    file = tmp_path / "label-sentiment-2026-W02.csv"
    file.write_text(file.read_text(encoding="utf-8-sig").replace(",,\n", ",negative,\n", 1), encoding="utf-8")

    assert main(["--json", "correct", str(file)]) == 0
    told = answer(capsys)
    assert (told["read"], told["added"], told["unlabelled"]) == (1, 1, 1)
    assert told["next"] == "marketbrief run"
    assert main(["correct", "--export", "out.csv", "--json"]) == 0
    assert answer(capsys) == {"exported": 1, "path": "out.csv"}
    assert main(["correct", "out.csv", "--json"]) == 0
    assert answer(capsys)["unchanged"] == 1


def test_what_cannot_be_done_has_its_exit_code(project, tmp_path, capsys):
    (tmp_path / "bad.csv").write_text(f"kind,subject,value\nspam,{project[0]},spam\nspam,{'0' * 32},spam\n")
    assert main(["correct", "bad.csv", "--json"]) == 4
    error = answer(capsys)["error"]
    assert "line 3: no document" in error["message"]
    assert main(["correct"]) == 2
    assert main(["correct", "bad.csv", "--export", "out.csv"]) == 2
    assert main(["correct", "nowhere.csv"]) == 4
    assert main(["label", "--week", "2026-W02", "--task", "mood"]) == 2
