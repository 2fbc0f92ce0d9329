"""The shipped sentiment models on sentences whose tone nobody doubts, and the cards that vouch for them."""

import json
import shutil

import numpy as np
import pytest

from tasks.core.contracts import NullEncoder, NullSentimentModel
from tasks.errors import ConfigError, DataContractError, ModelUnavailableError
from tasks.models import cards
from tasks.models.encoder import load_encoder_en
from tasks.models.sentiment import WEIGHTS, load_folder, load_sentiment, ngram_text, sentiment_folder

pytestmark = pytest.mark.weights

ENGLISH = {
    "The parcel arrived on Tuesday.": "neutral",
    "The lamp is 40 cm high.": "neutral",
    "Nice app.": "positive",
    "Not bad at all!": "positive",
    "I have never been happier with a purchase.": "positive",
    "The battery is a bit disappointing.": "negative",
    "It isn't worth the money.": "negative",
    "good but far too slow": "negative",
    "👍👍": "positive",
    "👎": "negative",
    "Delicious food, dreadful service.": "mixed",
}
CHINESE = {
    "这个产品非常好用，强烈推荐": "positive",
    "质量很差，退货了": "negative",
    "快递周二到了。": "neutral",
    "非常满意，下次还会再来": "positive",
    "客服态度太差，再也不买了": "negative",
    "请问怎么开发票？": "neutral",
    "👍👍": "positive",
}


def label(text, language):
    model = load_sentiment(language)
    encoder = load_encoder_en() if language == "en" else NullEncoder()
    return model.predict([text], encoder.encode([text])).labels[0]


@pytest.mark.parametrize(("text", "expected"), ENGLISH.items())
def test_english_tone(text, expected):
    assert label(text, "en") == expected


@pytest.mark.parametrize(("text", "expected"), CHINESE.items())
def test_chinese_tone(text, expected):
    assert label(text, "zh") == expected


def test_chinese_double_negation_is_not_negative():
    assert label("不是不好用", "zh") != "negative"
    assert label("不好用", "zh") == "negative"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_abstains_where_there_is_nothing_to_read(language, text):
    assert label(text, language) is None


def test_unknown_languages_abstain():
    model = load_sentiment("other")
    assert isinstance(model, NullSentimentModel)
    assert model.predict(["Das ist gut."], NullEncoder().encode(["Das ist gut."])).labels == [None]


def test_probabilities_sum_to_one_and_scores_have_a_sign():
    for language, texts in (("en", list(ENGLISH)), ("zh", list(CHINESE))):
        encoder = load_encoder_en() if language == "en" else NullEncoder()
        scores = load_sentiment(language).predict(texts, encoder.encode(texts))
        assert scores.probabilities.sum(axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)
        for name, value in zip(scores.labels, scores.scores, strict=True):
            assert {"positive": value > 0, "negative": value < 0}.get(name, True)


def test_features_of_another_encoder_are_refused():
    with pytest.raises(DataContractError):
        load_sentiment("en").predict(["fine"], NullEncoder(dim=8).encode(["fine"]))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_card_tells_where_the_model_comes_from(language):
    card = cards.load_card(sentiment_folder(language))
    assert card["licence"] in ("Apache-2.0", cards.RESEARCH_ONLY)
    assert card["limits"]
    assert card["rebuild"]
    public = [item for item in card["training_sets"] if "commit" in item]
    assert public
    for item in public:
        assert item["repository"]
        assert len(item["commit"]) == 40
        assert all(len(digest) == 64 for digest in item["sha256"].values())
    assert card["metrics"]["test"]["n"] > 500
    assert card["metrics"]["golden"]["confusion"]


def test_a_model_on_a_set_without_licence_is_for_research_only():
    for language in ("en", "zh"):
        card = cards.load_card(sentiment_folder(language))
        is_unclear = any(item["licence"] == "none stated" for item in card["training_sets"])
        assert (card["licence"] == cards.RESEARCH_ONLY) == is_unclear


def test_a_changed_file_is_noticed(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(sentiment_folder("zh"), folder)
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS).write_bytes(bytes(data))
    with pytest.raises(ModelUnavailableError, match="not the file"):
        load_folder(folder)


def test_a_card_for_other_files_is_noticed(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(sentiment_folder("zh"), folder)
    card = json.loads((folder / cards.CARD).read_text(encoding="utf-8"))
    (folder / cards.CARD).write_text(json.dumps(card | {"revision": "0" * 12}), encoding="utf-8")
    with pytest.raises(ModelUnavailableError, match="does not fit"):
        cards.load_card(folder)


def test_models_are_chosen_by_name_and_revision(tmp_path):
    card = {"name": "mine", "task": "sentiment", "language": "en", "licence": "own-data"}
    first = cards.install({"w": b"1"}, card, root=tmp_path)
    second = cards.install({"w": b"2"}, card, root=tmp_path)
    assert first != second
    assert cards.chosen_folder(f"mine@{second.name}", model_dir=tmp_path) == second
    with pytest.raises(ModelUnavailableError):
        cards.chosen_folder("mine@000000000000", model_dir=tmp_path)
    with pytest.raises(ConfigError):
        cards.chosen_folder("../../etc/passwd", model_dir=tmp_path)


def test_the_same_weights_have_the_same_revision(tmp_path):
    card = {"name": "mine", "task": "sentiment", "language": "en", "licence": "own-data"}
    folders = {cards.install({"w": b"1", "v": b"2"}, card | {"note": note}, root=tmp_path) for note in ("a", "b")}
    assert len(folders) == 1
    assert cards.load_card(folders.pop())["note"] == "b"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("好用 ！！！！！", "^好用!!$"),
        ("ＡＢＣ 用了 3 天", "^abc用了0天$"),
        ("不是不好用", "^好用$"),
        ("是不是不好用？", "^是不是不好用?$"),
        ("", ""),
    ],
)
def test_how_the_ngram_model_reads(text, read):
    assert ngram_text(text) == read
