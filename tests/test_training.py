"""Training and evaluation: splits that don't leak, models that land where they should, numbers in the agreed shape."""

import csv
import os
import random
from collections import Counter
from pathlib import Path

import pytest
from hub_models import save_word_model

from tasks import evaluate, evaluate_sentiment, train, train_own, training_sets
from tasks.config import load_settings
from tasks.core.contracts import NullEncoder, NullProgress
from tasks.errors import SourceError, UsageError
from tasks.models import cards
from tasks.models.bundle import load_bundle
from tasks.models.sentiment import load_folder, sentiment_folder
from tasks.store.warehouse import Warehouse
from tasks.training_sets import OWN, Example, distinct, golden_path, keys_of, read_csv, read_own, read_set, text_key

SHARED = Path(os.environ.get("MARKETBRIEF_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
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
GOOD = ["love", "adore", "enjoy", "recommend", "praise", "like"]
BAD = ["hate", "despise", "regret", "dislike", "can't stand", "avoid"]
THINGS = ["kettle", "jacket", "bank", "phone", "hotel", "grinder", "train", "sofa", "lamp", "bike"]


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "market.toml").write_text(MARKET, encoding="utf-8")
    return load_settings(tmp_path / "market.toml")


@pytest.fixture(autouse=True)
def plain_tasks(monkeypatch):
    """The tasks' own functions: no Prefect server in these tests."""
    monkeypatch.setattr(train_own, "fit", train.fit.fn)
    monkeypatch.setattr(train, "fit", train.fit.fn)
    monkeypatch.setattr(evaluate_sentiment, "label_texts", evaluate_sentiment.label_texts.fn)


def write_csv(path, rows, header=("text", "label")):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def examples_of(count, source="set"):
    labels = ["negative", "neutral", "positive", "positive"]
    return [Example(f"text number {i}", labels[i % 4], source, source) for i in range(count)]


def test_split_is_eight_to_one_to_one_and_keeps_the_labels_shares():
    parts = train.split(examples_of(1000), seed=1)
    assert parts.counts == {"training": 800, "validation": 100, "test": 100}
    for part in (parts.training, parts.validation, parts.test):
        counts = Counter(example.label for example in part)
        assert counts["positive"] == 2 * counts["negative"] == 2 * counts["neutral"]


def test_no_text_is_in_two_parts_and_the_seed_decides():
    parts = train.split(examples_of(500), seed=1)
    texts = [{example.text for example in part} for part in (parts.training, parts.validation, parts.test)]
    assert sum(map(len, texts)) == len(set.union(*texts)) == 500
    assert train.split(examples_of(500), seed=1) == parts
    assert train.split(examples_of(500), seed=2) != parts


def test_own_sentences_are_for_training_alone():
    parts = train.split([*examples_of(100), *examples_of(50, OWN)], seed=1)
    assert sum(example.source == OWN for example in parts.training) == 50


def test_repeats_and_held_out_texts_are_left_out():
    rows = [
        Example(text, "positive", "s", "s") for text in ("Good!", "good", "GOOD ", "Bad?", "👍", "👎", "很好。", "很好")
    ]
    assert [e.text for e in distinct(rows, without=keys_of(["bad"]))] == ["Good!", "👍", "👎", "很好。"]
    assert text_key("A b") == text_key("ab!") != text_key("abc")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_golden_sets_are_sound_and_never_trained_on(language):
    rows = read_csv(golden_path(language))
    assert len(rows) >= 60
    assert min(Counter(label for _, label in rows).values()) >= 5
    golden = keys_of(text for text, _ in rows)
    assert len(golden) == len(rows)
    assert not golden & keys_of(example.text for example in read_own(language))


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the third-party data folder is absent")
def test_public_sets_give_labels_only_where_they_are_sure():
    by_name = {item.name: read_set(item, SHARED) for item in (*training_sets.ENGLISH, *training_sets.CHINESE)}
    labels = {name: {example.text: example.label for example in rows} for name, rows in by_name.items()}
    assert len(by_name["tweet_sentiment_extraction"]) == 27_480
    assert labels["tweet_sentiment_extraction"]["Sooo SAD I will miss you here in San Diego!!!"] == "negative"
    mams = labels["mams_absa"]
    assert mams["The decor is not special at all but their food and amazing prices make up for it."] == "mixed"
    assert labels["sentfin"]["SpiceJet to issue 6.4 crore warrants to promoters"] == "neutral"
    assert labels["absa_zh_products"]["车身不够宽敞"] == "negative"
    assert set(labels["zh_online_shopping_10_cats"].values()) == {"negative", "positive"}
    assert len({example.group for example in by_name["zh_online_shopping_10_cats"]}) == 10


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the third-party data folder is absent")
def test_provenance_names_commit_and_hashes():
    told = training_sets.provenance(training_sets.ENGLISH[1], SHARED, example_count=7)
    assert told["commit"] == "bd4997cbfce42aeef9281818560e845adc5382f0"
    assert told["example_count"] == 7
    assert set(told["sha256"]) == {"lounge.csv.gz", "seat.csv.gz"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", "has the columns"),
        ("text,label\n", "holds no row"),
        ("text,label\nfine,happy\n", "line 2: 'happy' is no sentiment"),
        ("text,label\nfine,positive\nfine\n", "line 3"),
        ("", "has the columns"),
    ],
)
def test_unusable_files_are_told_with_their_place(tmp_path, content, message):
    path = tmp_path / "x.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        read_csv(path)


