"""The hub bundle on tiny models that these tests build and save: real files, real loading, no network."""

from pathlib import Path

import numpy as np
import pytest
from hub_models import save_encoder, save_word_model

from tasks.config import load_settings
from tasks.errors import ConfigError, ModelUnavailableError
from tasks.models import hub
from tasks.models.bundle import load_bundle

MARKET = """
[project]
home = "."
[[brands]]
name = "Northwind"
aliases = ["北风"]
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "x.csv"
columns = {{ text = "t", published_at = "d" }}
[models]
bundle = "hub"
[models.hub]
{hub}
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    root = tmp_path_factory.mktemp("hub")
    encoder = save_encoder(root / "encoder")
    words = {"bad": 0, "good": 2, "差": 0, "好": 2}
    return {
        "encoder": encoder,
        "three": save_word_model(
            root / "three", "BertForSequenceClassification", words, ["NEGATIVE", "neutral", "Positive"]
        ),
        "stars": save_word_model(
            root / "stars",
            "BertForSequenceClassification",
            {"bad": 0, "good": 4, "差": 1, "好": 3},
            [f"{stars} star{'s' if stars > 1 else ''}" for stars in range(1, 6)],
        ),
        "nameless": save_word_model(
            root / "nameless", "BertForSequenceClassification", {"bad": 0, "good": 1}, ["A", "B"]
        ),
        "names": save_word_model(
            root / "names",
            "BertForTokenClassification",
            {"acme": 1, "corp": 2, "苹": 1, "果": 2, "phone": 3},
            ["O", "B-ORG", "I-ORG", "B-PRODUCT"],
        ),
    }


def project(folder: Path, **choices: object):
    lines = "\n".join(f"{key} = {value!r}".replace("'", '"') for key, value in choices.items())
    (folder / "market.toml").write_text(MARKET.format(hub=lines), encoding="utf-8")
    return load_settings(folder / "market.toml")


def bundle_with(tmp_path, models, **choices):
    return load_bundle(project(tmp_path, encoder=str(models["encoder"]), sentiment=str(models["three"]), **choices))


def test_texts_of_both_languages_are_encoded_to_unit_vectors(tmp_path, models):
    bundle = bundle_with(tmp_path, models)
    for language, texts in (("en", ["good phone", "bad", ""]), ("zh", ["电池很好", "差", ""])):
        encoder = bundle.encoder(language)
        encoded = encoder.encode(texts)
        assert encoded.embeddings.shape == (3, 16)
        assert np.allclose(np.linalg.norm(encoded.embeddings, axis=1), [1, 1, 0], atol=1e-5)
        assert encoded.token_counts[2] == 0
        assert encoder.version.language == language
    assert bundle.encoder("other") is None


def test_a_batch_does_not_change_a_vector(tmp_path, models):
    encoder = bundle_with(tmp_path, models).encoder("en")
    together = encoder.encode(["good", "the phone works very very good", "bad " * 30]).embeddings
    alone = encoder.encode(["good"]).embeddings
    assert np.allclose(together[0], alone[0], atol=1e-5)


def test_long_texts_are_read_to_their_end(tmp_path, models):
    bundle = bundle_with(tmp_path, models)
    text = "the phone " * 200 + "bad " * 300
    encoded = bundle.encoder("en").encode([text])
    assert encoded.token_counts[0] == 700
    assert encoded.coverage[0] == 1.0
    assert bundle.sentiment("en").predict([text], encoded).labels == ["negative"]


@pytest.mark.parametrize("scheme", ["three", "stars"])
def test_any_scheme_of_labels_becomes_ours(tmp_path, models, scheme):
    settings = project(tmp_path, encoder=str(models["encoder"]), sentiment=str(models[scheme]))
    bundle = load_bundle(settings)
    for language, texts in (("en", ["very good", "very bad", ""]), ("zh", ["非常好", "差", ""])):
        model = bundle.sentiment(language)
        scores = model.predict(texts, bundle.encoder(language).encode(texts))
        assert scores.labels == ["positive", "negative", None]
        assert np.allclose(scores.probabilities.sum(axis=1), 1, atol=1e-5)


def test_classes_without_meaning_ask_for_one(tmp_path, models):
    choices = {"encoder": str(models["encoder"]), "sentiment": str(models["nameless"])}
    with pytest.raises(ConfigError, match="calls a class 'A'") as caught:
        load_bundle(project(tmp_path, **choices)).sentiment("en")
    assert "sentiment_labels" in caught.value.fix
    settings = project(tmp_path, **choices, sentiment_labels=["negative", "positive"])
    scores = load_bundle(settings).sentiment("en").predict(["bad", "good"], None)
    assert scores.labels == ["negative", "positive"]


def test_documents_below_the_threshold_get_no_label(tmp_path, models):
    bundle = bundle_with(tmp_path, models, min_confidence=0.9)
    assert bundle.sentiment("en").predict(["the phone"], None).labels == [None]


def test_names_are_found_at_their_place_in_both_languages(tmp_path, models):
    bundle = bundle_with(tmp_path, models, entities_en=str(models["names"]), entities_zh=str(models["names"]))
    english, chinese = bundle.taggers[1:]
    assert (english.version.language, chinese.version.language) == ("en", "zh")
    text = "the Acme Corp phone works. Northwind"
    found = [(m.surface, m.entity_type, text[m.start_char : m.end_char]) for m in english.tag([text])[0]]
    assert found == [("Acme Corp", "organisation", "Acme Corp"), ("phone", "product", "phone")]
    text = "这个苹果手机"
    assert [m.surface for m in chinese.tag([text])[0]] == ["苹果"]
    assert [m.brand for m in bundle.taggers[0].tag(["Northwind, 北风"])[0]] == ["Northwind", "Northwind"]


def test_names_past_the_first_window_are_found(tmp_path, models):
    tagger = bundle_with(tmp_path, models, entities_en=str(models["names"])).taggers[1]
    text = "the very good " * 60 + "Acme Corp"
    (mention,) = tagger.tag([text])[0]
    assert text[mention.start_char : mention.end_char] == "Acme Corp"


def test_a_spacy_pipeline_serves_as_tagger(tmp_path, models):
    import spacy

    folder = tmp_path / "pipeline"
    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "ORG", "pattern": "Acme Corp"}, {"label": "GPE", "pattern": "Berlin"}])
    pipeline.to_disk(folder)
    tagger = bundle_with(tmp_path, models, entities_en=str(folder)).taggers[1]
    assert [m.surface for m in tagger.tag(["Acme Corp moved to Berlin"])[0]] == ["Acme Corp"]


@pytest.mark.parametrize(
    ("reference", "error", "fix"),
    [
        ("org/model", ConfigError, "name@revision"),
        ("no-such/model@0123abc", ModelUnavailableError, "hf download no-such/model --revision 0123abc"),
        ("spacy:en_core_web_trf@3.8.0", ModelUnavailableError, "python -m spacy download en_core_web_trf-3.8.0"),
        ("./nothing-here", ModelUnavailableError, "mend the path"),
    ],
)
def test_a_missing_model_names_the_command_that_gets_it(tmp_path, monkeypatch, reference, error, fix):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(error) as caught:
        hub.find(reference, base=tmp_path)
    assert fix in caught.value.fix
    assert caught.value.exit_code == (6 if error is ModelUnavailableError else 3)


def test_a_model_of_the_local_cache_is_found_by_its_revision(tmp_path, models, monkeypatch):
    """The cache's own layout: models--org--name/snapshots/<commit>/."""
    import shutil

    from huggingface_hub import constants

    commit = "a" * 40
    cache = tmp_path / "cache"
    shutil.copytree(models["three"], cache / "models--acme--tiny" / "snapshots" / commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", str(cache))
    model = hub.find(f"acme/tiny@{commit}", base=tmp_path)
    assert (model.name, model.revision, model.licence) == ("acme/tiny", commit, "mit")
    version = model.version(task="sentiment", language="zh", precision="fp32")
    assert version.model_version_id == f"sentiment-zh-acme--tiny@{commit}+fp32"


def test_the_hub_bundle_needs_its_two_models(tmp_path):
    with pytest.raises(ConfigError, match=r"needs hub\.encoder and hub\.sentiment"):
        project(tmp_path)


def test_models_and_doctor_list_what_the_hub_bundle_uses(tmp_path, models):
    from tasks.inventory import installed_models

    settings = project(tmp_path, encoder=str(models["encoder"]), sentiment="no-such/model@0123abc")
    used = {model.key: model for model in installed_models(settings) if model.is_used}
    assert set(used) == {"hub.encoder", "hub.sentiment"}
    assert used["hub.encoder"].state == "ok"
    assert used["hub.sentiment"].state == "missing"
    assert used["hub.sentiment"].fix.startswith("hf download no-such/model")


def test_hostile_texts_pass_through_every_model(tmp_path, models):
    bundle = bundle_with(tmp_path, models, entities_en=str(models["names"]))
    texts = ["\x00", "\ud83d acme", "\u202e", "a" * 5000, "<script>", "好" * 3000, " \n "]
    encoded = bundle.encoder("en").encode(texts)
    assert np.isfinite(encoded.embeddings).all()
    assert len(bundle.sentiment("en").predict(texts, encoded).labels) == len(texts)
    for text, found in zip(texts, bundle.taggers[1].tag(texts), strict=True):
        assert all(text[m.start_char : m.end_char] == m.surface for m in found)


def test_a_spacy_pipeline_is_no_encoder(models):
    from tasks.models.hub_models import HubReader

    with pytest.raises(ConfigError, match="is a spaCy pipeline"):
        HubReader(hub.HubModel("en_core_web_sm", "3.8.0", "0" * 64, "MIT", None), kind="AutoModel")


def test_pieces_that_grow_when_cut_still_fit_the_model(tmp_path, models):
    """Cut inside a word, a piece may have more tokens than the window it came from."""
    text = "goodgoodgood" * 400
    encoded = bundle_with(tmp_path, models).encoder("en").encode([text, "好" * 500 + "good" * 500])
    assert np.isfinite(encoded.embeddings).all()
