"""The bundle: which model serves which language, and that each is loaded once."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tasks.config import load_settings
from tasks.core.contracts import Encoded
from tasks.models import bundle as models
from tasks.models import chinese
from tasks.models.bundle import load_bundle

MARKET = """
[project]
name = "Coffee"
[[brands]]
name = "Northwind"
role = "own"
aliases = ["北风咖啡"]
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "x.csv"
columns = { text = "t", published_at = "d" }
"""


def project(folder: Path, market: str = MARKET):
    folder.mkdir(exist_ok=True)
    (folder / "market.toml").write_text(market, encoding="utf-8")
    return load_settings(folder / "market.toml")


def test_same_settings_share_one_bundle_and_others_do_not(tmp_path):
    settings = project(tmp_path / "a")
    assert load_bundle(settings) is load_bundle(project(tmp_path / "a"))
    other = project(tmp_path / "a", MARKET.replace("北风咖啡", "北风"))
    assert load_bundle(other) is not load_bundle(settings)


def test_languages_that_no_model_reads_get_no_vector_and_no_label(tmp_path):
    bundle = load_bundle(project(tmp_path))
    assert bundle.encoder("other") is None
    sentiment = bundle.sentiment("other")
    nothing = np.zeros((2, 1), np.float32)
    scores = sentiment.predict(["Bonjour", "Hola"], Encoded(nothing, nothing, nothing[:, 0], nothing[:, 0]))
    assert scores.labels == [None, None]
    assert (sentiment.version.task, sentiment.version.language) == ("sentiment", "other")
    assert bundle.versions("other") == [sentiment.version]


def test_names_are_found_in_both_scripts(tmp_path):
    tagger = load_bundle(project(tmp_path)).taggers[0]
    english, chinese_mentions = tagger.tag(["I like Northwind.", "北风咖啡很好"])
    assert [mention.brand for mention in english + chinese_mentions] == ["Northwind", "Northwind"]
    assert load_bundle(project(tmp_path)).taggers[0] is tagger


def test_chinese_vectors_of_the_project_replace_the_shipped_ones(tmp_path):
    settings = project(tmp_path)
    bundle = load_bundle(settings)
    shipped = bundle.encoder("zh")
    assert bundle.encoder("zh") is shipped
    texts = [f"咖啡机{word}不错" for word in ("水箱", "蒸汽", "研磨", "油脂")] * 10
    weights = chinese.fit_lsa(texts, lexical_share=0.4, min_documents=2)
    folder = chinese.save_lsa(weights, {"licence": "own", "document_count": 40}, root=settings.model_dir)
    own = bundle.encoder("zh")
    assert own.version.revision == folder.name != shipped.version.revision
    assert bundle.encoder("zh") is own


@pytest.mark.weights
def test_real_models_fit_together(tmp_path):
    bundle = load_bundle(project(tmp_path))
    for language, texts in (("en", ["Great coffee!", "It leaks."]), ("zh", ["咖啡很好喝", "漏水，很差"])):
        encoder, sentiment = bundle.encoder(language), bundle.sentiment(language)
        assert encoder is bundle.encoder(language)
        assert sentiment is bundle.sentiment(language)
        encoded = encoder.encode(texts)
        np.testing.assert_allclose(np.linalg.norm(encoded.embeddings, axis=1), 1, atol=1e-2)
        scores = sentiment.predict(texts, encoded)
        assert scores.scores[0] > scores.scores[1]
        assert [version.task for version in bundle.versions(language)] == [
            "embedding",
            "sentiment",
            "aspect",
            "target",
        ]
        assert all(version.language == language for version in bundle.versions(language))


def test_importing_the_stage_loads_no_model():
    code = (
        "import sys, tasks.enrich\n"
        "print({'torch', 'bertopic', 'jieba', 'sklearn', 'transformers', 'ahocorasick'} & set(sys.modules) or 'none')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"


def test_no_more_threads_than_the_quota_allows(tmp_path, monkeypatch):
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(models, "_CPU_QUOTA", quota)
    free = models.usable_cpus()
    assert free >= 1
    quota.write_text("50000 100000\n")
    assert models.usable_cpus() == 1
    quota.write_text("max 100000\n")
    assert models.usable_cpus() == free
