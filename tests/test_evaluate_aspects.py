from __future__ import annotations

import pytest

import tasks.evaluate_aspects as module
from tasks.config import load_settings
from tasks.core.contracts import TargetScore

MARKET = """
[[brands]]
name = "Aurora"
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "x.csv"
columns = { text = "t", published_at = "d" }
"""


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Positive where the words behind the span say good or 好, None where they say odd, else negative."""

    def score_spans(language, texts, spans, other=None):
        def score(text, start, end):
            rest = text[end:].split(",")[0].split("，")[0]
            label = "positive" if "good" in rest or "好" in rest else None if "odd" in rest else "negative"
            return TargetScore(start, end, label, 0.9 if label == "positive" else -0.5, 0.8)

        return [[score(text, *span) for span in found] for text, found in zip(texts, spans, strict=True)]

    monkeypatch.setattr(module, "score_spans", score_spans)
    monkeypatch.setattr(module, "judge", score_spans)
    monkeypatch.setattr(module, "_model_version", lambda language: f"planted-{language}")
    monkeypatch.setattr(module, "_opinions_version", lambda language: f"planted-{language}")
    (tmp_path / "market.toml").write_text(MARKET, encoding="utf-8")
    return load_settings(tmp_path / "market.toml")


def test_aspects_are_scored_where_their_words_stand(settings):
    rows = [
        {"text": "The price is good, the battery is weak", "aspects": [["price", "positive"], ["battery", "positive"]]},
        {"text": "价格好，屏幕差", "aspects": [["price", "positive"], ["display", "negative"]]},
        {"text": "Costs an arm and a leg, screen odd", "aspects": [["price", "negative"], ["display", "negative"]]},
    ]
    result = module.evaluate_aspects.fn(settings, rows)
    assert result["n"] == 6
    assert result["metrics"]["accuracy"]["value"] == pytest.approx(4 / 6, abs=1e-6)
    assert result["coverage"] == pytest.approx(5 / 6, abs=1e-6)
    assert result["where_found"]["n"] == 6
    assert result["detection"]["precision"]["value"] == 1
    assert result["by_language"]["zh"]["metrics"]["accuracy"]["value"] == 1
    assert result["model_version_id"] == "planted-en, planted-zh"


def test_an_unknown_aspect_is_looked_for_by_its_name(settings):
    rows = [
        {"text": "The steam wand is good", "aspects": [["steam_wand", "positive"]]},
        {"text": "It gurgles", "aspects": [["steam_wand", "negative"]]},
    ]
    result = module.evaluate_aspects.fn(settings, rows)
    assert result["metrics"]["accuracy"]["value"] == 0.5
    assert result["coverage"] == 0.5
    assert result["detection"]["recall"]["value"] == 0.5


def test_what_nobody_labelled_lowers_precision(settings):
    rows = [
        {"text": "The price is good and the battery good", "aspects": [["price", "positive"]]},
        {"text": "The battery is good", "aspects": [["battery", "positive"]]},
    ]
    detection = module.evaluate_aspects.fn(settings, rows)["detection"]
    assert detection["precision"]["value"] == pytest.approx(2 / 3, abs=1e-6)
    assert detection["recall"]["value"] == 1
    assert detection["precision"]["lo"] < 2 / 3 < detection["precision"]["hi"]


def test_an_aspect_at_several_places_takes_the_side_that_outweighs(settings):
    rows = [{"text": "The price is good, the price is bad", "aspects": [["price", "positive"]]}]
    assert module.evaluate_aspects.fn(settings, rows)["metrics"]["accuracy"]["value"] == 1


def test_targets_are_scored_at_their_spans(settings):
    rows = [
        {"text": "Aurora is good, Borea is bad", "targets": [[0, 6, "positive"], [16, 21, "positive"]]},
        {"text": "晨光很好，北岭不行", "targets": [[0, 2, "positive"], [5, 7, "negative"]]},
        {"text": "Aurora est bon", "targets": [[0, 6, "positive"]], "language": "other"},
    ]
    result = module.evaluate_targets.fn(settings, rows)
    assert (result["n"], result["coverage"]) == (5, 0.8)
    assert result["metrics"]["accuracy"]["value"] == pytest.approx(3 / 5)
    assert result["by_language"]["other"]["metrics"]["accuracy"]["value"] == 0
