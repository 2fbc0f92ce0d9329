"""The English encoder on its real weights: the same vectors as the reference implementation, in any batch."""

import csv

import numpy as np
import pytest

from tasks.config import OFFLINE_BUNDLE_ROOT
from tasks.errors import ModelUnavailableError
from tasks.models import cards, encoder
from tasks.models.encoder import MiniLmEncoder, base_folder, load_encoder_en
from tasks.models.sentiment import load_sentiment
from tasks.models.windows import MAX_WINDOWS, WINDOW_OVERLAP, WINDOW_TOKENS

pytestmark = pytest.mark.weights

TEXTS = [
    "The espresso is hot and rich.",
    "ok",
    "Delivery took three weeks, and nobody answered my e-mails. I would not order there again.",
    "Company raises its forecast after a strong quarter",
    "Don't buy: it leaks!!! (two of them)",
    "word " * 180,
]


@pytest.fixture(scope="module")
def english():
    return load_encoder_en()


@pytest.fixture(scope="module")
def exact():
    return MiniLmEncoder(precision="fp32")


@pytest.fixture(scope="module")
def sentences():
    with (OFFLINE_BUNDLE_ROOT / "training_sentences_en.csv").open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def test_vectors_match_the_reference_implementation(exact):
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(base_folder()))
    model = AutoModel.from_pretrained(str(base_folder())).eval()
    batch = tokenizer(TEXTS, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"][:, :, None]
    expected = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1)).numpy()
    cosines = (exact.encode(TEXTS).embeddings * expected).sum(axis=1)
    assert cosines.min() > 0.9999


def test_bfloat16_stays_close_to_float32(exact):
    cosines = (MiniLmEncoder(precision="bf16").encode(TEXTS).embeddings * exact.encode(TEXTS).embeddings).sum(axis=1)
    assert cosines.min() > 0.999


def test_embeddings_do_not_depend_on_the_sentiment_branch(english):
    plain = MiniLmEncoder(precision=english.precision).encode(TEXTS)
    assert np.allclose(plain.embeddings, english.encode(TEXTS).embeddings, atol=1e-6)
    assert not np.allclose(plain.features, english.encode(TEXTS).features, atol=1e-2)


def test_labels_hardly_depend_on_the_batch(english, sentences):
    model = load_sentiment("en")
    whole = model.predict(sentences, english.encode(sentences)).labels
    for batch_tokens in (64, 700):
        english.batch_tokens, before = batch_tokens, english.batch_tokens
        try:
            labels = model.predict(sentences, english.encode(sentences)).labels
        finally:
            english.batch_tokens = before
        agreement = np.mean([a == b for a, b in zip(whole, labels, strict=True)])
        assert agreement >= 0.995


def test_rows_follow_the_order_of_the_texts(english, sentences):
    some = sentences[:100]
    forward, backward = english.encode(some).embeddings, english.encode(some[::-1]).embeddings[::-1]
    assert (forward * backward).sum(axis=1).min() > 0.999


def test_an_empty_text_gets_zero_rows(english):
    encoded = english.encode(["", "   \n ", "fine"])
    assert not encoded.embeddings[:2].any()
    assert not encoded.features[:2].any()
    assert encoded.token_counts.tolist()[:2] == [0, 0]
    assert np.linalg.norm(encoded.embeddings[2]) == pytest.approx(1.0, abs=1e-5)
    assert english.encode([]).embeddings.shape == (0, 384)


def test_long_texts_are_read_in_windows_and_what_is_left_is_told(english):
    most = WINDOW_TOKENS + (MAX_WINDOWS - 1) * (WINDOW_TOKENS - WINDOW_OVERLAP)
    lengths = [1, WINDOW_TOKENS, WINDOW_TOKENS + 1, most, most + 1, 4 * most]
    encoded = english.encode(["good " * length for length in lengths])
    assert encoded.token_counts.tolist() == lengths
    assert encoded.coverage == pytest.approx([1, 1, 1, 1, most / (most + 1), 0.25])
    assert np.isfinite(encoded.embeddings).all()


def test_the_end_of_a_long_text_counts(english):
    filler = (
        "The box stands on the shelf. It is forty centimetres wide. I put it there on Monday. The cable leads to the"
        " wall. There are two buttons at the front. My sister has the same one in blue. We turn it on in the evening. "
    ) * 9
    model = load_sentiment("en")
    end = (
        "It is terrible. After two days it was broken. The screen went black and nobody answered my mails. A disaster"
        " from start to end, and the worst thing that I ever bought. I want my money back and will never order again. "
    ) * 6
    texts = [filler, filler + end, end]
    scores = model.predict(texts, english.encode(texts)).scores
    assert scores[2] < scores[1] < scores[0] - 0.1


@pytest.mark.parametrize(
    "text",
    ["\x00\x01", "\ud83d", "a" * 50_000, "这个产品非常好用", "<script>alert(1)</script>", "\u202e evil", "𝕳𝖊𝖑𝖑𝖔"],
)
def test_hostile_texts_are_read(english, text):
    encoded = english.encode([text, "fine"])
    assert np.isfinite(encoded.embeddings).all()
    assert (encoded.coverage > 0).all()
    assert (encoded.coverage <= 1).all()


def test_version_names_weights_and_precision(english):
    assert english.version.model_version_id == f"embedding-en-all-MiniLM-L6-v2@53aa51172d14+{english.precision}"
    assert english.precision in ("bf16", "fp32")


def test_other_weights_are_refused(monkeypatch):
    monkeypatch.setattr(encoder.cards, "file_sha256", lambda path: "0" * 64)
    with pytest.raises(ModelUnavailableError, match="not the file") as caught:
        base_folder.__wrapped__()
    assert caught.value.fix == "make install"


def test_missing_package_is_told_with_its_fix(monkeypatch):
    monkeypatch.setattr(encoder, "BASE_PACKAGE", "no_such_package_here")
    with pytest.raises(ModelUnavailableError, match="not installed"):
        base_folder.__wrapped__()


def test_content_hash_ignores_the_order_of_files():
    files = {"a": "1" * 64, "b": "2" * 64}
    assert cards.content_sha256(files) == cards.content_sha256(dict(reversed(files.items())))
    assert cards.content_sha256(files) != cards.content_sha256({"a": "2" * 64, "b": "1" * 64})
