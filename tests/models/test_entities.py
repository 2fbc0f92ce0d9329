"""The shipped name taggers: spaCy documents, offsets in long and odd texts, storage."""

from __future__ import annotations

import pytest

from tasks.core.contracts import Encoded
from tasks.models.encoder import MiniLmEncoder
from tasks.models.entities import load_entities_branch, load_tagger, pipeline

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
