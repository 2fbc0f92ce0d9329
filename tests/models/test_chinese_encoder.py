"""The Chinese encoder: what is near to what, which words it knows, how its weights are kept."""

import csv
import io
import json
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.errors import ModelUnavailableError
from tasks.models import cards, chinese
from tasks.train_vectors import neighbour_purity

SHARED = Path(os.environ.get("MARKETBRIEF_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
SHOPPING = SHARED / "zh_online_shopping_10_cats" / "online_shopping_10_cats.zip"
COFFEE = ["咖啡的油脂很厚，味道浓", "咖啡味道很香，油脂细腻", "油脂很厚，咖啡香", "咖啡味道浓，很香"]
PARCEL = ["快递很慢，包装破了", "快递三天才到，包装破损", "包装破了，快递慢", "快递慢，包装破损"]


@pytest.fixture(scope="module")
def shipped():
    return chinese.load_encoder_zh()


def own_weights() -> chinese.LsaWeights:
    return chinese.fit_lsa(COFFEE * 10 + PARCEL * 10, lexical_share=0.4, min_documents=2)


def card(**changes: object) -> dict[str, object]:
    return {"licence": "the documents' own", "document_count": 80, **changes}


def test_vectors_have_unit_length_and_empty_texts_none(shipped):
    encoded = shipped.encode(["电池续航不错", "", "！！！ 😀", "iphone 13 很好"])
    lengths = np.linalg.norm(encoded.embeddings, axis=1)
    np.testing.assert_allclose(lengths, [1, 0, 0, 1], atol=1e-5)
    assert encoded.embeddings.shape == (4, shipped.dim)
    assert encoded.embeddings.dtype == np.float32
    assert encoded.token_counts.tolist()[1:3] == [0, 0]
    assert encoded.token_counts[0] >= 2
    assert (encoded.coverage == 1).all()


def test_no_texts_no_vectors(shipped):
    assert shipped.encode([]).embeddings.shape == (0, shipped.dim)


def test_a_vector_does_not_depend_on_the_texts_beside_it(shipped):
    texts = COFFEE + PARCEL
    alone = np.vstack([shipped.encode([text]).embeddings for text in texts])
    np.testing.assert_allclose(shipped.encode(texts).embeddings, alone, atol=1e-6)


def test_texts_on_one_subject_are_nearer_than_others(shipped):
    vectors = shipped.encode([*COFFEE, *PARCEL]).embeddings
    similarity = vectors @ vectors.T
    within = (similarity[:4, :4].sum() - 4) / 12
    assert within > similarity[:4, 4:].mean() + 0.2


def test_related_words_of_the_training_text_are_near(shipped):
    vectors = shipped.encode(["屏幕清晰", "分辨率高", "头发干枯"]).embeddings
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_words_nobody_trained_on_are_still_told_apart(shipped):
    unknown = [word for word in ("獬豸", "饕餮") if f"w{word}" not in shipped.weights.features]
    assert len(unknown) == 2
    vectors = shipped.encode(["獬豸", "獬豸", "饕餮"]).embeddings
    assert vectors[0] @ vectors[1] == pytest.approx(1, abs=1e-5)
    assert abs(vectors[0] @ vectors[2]) < 0.3


def test_long_and_odd_texts_pass(shipped):
    texts = ["很好" * 50_000, "a" * 100_000, "\ud7ff\u0000\uffff", "繁體字也可以讀"]
    assert np.isfinite(shipped.encode(texts).embeddings).all()


def test_segmenting_leaves_no_cache_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    chinese.segmenter.cache_clear()
    assert "".join(chinese.segment("Northwind北风咖啡机，很好用")) == "northwind北风咖啡机，很好用"
    assert list(tmp_path.iterdir()) == []


def test_training_twice_gives_the_same_weights(tmp_path):
    folders = [chinese.save_lsa(own_weights(), card(), root=tmp_path / name) for name in ("a", "b")]
    assert folders[0].name == folders[1].name


def test_own_weights_are_kept_and_the_larger_set_counts(tmp_path):
    assert chinese.own_folder(tmp_path) is None
    chinese.save_lsa(own_weights(), card(document_count=80), root=tmp_path)
    more = chinese.fit_lsa(COFFEE * 20 + PARCEL * 10, lexical_share=0.4, min_documents=2)
    larger = chinese.save_lsa(more, card(document_count=120), root=tmp_path)
    assert chinese.own_folder(tmp_path) == larger
    loaded = chinese.load_encoder_zh(larger)
    expected = chinese.LsaEncoder(more, loaded.version.card).encode(COFFEE).embeddings
    np.testing.assert_array_equal(loaded.encode(COFFEE).embeddings, expected)
    assert loaded.version.model_version_id.startswith("embedding-zh-encoder-zh-lsa@")


def test_damaged_weights_are_refused(tmp_path):
    folder = chinese.save_lsa(own_weights(), card(), root=tmp_path)
    weights = folder / chinese.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelUnavailableError):
        chinese.load_encoder_zh(folder)


def test_shipped_weights_are_small_and_clearly_licensed():
    folder = cards.bundle_folder(chinese.BUNDLE_KEY)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 8_000_000
    content = json.loads((folder / cards.CARD).read_text(encoding="utf-8"))
    assert content["licence"] == "Apache-2.0"
    for training_set in content["training_sets"]:
        assert training_set["sha256"]
        assert "research" not in training_set["licence"]
    assert [path.parent.name for path in OFFLINE_BUNDLE_ROOT.glob("encoder-zh-lsa/*/card.json")] == [folder.name]


@pytest.mark.shared
def test_neighbours_share_a_category_and_more_so_with_own_weights(shipped):
    if not SHOPPING.is_file():
        pytest.skip(f"no shopping reviews at {SHOPPING}: set MARKETBRIEF_SHARED_DATA")
    with zipfile.ZipFile(SHOPPING) as archive:
        content = archive.read(archive.namelist()[0]).decode("utf-8")
    by_category: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(content)):
        by_category.setdefault(row["cat"], []).append(row["review"])
    held_out = [(text, cat) for cat, texts in by_category.items() for text in texts[:100]]
    trained_on = sorted({text for texts in by_category.values() for text in texts[100:500]})
    own = chinese.LsaEncoder(chinese.fit_lsa(trained_on, lexical_share=0.4), shipped.version.card)
    texts, categories = [text for text, _ in held_out], [cat for _, cat in held_out]
    purity = [neighbour_purity(encoder.encode(texts).embeddings, categories) for encoder in (shipped, own)]
    assert purity[0] > 0.4
    assert purity[1] > purity[0] + 0.03


def test_purity_is_the_share_of_neighbours_of_one_category():
    vectors = np.array([[1, 0], [0.9, 0.1], [0.8, 0.2], [0, 1]], np.float32)
    assert neighbour_purity(vectors, ["a", "a", "b", "b"], neighbours=1) == pytest.approx(3 / 4)
