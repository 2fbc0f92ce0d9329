from __future__ import annotations

from tasks.config import Brand
from tasks.core.aspects import AspectFinder, taxonomy_of
from tasks.core.contracts import AspectSpan, ModelVersion, TargetScore
from tasks.core.mentions import AliasTagger
from tasks.enrich_spans import SpanRows, plan, read
from tasks.models.span_reader import SpanReader

SHIPPED = {
    "general": {"aspects": ["price", "sound"]},
    "categories": {"general": {}},
    "aspects": {
        "price": {"label_en": "P", "label_zh": "P", "en": ["price"], "zh": ["价格"]},
        "sound": {"label_en": "S", "label_zh": "S", "en": ["sound"], "zh": ["声音"]},
    },
}


class Planted:
    """Positive where the span's first letter is a capital, else negative."""

    version = ModelVersion("target", "en", "planted", "1", "exact", "Apache-2.0", "0" * 64)
    needs_pass = False

    def __init__(self) -> None:
        self.texts: list[str] = []

    def predict(self, texts, encoded, spans, names=None):
        self.texts += texts
        return [
            [
                TargetScore(start, end, "positive" if text[start].isupper() else "negative", 0.5, 0.75)
                for start, end in found
            ]
            for text, found in zip(texts, spans, strict=True)
        ]


class Meant:
    """A clause that holds the word "ears" speaks of sound."""

    version = ModelVersion("aspect", "en", "meant", "1", "int8", "research-only", "0" * 64)
    needs_pass = False

    def __init__(self) -> None:
        self.asked: list[str] = []

    def match(self, texts, clauses, encoded):
        self.asked += [text[slice(*clause)] for text, found in zip(texts, clauses, strict=True) for clause in found]
        return [
            [AspectSpan("sound", *c, *c, "meaning") for c in found if "ears" in text[slice(*c)]]
            for text, found in zip(texts, clauses, strict=True)
        ]


def reader(*, brands=("Aurora", "Borea"), words=(), matcher=None) -> SpanReader:
    taxonomy = taxonomy_of(SHIPPED, category="general", words={"price": words})
    tagger = AliasTagger([Brand(name=name) for name in brands])
    return SpanReader(AspectFinder(taxonomy, "en"), tagger, Planted(), matcher)


def document(number: int, text: str, *versions) -> dict:
    ids = [version.model_version_id for version in versions]
    return {"document_id": f"d{number}", "text": text, "text_hash": "h", "model_version_ids": ids}


def test_documents_give_aspects_scores_and_comparisons():
    found = reader()
    text = "Aurora is quieter than borea. The Sound is fine, the price is not."
    work = plan(found, [document(1, text, *found.versions), document(2, "Nothing here.", *found.versions)])
    rows = SpanRows()
    counts = read(work, rows, None)
    assert counts == {"aspects": 2, "comparisons": 1}
    assert [(r["aspect"], text[r["start_char"] : r["end_char"]]) for r in rows.aspects] == [
        ("sound", "Sound"), ("price", "price"),
    ]  # fmt: skip
    assert [text[r["clause_start_char"] : r["clause_end_char"]] for r in rows.aspects] == [
        "The Sound is fine,", "the price is not.",
    ]  # fmt: skip
    told = {(text[r["start_char"] : r["end_char"]], r["model_version_id"]): r["sentiment"] for r in rows.targets}
    aspect_id, target_id = (version.model_version_id for version in found.versions)
    assert told == {
        ("Sound", aspect_id): "positive", ("price", aspect_id): "negative",
        ("Aurora", target_id): "positive", ("borea", target_id): "negative",
    }  # fmt: skip
    (comparison,) = rows.comparisons
    assert (comparison["preferred_brand"], comparison["other_brand"]) == ("Aurora", "Borea")
    assert text[comparison["start_char"] : comparison["end_char"]] == "Aurora is quieter than borea."
    assert set(found.model.texts) == {text}
    assert [[d["document_id"] for d in seen] for _, seen in work.marks()] == [["d1", "d2"], ["d1", "d2"]]


def test_each_version_is_read_only_where_it_is_lacking():
    found = reader()
    aspect, target = found.versions
    work = plan(
        found, [document(1, "Aurora, sound", aspect), document(2, "Aurora, sound", target), document(3, "Aurora")]
    )
    rows = SpanRows()
    read(work, rows, None)
    assert [row["document_id"] for row in rows.aspects] == ["d1"]
    assert [(row["document_id"], row["model_version_id"]) for row in rows.targets] == [
        ("d1", aspect.model_version_id), ("d2", target.model_version_id),
    ]  # fmt: skip
    assert [[d["document_id"] for d in seen] for _, seen in work.marks()] == [["d1"], ["d2"]]


def test_the_taxonomy_names_one_version_and_the_brands_the_other():
    aspect, target = reader().versions
    assert reader(words=("costs",)).versions == (reader(words=("costs",)).aspect_version, target)
    assert reader(words=("costs",)).aspect_version.model_version_id != aspect.model_version_id
    assert reader(brands=("Aurora",)).aspect_version.model_version_id == aspect.model_version_id
    assert reader(brands=("Aurora",)).target_version.model_version_id != target.model_version_id


def test_a_language_without_a_reader_plans_nothing():
    assert plan(None, [document(1, "x")]) is None


def test_clauses_without_a_word_are_matched_by_meaning_and_judged():
    meant = Meant()
    found = reader(matcher=meant)
    text = "The price is fine, it hurts my ears. My aunt has one too."
    work = plan(found, [document(1, text, *found.versions), document(2, "It hurts my ears", found.versions[1])])
    rows = SpanRows()
    assert read(work, rows, None) == {"aspects": 2, "comparisons": 0}
    assert meant.asked == ["it hurts my ears.", "My aunt has one too."]
    assert [(row["aspect"], row["method"], text[row["start_char"] : row["end_char"]]) for row in rows.aspects] == [
        ("price", "words", "price"), ("sound", "meaning", "it hurts my ears."),
    ]  # fmt: skip
    assert {row["start_char"] for row in rows.aspects} == {row["start_char"] for row in rows.targets}
    assert work.spans["d1"] == ((4, 9), (19, 36), (37, 57))


def test_who_matches_by_meaning_is_part_of_the_aspects_version():
    plain, meaning = reader(), reader(matcher=Meant())
    assert plain.aspect_version.model_version_id != meaning.aspect_version.model_version_id
    assert plain.target_version == meaning.target_version
    assert meaning.aspect_version.licence == "research-only"
