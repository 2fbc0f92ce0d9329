"""Stage enrich with models made for the test: nothing is read twice, nothing is lost, topics stay."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import tasks.enrich as stage
import tasks.enrich_stories as story_stage
import tasks.enrich_topics as topic_stage
from tasks.config import Settings, load_settings
from tasks.core.contracts import Encoded, ModelVersion, NullProgress, SentimentScores
from tasks.core.mentions import AliasTagger
from tasks.models.bundle import AbstainingSentiment
from tasks.store.warehouse import Warehouse

MARKET = """
[project]
name = "Coffee"
[[brands]]
name = "Northwind"
role = "own"
aliases = ["北风咖啡"]
[[brands]]
name = "Contoso"
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "x.csv"
columns = { text = "t", published_at = "d" }
[topics]
count = 4
"""
SUBJECTS = {
    "en": ["the pump leaks badly", "milk foam is creamy", "grinder is too loud", "parcel arrived dented"],
    "zh": ["水泵漏水严重", "奶泡非常细腻", "磨豆声音太大", "包裹压坏变形"],
}
DIM = 8
TABLES = {
    "progress": "document_id, model_version_id, text_hash",
    "embedding": "document_id, model_version_id, vector, token_count, coverage",
    "sentiment": "document_id, model_version_id, sentiment, sentiment_score, sentiment_confidence, p_negative",
    "mention": "document_id, model_version_id, entity_name, surface, start_char, end_char, method",
    "document_topic": "document_id, model_version_id, topic_id, similarity",
    "topic": "topic_id, model_version_id, language, label_en, label_zh, keywords",
}


def version(task: str, language: str, revision: str = "1") -> ModelVersion:
    return ModelVersion(task, language, "planted", revision, "exact", "Apache-2.0", "0" * 64)


class PlantedEncoder:
    """One direction a subject, and a little of the text's own; counts what it is asked."""

    def __init__(self, language: str) -> None:
        self.version = version("embedding", language)
        self.language = language
        self.calls: list[list[str]] = []
        self.fails_at: int | None = None

    def encode(self, texts: Sequence[str]) -> Encoded:
        if self.fails_at == len(self.calls):
            raise KeyboardInterrupt
        self.calls.append(list(texts))
        rows = np.array([self._vector(text) for text in texts], np.float32).reshape(-1, DIM)
        return Encoded(rows, rows, np.array([len(t) for t in texts], np.int32), np.ones(len(texts), np.float32))

    def _vector(self, text: str) -> np.ndarray:
        noise = np.frombuffer(hashlib.sha256(text.encode()).digest()[:DIM], np.uint8) / 255 - 0.5
        subject = [float(phrase in text) for phrase in SUBJECTS[self.language]]
        vector = np.array([*subject, *[0.0] * (DIM - len(subject))]) + 0.2 * noise
        return vector / np.linalg.norm(vector)


class PlantedSentiment:
    """Negative where it leaks, abstaining where it is loud, else positive."""

    def __init__(self, language: str) -> None:
        self.version = version("sentiment", language)

    def predict(self, texts: Sequence[str], encoded: Encoded) -> SentimentScores:
        assert len(texts) == len(encoded.features)
        rows = [(0.8, 0.15, 0.05) if "leak" in t or "漏" in t else (0.1, 0.2, 0.7) for t in texts]
        labels = [
            None if "loud" in t else ("negative" if row[0] > 0.5 else "positive")
            for t, row in zip(texts, rows, strict=True)
        ]
        return SentimentScores(np.array(rows, np.float32).reshape(-1, 3), labels)


class PlantedBundle:
    def __init__(self, settings: Settings) -> None:
        self.encoders = {language: PlantedEncoder(language) for language in SUBJECTS}
        self.sentiments: dict[str, Any] = {language: PlantedSentiment(language) for language in SUBJECTS}
        self.taggers: tuple[Any, ...] = (AliasTagger(settings.market.brands),)

    def encoder(self, language: str) -> PlantedEncoder | None:
        return self.encoders.get(language)

    def sentiment(self, language: str) -> Any:
        return self.sentiments.get(language) or AbstainingSentiment()

    def span_reader(self, language: str) -> None:
        return None

    def span_encoder(self, language: str) -> None:
        return None

    topic_languages: ClassVar = {language: (language,) for language in SUBJECTS}

    def label_writer(self, language: str) -> None:
        return None

    def versions(self, language: str) -> list[ModelVersion]:
        encoder = self.encoder(language)
        return [*([encoder.version] if encoder else []), self.sentiment(language).version]

    @property
    def texts_read(self) -> list[str]:
        return [text for encoder in self.encoders.values() for call in encoder.calls for text in call]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("train_own_encoder", "register_models", "pending_chunks", "enrich_chunk"):
        monkeypatch.setattr(stage, name, getattr(stage, name).fn)
    monkeypatch.setattr(stage, "update_topics", topic_stage.update_topics.fn)
    monkeypatch.setattr(stage, "tell_stories", story_stage.tell_stories.fn)
    (tmp_path / "market.toml").write_text(MARKET, encoding="utf-8")
    return load_settings(tmp_path / "market.toml")


