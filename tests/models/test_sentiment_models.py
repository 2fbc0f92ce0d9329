"""The shipped sentiment models on sentences whose tone nobody doubts, and the cards that vouch for them."""

import json
import shutil

import numpy as np
import pytest

from tasks.core.contracts import NullEncoder, NullSentimentModel
from tasks.errors import ConfigError, DataContractError, ModelUnavailableError
from tasks.models import cards, sentiment
from tasks.models.encoder import load_encoder_en
from tasks.models.sentiment import WEIGHTS, hashed_ngrams, load_folder, load_sentiment, ngram_text, sentiment_folder

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


def test_a_long_text_is_as_long_as_a_short_one():
    ((_, matrix),) = hashed_ngrams(["好用", "好用，屏幕清楚，物流也快，客服有耐心" * 20, ""])
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1
    assert lengths == pytest.approx([1, 1, 0])


def test_chinese_labels_do_not_depend_on_the_company_a_text_keeps(monkeypatch):
    texts = [f"{head}{tail}" for head in CHINESE for tail in ("", "，物流也快", "，就是太贵了", "👎", "\0")]
    model = load_sentiment("zh")
    whole = model.predict(texts, NullEncoder().encode(texts))
    for size in (1, 3, 7):
        monkeypatch.setattr(sentiment, "CHUNK_DOCUMENTS", size)
        parts = model.predict(texts, NullEncoder().encode(texts))
        assert parts.labels == whole.labels
        assert parts.probabilities == pytest.approx(whole.probabilities, abs=1e-5)


def test_a_model_trained_on_other_features_is_refused_with_a_remedy(tmp_path):
    folder = sentiment_folder("zh")
    files = {name: (folder / name).read_bytes() for name in cards.load_card(folder)["files"]}
    card = {key: value for key, value in cards.load_card(folder).items() if key != "features"}
    with pytest.raises(ModelUnavailableError, match="other features") as refused:
        load_folder(cards.install(files, card, root=tmp_path))
    assert "marketbrief train" in refused.value.fix


def test_sites_never_trained_on_are_read_about_as_well_as_the_card_promises():
    left_out = cards.load_card(sentiment_folder("zh"))["metrics"]["left_out_groups"]
    shop = ["书籍", "平板", "手机", "水果", "洗发水", "热水器", "蒙牛", "衣服", "计算机", "酒店"]
    assert set(shop) <= set(left_out)
    for result in left_out.values():
        assert result["lo"] < result["accuracy"] < result["hi"]
    assert np.mean([left_out[name]["accuracy"] for name in shop]) >= 0.87
