"""Text-generation models of the hub as writers of labels: tiny ones, saved as real files and loaded from them."""

from __future__ import annotations

import pytest
from hub_models import save_encoder, save_word_model, save_writer

from tasks.config import load_settings
from tasks.errors import ModelUnavailableError
from tasks.models import hub
from tasks.models.hub_bundle import HubBundle
from tasks.models.hub_labels import HubLabels, label_model_kind
from tasks.models.hub_models import HubReader

PROMPTS = ["the phone works very good", "电池很差 bad", ""]
CHAT = "{% for m in messages %}good {{ m['content'] }} {% endfor %}"
MARKET = """
[[brands]]
name = "Northwind"
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "x.csv"
columns = {{ text = "t", published_at = "d" }}
[models]
bundle = "hub"
[models.hub]
encoder = "./encoder"
sentiment = "./three"
labels = "{labels}"
"""


def writer(folder, language: str = "en") -> HubLabels:
    model = hub.find(str(folder), base=folder)
    return HubLabels(model, language=language, reader=HubReader(model, kind=label_model_kind(model)))


@pytest.mark.parametrize("is_pair", [True, False])
@pytest.mark.parametrize("template", [None, CHAT])
def test_answers_are_the_same_every_time_and_do_not_repeat_the_prompt(tmp_path, is_pair, template):
    folder = save_writer(tmp_path / "writer", is_pair=is_pair, chat_template=template)
    first = writer(folder).write(PROMPTS)
    assert len(first) == 3
    assert any(first)
    assert not any(prompt and answer.startswith(prompt) for prompt, answer in zip(PROMPTS, first, strict=True))
    assert writer(folder).write(PROMPTS) == first
    assert [writer(folder).write([prompt])[0] for prompt in PROMPTS] == first


def test_a_prompt_that_does_not_fit_is_not_answered(tmp_path):
    folder = save_writer(tmp_path / "writer", is_pair=False)
    assert writer(folder).write(["good " * 500]) == [""]


def test_the_version_says_task_language_and_precision(tmp_path):
    version = writer(save_writer(tmp_path / "writer", is_pair=True), "zh").version
    assert (version.task, version.language, version.precision) == ("label", "zh", "fp32")
    assert version.model_version_id.startswith("label-zh-writer@")


def bundle(tmp_path, labels: str) -> HubBundle:
    save_encoder(tmp_path / "encoder")
    save_word_model(
        tmp_path / "three", "BertForSequenceClassification", {"bad": 0, "good": 1}, ["negative", "positive"]
    )
    (tmp_path / "market.toml").write_text(MARKET.format(labels=labels), encoding="utf-8")
    return HubBundle(load_settings(tmp_path / "market.toml"))


def test_a_bundle_names_the_writer_of_both_languages_among_its_models(tmp_path):
    save_writer(tmp_path / "writer", is_pair=True)
    found = bundle(tmp_path, "./writer")
    tasks = {language: [v.task for v in found.versions(language)].count("label") for language in ("en", "zh", "other")}
    assert tasks == {"en": 1, "zh": 1, "other": 0}
    assert found.label_writer("other") is None


def test_a_missing_writer_is_told_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelUnavailableError) as caught:
        bundle(tmp_path, "no-such/writer@0123abc").versions("en")
    assert caught.value.exit_code == 6
    assert caught.value.fix == "hf download no-such/writer --revision 0123abc"