def test_a_missing_or_binary_file_is_a_source_error(tmp_path):
    with pytest.raises(SourceError):
        read_csv(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(SourceError):
        read_csv(tmp_path / "b.csv")


def own_rows(count, seed=3):
    """Plainly worded English opinions, in which the verb gives the label."""
    chance = random.Random(seed)
    rows = {}
    while len(rows) < count:
        label = chance.choice(["negative", "positive"])
        verb, thing = chance.choice(BAD if label == "negative" else GOOD), chance.choice(THINGS)
        rows[f"Number {len(rows)}: people {verb} this {thing}."] = label
    return list(rows.items())


@pytest.mark.weights
@pytest.mark.parametrize(("method", "epochs"), [("lora", 1), ("full", 1), ("head", 8)])
def test_training_on_a_users_file_learns_installs_and_registers(settings, tmp_path, method, epochs):
    data = write_csv(tmp_path / "mine.csv", [*own_rows(240), ("Das ist ganz wunderbar und schön.", "positive")])
    summary = train_own.train_own(
        settings, NullProgress(), data=data, language="en", out=None, method=method, epochs=epochs, seed=1
    )
    assert summary.counts == {"training": 192, "validation": 24, "test": 24}
    assert summary.metrics["metrics"]["accuracy"]["value"] >= 0.8
    assert summary.folder == settings.model_dir / summary.name / summary.revision
    assert summary.licence == "own-data"
    assert any("not in en" in warning for warning in summary.warnings)
    card = cards.load_card(summary.folder)
    assert card["method"] == method
    with Warehouse(settings.warehouse_path) as warehouse:
        rows = warehouse.rows("select name, revision, is_current from ops.model_version")
    assert rows == [{"name": summary.name, "revision": summary.revision, "is_current": False}]

    (tmp_path / "market.toml").write_text(f'{MARKET}\n[models]\nsentiment_en = "{summary.choice}"\n', encoding="utf-8")
    chosen = load_settings(tmp_path / "market.toml")
    assert sentiment_folder("en", chosen) == summary.folder
    result = evaluate.evaluate_task(chosen, NullProgress(), task="sentiment", data=data)
    assert summary.choice in result["model_version_id"]
    assert result["metrics"]["accuracy"]["value"] >= 0.8


@pytest.mark.weights
def test_the_same_seed_trains_the_same_model(settings, tmp_path):
    data = write_csv(tmp_path / "mine.csv", own_rows(120))
    options = {"data": data, "language": "en", "method": "lora", "epochs": 1, "seed": 5}
    made = {train_own.train_own(settings, NullProgress(), out=tmp_path / out, **options).revision for out in ("a", "b")}
    assert len(made) == 1


@pytest.mark.weights
def test_chinese_training_goes_on_from_the_shipped_model(settings, tmp_path):
    verbs = {"positive": ["超级棒棒哒", "美滋滋"], "negative": ["翻车了呀", "糟心透顶"]}
    things = ["咖啡机", "水壶", "外套", "手机", "台灯", "单车", "沙发", "酒店", "应用", "鞋子"]
    rows = [
        (f"第{number}台{thing}{verb}", label)
        for label, words in verbs.items()
        for verb in words
        for thing in things
        for number in range(3)
    ]
    data = write_csv(tmp_path / "mine.csv", rows)
    summary = train_own.train_own(
        settings, NullProgress(), data=data, language=None, out=None, method="lora", epochs=3, seed=1
    )
    assert summary.language == "zh"
    assert summary.metrics["metrics"]["accuracy"]["value"] >= 0.8
    model = load_folder(summary.folder)
    assert model.predict(["质量很差，退货了", "非常好用，强烈推荐"], NullEncoder().encode(["", ""])).labels == [
        "negative",
        "positive",
    ]


def test_options_that_make_no_sense_are_usage_errors(settings, tmp_path):
    data = write_csv(tmp_path / "mine.csv", own_rows(4))
    base = {"data": data, "language": None, "out": None, "method": "lora", "epochs": 1, "seed": 1}
    for wrong in ({"method": "magic"}, {"language": "fr"}):
        with pytest.raises(UsageError):
            train_own.train_own(settings, NullProgress(), **(base | wrong))


def test_too_few_texts_are_refused_with_their_counts(settings, tmp_path):
    data = write_csv(tmp_path / "mine.csv", own_rows(12))
    with pytest.raises(SourceError, match="too few usable texts: negative"):
        train_own.train_own(settings, NullProgress(), data=data, language="en", method="head", epochs=1, seed=1)


def test_a_model_of_the_hub_is_fine_tuned_by_name_and_used(settings, tmp_path):
    folder = save_word_model(
        tmp_path / "tiny", "BertForSequenceClassification", {"good": 0, "bad": 1, "phone": 2}, ["A", "B", "C"]
    )
    texts = {"positive": "good very", "negative": "bad the", "neutral": "phone corp"}
    rows = [
        (f"{text} {'very ' * (i % 7)}{'works ' * (i % 5)}", label) for label, text in texts.items() for i in range(40)
    ]
    summary = train_own.train_own(
        settings, NullProgress(), data=write_csv(tmp_path / "mine.csv", rows), language="en", method="head",
        epochs=150, base=str(folder),
    )  # fmt: skip
    card = cards.load_card(summary.folder)
    assert (card["kind"], card["base"]["name"], card["licence"]) == ("hub", "tiny", "own-data on mit")
    assert summary.metrics["metrics"]["accuracy"]["value"] > 0.8
    assert set(summary.metrics["confusion"]) <= {"negative", "neutral", "positive"}
    text = settings.config_path.read_text(encoding="utf-8") + f'[models]\nsentiment_en = "{summary.choice}"\n'
    settings.config_path.write_text(text, encoding="utf-8")
    bundle = load_bundle(load_settings(settings.config_path))
    texts = ["good", "bad very", ""]
    labels = bundle.sentiment("en").predict(texts, bundle.encoder("en").encode(texts)).labels
    assert labels == ["positive", "negative", None]


class Killed(BaseException):
    pass


class KillingProgress(NullProgress):
    """Stands for a kill in the second epoch's first batch."""

    def __init__(self) -> None:
        self.batches = 0
        self.total = 0

    def start(self, stage: str, total: int | None = None) -> None:
        self.is_training, self.batches, self.total = stage == "train", 0, total or 0

    def advance(self, steps: int = 1) -> None:
        self.batches += steps
        if self.is_training and self.batches > self.total / 2:
            raise Killed


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_killed_training_goes_on_from_its_last_epoch_and_ends_the_same(settings, tmp_path, method):
    data = write_csv(tmp_path / "mine.csv", own_rows(120))
    options = {"data": data, "language": "en", "method": method, "epochs": 2, "seed": 5}
    whole = train_own.train_own(settings, NullProgress(), out=tmp_path / "a", **options)
    with pytest.raises(Killed):
        train_own.train_own(settings, KillingProgress(), out=tmp_path / "b", **options)
    assert list((tmp_path / "b" / train_own.CHECKPOINTS).glob("*.pt"))
    resumed = train_own.train_own(settings, NullProgress(), out=tmp_path / "b", **options)
    assert resumed.revision == whole.revision
    assert not list((tmp_path / "b" / train_own.CHECKPOINTS).glob("*.pt"))