@pytest.fixture
def bundle(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> PlantedBundle:
    return use(PlantedBundle(settings), monkeypatch)


def use(bundle: PlantedBundle, monkeypatch: pytest.MonkeyPatch) -> PlantedBundle:
    for module in (stage, story_stage, topic_stage):
        monkeypatch.setattr(module, "load_bundle", lambda _: bundle)
    return bundle


def document(number: int, text: str, language: str = "en", **changes: Any) -> dict[str, Any]:
    return {
        "document_id": hashlib.sha256(f"{language} {number}".encode()).hexdigest()[:32],
        "content_hash": hashlib.sha256(text.encode()).hexdigest()[:32],
        "prepare_version": "1",
        "source": "shop",
        "kind": "review",
        "language": language,
        "text": text,
        "text_hash": hashlib.sha256(text.encode()).hexdigest(),
        "published_at": datetime(2026, 1, 5),
        "is_date_only": False,
        "redaction_count": 0,
        "is_repaired": False,
        "duplicate_key": str(number),
        "spam_reason": None,
        **changes,
    }


def planted(language: str, count: int, *, first: int = 0) -> list[dict[str, Any]]:
    name = "Northwind" if language == "en" else "北风咖啡"
    mark = ". " if language == "en" else "。"
    return [
        document(i, f"{SUBJECTS[language][i % 4]}{mark}{name}{mark}{i}", language) for i in range(first, first + count)
    ]


def add(settings: Settings, documents: list[dict[str, Any]]) -> None:
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.replace("staging.project", [{"name": "Coffee", "timezone": "UTC", "own_brand": "Northwind"}])
        ids = [row["document_id"] for row in documents]
        for table in ("staging.document", "staging.duplicate"):
            warehouse.execute(f"delete from {table} where document_id in (select unnest(?))", [ids])
        warehouse.insert("staging.document", documents)
        warehouse.insert(
            "staging.duplicate",
            [{"document_id": i, "duplicate_group_id": i, "is_canonical": True} for i in ids],
        )


def run(settings: Settings) -> stage.EnrichSummary:
    return stage.enrich(settings, "run-1", NullProgress())


def content(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    with Warehouse(settings.warehouse_path) as warehouse:
        return {
            table: warehouse.rows(f"select {columns} from enriched.{table} order by all")
            for table, columns in TABLES.items()
        }


def count(settings: Settings, sql: str) -> int:
    with Warehouse(settings.warehouse_path) as warehouse:
        return int(warehouse.scalar(sql))


def test_every_document_is_read_once_and_gets_its_rows(settings, bundle):
    add(settings, [*planted("en", 80), *planted("zh", 60), document(0, "Northwind est bien", "other")])
    summary = run(settings)
    assert (summary.encoded, summary.scored, summary.tagged) == (140, 141, 141)
    assert summary.mentions == 141
    assert summary.abstained == 20 + 1
    assert summary.topics == {"en": 4, "zh": 4}
    assert summary.assigned + summary.without_topic == 140
    assert summary.without_topic <= 0.15 * 140
    assert sorted(bundle.texts_read) == sorted(row["text"] for row in [*planted("en", 80), *planted("zh", 60)])
    rows = content(settings)
    assert len(rows["embedding"]) == 140
    assert all(abs(np.linalg.norm(row["vector"]) - 1) < 1e-5 for row in rows["embedding"])
    leaking = [row for row in rows["sentiment"] if row["sentiment"] == "negative"]
    assert len(leaking) == 20 + 15
    assert {(float(r["sentiment_score"]), float(r["sentiment_confidence"])) for r in leaking} == {(-0.75, 0.8)}
    for table, key in (("sentiment", "document_id"), ("embedding", "document_id"), ("document_topic", "document_id")):
        assert len({row[key] for row in rows[table]}) == len(rows[table])


def test_other_languages_have_mentions_and_an_empty_sentiment(settings, bundle):
    add(settings, [document(1, "Northwind est bien", "other")])
    assert run(settings).topics == {}
    rows = content(settings)
    assert [row["entity_name"] for row in rows["mention"]] == ["Northwind"]
    (sentiment,) = rows["sentiment"]
    assert sentiment["sentiment"] is sentiment["sentiment_score"] is sentiment["p_negative"] is None
    assert rows["embedding"] == []
    assert len(rows["progress"]) == 2


def test_a_second_run_computes_nothing(settings, bundle):
    add(settings, [*planted("en", 80), document(0, "Bonjour", "other")])
    run(settings)
    before, calls = content(settings), len(bundle.texts_read)
    summary = run(settings)
    assert len(bundle.texts_read) == calls
    assert content(settings) == before
    assert (summary.encoded, summary.scored, summary.tagged, summary.assigned) == (0, 0, 0, 0)
    assert summary.topics == {"en": 4}


def test_nothing_to_read_is_fine(settings, bundle):
    summary = run(settings)
    assert (summary.encoded, summary.topics, summary.warnings) == (0, {}, ())


def test_a_changed_text_replaces_what_was_said_of_it(settings, bundle):
    documents = planted("en", 80)
    add(settings, documents)
    run(settings)
    calls = len(bundle.texts_read)
    changed = document(0, "milk foam is creamy. Contoso. Contoso.", "en")
    add(settings, [changed])
    run(settings)
    assert bundle.texts_read[calls:] == [changed["text"]]
    rows = content(settings)
    assert len(rows["embedding"]) == len(rows["document_topic"]) == 80
    mine = [row for row in rows["mention"] if row["document_id"] == changed["document_id"]]
    assert [row["entity_name"] for row in mine] == ["Contoso", "Contoso"]
    assert {row["text_hash"] for row in rows["progress"] if row["document_id"] == changed["document_id"]} == {
        changed["text_hash"]
    }


def test_a_changed_alias_list_tags_again_and_encodes_nothing(settings, bundle):
    add(settings, planted("en", 80))
    run(settings)
    calls, before = len(bundle.texts_read), content(settings)
    brands = [settings.market.brands[0].model_copy(update={"aliases": ["pump"]}), settings.market.brands[1]]
    bundle.taggers = (AliasTagger(brands),)
    summary = run(settings)
    assert len(bundle.texts_read) == calls
    assert (summary.encoded, summary.scored, summary.tagged) == (0, 0, 80)
    after = content(settings)
    assert after["embedding"] == before["embedding"]
    assert after["sentiment"] == before["sentiment"]
    current = "select count(*) from enriched.mention join ops.model_version using (model_version_id) where is_current"
    assert count(settings, current) == 80 + 20
    assert count(settings, "select count(*) from ops.model_version where task = 'mention' and is_current") == 1


def test_a_changed_sentiment_model_leaves_vectors_and_mentions_alone(settings, bundle):
    add(settings, planted("en", 80))
    run(settings)
    before = content(settings)
    bundle.sentiments["en"].version = version("sentiment", "en", "2")
    summary = run(settings)
    assert (summary.encoded, summary.scored, summary.tagged, summary.assigned) == (0, 80, 0, 0)
    after = content(settings)
    assert after["embedding"] == before["embedding"]
    assert after["mention"] == before["mention"]
    assert after["document_topic"] == before["document_topic"]
    sql = "select string_agg(revision) from ops.model_version where task = 'sentiment' and is_current"
    with Warehouse(settings.warehouse_path) as warehouse:
        assert warehouse.scalar(sql) == "2"


@pytest.mark.parametrize("fails_at", [0, 12])
def test_a_killed_run_goes_on_with_the_same_chunks(settings, bundle, fails_at, tmp_path, monkeypatch):
    documents = [*planted("en", 120), *planted("zh", 60)]
    add(settings, documents)
    bundle.encoders["en"].fails_at = fails_at
    with pytest.raises(KeyboardInterrupt):
        run(settings)
    bundle.encoders["en"].fails_at = None
    run(settings)
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "market.toml").write_text(MARKET, encoding="utf-8")
    whole = load_settings(tmp_path / "whole" / "market.toml")
    add(whole, documents)
    uninterrupted = use(PlantedBundle(whole), monkeypatch)
    run(whole)
    assert bundle.encoders["en"].calls == uninterrupted.encoders["en"].calls
    assert content(settings) == content(whole)


def test_topics_do_not_depend_on_the_order_of_arrival(settings, bundle, tmp_path, monkeypatch):
    documents = planted("en", 120)
    add(settings, documents)
    run(settings)
    (tmp_path / "shuffled").mkdir()
    (tmp_path / "shuffled" / "market.toml").write_text(MARKET, encoding="utf-8")
    shuffled = load_settings(tmp_path / "shuffled" / "market.toml")
    order = np.random.default_rng(3).permutation(len(documents))
    add(shuffled, [documents[i] for i in order])
    use(PlantedBundle(shuffled), monkeypatch)
    run(shuffled)
    assert content(shuffled)["document_topic"] == content(settings)["document_topic"]
    assert content(shuffled)["topic"] == content(settings)["topic"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_topics_follow_the_subjects_and_later_documents_join_them(settings, bundle, language):
    add(settings, planted(language, 80))
    run(settings)
    known = content(settings)["topic"]
    labels = [row[f"label_{language}"] for row in known]
    assert len(set(labels)) == 4
    assert all(row["label_zh" if language == "en" else "label_en"] is None for row in known)
    assert not [label for label in labels if "northwind" in label.lower() or "北风" in label]
    add(settings, planted(language, 8, first=80))
    summary = run(settings)
    assert summary.assigned + summary.without_topic == 8
    assert content(settings)["topic"] == known
    sql = """
        select count(distinct topic_id) from enriched.document_topic join staging.document using (document_id)
        where topic_id is not null and contains(text, ?)
    """
    with Warehouse(settings.warehouse_path) as warehouse:
        assert [warehouse.scalar(sql, [subject]) for subject in SUBJECTS[language]] == [1, 1, 1, 1]


def test_too_few_documents_have_no_topics_and_the_reader_is_told(settings, bundle):
    add(settings, planted("en", 39))
    summary = run(settings)
    assert summary.topics == {"en": 0}
    assert summary.warnings == ("39 English documents are too few for topics (from 40 on)",)
    add(settings, planted("en", 1, first=39))
    assert run(settings).topics == {"en": 4}


def test_copies_spam_and_competitors_pages_do_not_shape_topics_but_have_one(settings, bundle):
    spam = [document(i, f"{SUBJECTS['en'][3]}. {i}", "en", spam_reason="links") for i in range(500, 540)]
    pages = [document(i, f"{SUBJECTS['en'][3]}. {i}", "en", kind="competitor") for i in range(600, 640)]
    add(settings, [*planted("en", 60), *spam, *pages])
    summary = run(settings)
    assert summary.assigned + summary.without_topic == 140
    assert count(settings, "select document_count from enriched.topic_registry") == 60
    assert count(settings, "select sum(document_count) from enriched.topic") == 60


def test_a_changed_encoder_finds_topics_anew(settings, bundle):
    add(settings, planted("en", 80))
    run(settings)
    bundle.encoders["en"].version = version("embedding", "en", "2")
    calls = len(bundle.texts_read)
    summary = run(settings)
    assert len(bundle.texts_read) == calls + 80
    assert (summary.encoded, summary.scored, summary.assigned + summary.without_topic) == (80, 0, 80)
    current = "select count(*) from ops.model_version where task = 'topic' and is_current"
    assert count(settings, current) == 1
    assert count(settings, "select count(*) - count(distinct topic_id) from enriched.topic") == 0


def test_a_changed_number_of_topics_finds_them_anew(settings, bundle):
    add(settings, planted("en", 80))
    run(settings)
    path = settings.config_path
    path.write_text(MARKET.replace("count = 4", "count = 2"), encoding="utf-8")
    assert run(load_settings(path)).topics == {"en": 2}


def test_documents_that_fit_no_topic_are_counted_and_told(settings, bundle):
    add(settings, planted("en", 240))
    run(settings)
    add(settings, [document(i, f"Wholly other words, number {i}", "en") for i in range(900, 1020)])
    summary = run(settings)
    assert summary.without_topic > 60
    assert any("fit no known topic" in warning for warning in summary.warnings)


def test_enough_chinese_documents_train_vectors_of_the_projects_own(settings, bundle, monkeypatch):
    monkeypatch.setattr(stage, "OWN_ENCODER_DOCUMENTS", 60)
    add(settings, planted("zh", 59))
    assert stage.train_own_encoder(settings) is False
    add(settings, planted("zh", 1, first=59))
    assert stage.train_own_encoder(settings) is True
    assert stage.train_own_encoder(settings) is False
    assert len(list(settings.model_dir.glob("encoder-zh-lsa/*/card.json"))) == 1


def test_several_taggers_may_be_current(settings, bundle):
    class EnglishTagger:
        version = replace(version("mention", "en"), name="names")
        needs_pass = True

        def tag(self, texts: Sequence[str], encoded: Encoded | None = None) -> list[list[Any]]:
            assert encoded is not None
            assert len(encoded.features) == len(texts)
            return [[] for _ in texts]

    add(settings, [*planted("en", 8), *planted("zh", 8)])
    bundle.taggers = (*bundle.taggers, EnglishTagger())
    summary = run(settings)
    assert summary.tagged == 16 + 8
    assert count(settings, "select count(*) from ops.model_version where task = 'mention' and is_current") == 2
    bundle.taggers = bundle.taggers[:1]
    run(settings)
    assert count(settings, "select count(*) from ops.model_version where task = 'mention' and is_current") == 1
