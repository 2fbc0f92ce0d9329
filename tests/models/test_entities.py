"""The shipped name taggers: spaCy documents, offsets in long and odd texts, storage."""

from __future__ import annotations

import pytest

from tasks.core.contracts import Encoded
from tasks.models import entities
from tasks.models.encoder import MiniLmEncoder
from tasks.models.entities import BATCH_TEXTS, batches, load_entities_branch, load_tagger, pipeline

pytestmark = pytest.mark.weights
SENTENCES = {
    "en": ("I ordered it from Norvelle Labs last week. ", "Norvelle"),
    "zh": ("腾讯公司今天发布了财报。", "腾讯"),
}


@pytest.fixture(scope="module")
def encoder() -> MiniLmEncoder:
    return MiniLmEncoder(branches=[load_entities_branch()])


def encoded(encoder: MiniLmEncoder, language: str, texts: list[str]) -> Encoded | None:
    return encoder.encode(texts) if language == "en" else None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_are_found_at_the_end_of_a_long_text_and_offsets_hold(encoder, language):
    sentence, name = SENTENCES[language]
    filler = "The parcel came on time and works well. " if language == "en" else "物流很快，东西也不错。"
    texts = [sentence, "", "👍" * 40, filler * 60 + sentence]
    found = load_tagger(language).tag(texts, encoded(encoder, language, texts))
    for text, row in zip(texts, found, strict=True):
        assert all(text[m.start_char : m.end_char] == m.surface for m in row)
        assert all((m.is_tracked, m.method) == (False, "ner") for m in row)
    assert name in found[0][0].surface
    assert found[1] == found[2] == []
    assert found[3][-1].start_char > len(filler) * 59


def test_spacy_pipelines_hold_the_names_as_entities():
    for language, (sentence, name) in SENTENCES.items():
        doc = pipeline(language)(sentence)
        assert any(name in ent.text and ent.label_ == "organisation" for ent in doc.ents)
        assert doc.text == sentence


def test_texts_are_cut_into_batches_with_little_padding_and_none_is_lost():
    lengths = [300, 1, 1, 7, 8, 40, 41, 45, 290, *[12] * 300]
    found = list(batches(lengths))
    assert sorted(place for batch in found for place in batch) == list(range(len(lengths)))
    assert max(map(len, found)) <= BATCH_TEXTS
    assert all(lengths[batch[-1]] <= 1.25 * lengths[batch[0]] + 4 for batch in found)
    assert list(batches([])) == []


def test_only_texts_with_names_become_spacy_documents(encoder, monkeypatch):
    made = []
    blank = entities._blank("en")
    tokenize = blank.tokenizer
    monkeypatch.setattr(blank, "tokenizer", lambda text: made.append(text) or tokenize(text))
    texts = ["It works well.", SENTENCES["en"][0], ""]
    found = load_tagger("en").tag(texts, encoded(encoder, "en", texts))
    assert [len(row) for row in found] == [0, 1, 0]
    assert made == [texts[1]]
