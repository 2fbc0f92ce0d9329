from __future__ import annotations

import pytest

from tasks.core.aspects import MAX_UNNAMED, Aspect, AspectFinder, Taxonomy, aspect_of, forms_of, taxonomy_of
from tasks.errors import ConfigError

SHIPPED = {
    "general": {"aspects": ["price", "speed", "service"]},
    "categories": {"general": {}, "app": {"add": ["updates"], "drop": ["service"]}},
    "aspects": {
        "price": {"en": ["price", "rip-off"], "zh": ["价格", "贵"], "not_zh": ["贵宾"]},
        "speed": {"en": ["slow?", "crash", "lag!"], "zh": ["慢?", "速度"], "not_zh": ["慢慢"]},
        "service": {"en": ["delivery", "waiter"], "zh": ["物流"]},
        "updates": {"en": ["update"], "zh": ["更新"]},
    },
}
for name, row in SHIPPED["aspects"].items():
    row |= {"label_en": name.title(), "label_zh": f"{name}（中）"}


def finder(language: str = "en", names: tuple[str, ...] = (), **changes) -> AspectFinder:
    return AspectFinder(taxonomy_of(SHIPPED, category=changes.pop("category", "general"), **changes), language, names)


def found(text: str, language: str = "en", **changes) -> list[tuple[str, str]]:
    return [(span.aspect, text[span.start_char : span.end_char]) for span in finder(language, **changes).find(text)]


def test_words_are_found_in_their_regular_forms_between_word_boundaries():
    assert found("Prices! It crashed, crashing again. A RIP\u2011OFF; priceless, lags") == [
        ("price", "Prices"), ("speed", "crashed"), ("speed", "crashing"), ("price", "RIP\u2011OFF"),
    ]  # fmt: skip


def test_chinese_words_are_found_anywhere_but_in_other_words():
    assert found("价格太贵，贵宾慢慢来，速度快", "zh") == [("price", "价格"), ("speed", "速度")]
    assert found("慢死了", "zh") == [("speed", "慢")]


def test_what_one_aspect_leaves_aside_another_may_name():
    rows = {
        "packaging": {"en": [], "zh": ["泡沫"], "not_zh": ["泡沫丰富"], "label_en": "x", "label_zh": "x"},
        "texture": {"en": [], "zh": ["泡沫丰富"], "label_en": "x", "label_zh": "x"},
    }
    both = Taxonomy("x", tuple(aspect_of(name, row) for name, row in rows.items()))
    assert [span.aspect for span in AspectFinder(both, "zh").find("泡沫丰富，泡沫垫着")] == ["texture", "packaging"]
    alone = Taxonomy("x", both.aspects[:1])
    assert [span.start_char for span in AspectFinder(alone, "zh").find("泡沫丰富，泡沫垫着")] == [5]
    silent = Taxonomy("x", both.aspects, ignored=("泡沫丰富",))
    assert [span.aspect for span in AspectFinder(silent, "zh").find("泡沫丰富，泡沫垫着")] == ["packaging"]


def test_a_word_that_goes_with_many_things_leaves_the_clause_to_what_is_named():
    assert found("delivery was slow") == [("service", "delivery")]
    assert found("nice waiter, but slow") == [("service", "waiter"), ("speed", "slow")]
    assert found("物流慢", "zh") == [("service", "物流")]


def test_both_sides_of_a_text_are_kept_once_a_clause():
    text = "The price is fine, price and price; but then the price rose."
    spans = finder().find(text)
    assert [text[s.clause_start_char : s.clause_end_char] for s in spans] == [
        "The price is fine,", "price and price;", "but then the price rose.",
    ]  # fmt: skip
    assert all(s.clause_start_char <= s.start_char < s.end_char <= s.clause_end_char for s in spans)


def test_a_tracked_name_that_holds_a_word_is_no_evidence():
    assert found("Price Kings is open", names=("Price Kings", "Aurora")) == []
    assert found("Price Kings has a good price", names=("Price Kings",)) == [("price", "price")]
    assert finder(names=("Aurora",)).digest == finder().digest
    assert finder(names=("Price Kings",)).digest != finder().digest


def test_offsets_are_code_points_of_the_text_itself():
    text = "👍🏽 ﬁne ＰＲＩＣＥ"
    (span,) = finder().find(text)
    assert text[span.start_char : span.end_char] == "ＰＲＩＣＥ"


def test_a_category_adds_and_drops_and_a_project_changes_it():
    assert taxonomy_of(SHIPPED, category="app").names == ("updates", "price", "speed")
    assert found("the waiter and the update", category="app") == [("updates", "update")]
    custom = [{"name": "foam", "words": ["froth", "奶泡"], "label_en": None, "label_zh": "奶泡"}]
    changed = {"drop": ["speed"], "words": {"price": ["costs"]}, "ignore": ["price"], "custom": custom}
    assert found("price costs froth slow", **changed) == [("price", "costs"), ("foam", "froth")]
    assert found("奶泡", "zh", **changed) == [("foam", "奶泡")]
    labels = {aspect.name: dict(aspect.labels) for aspect in taxonomy_of(SHIPPED, category="app", **changed).aspects}
    assert labels["foam"] == {"en": "foam", "zh": "奶泡"}
    assert "speed" not in labels


def test_clauses_without_a_word_are_handed_on():
    text = "The price is fine, my nephew likes it. Oh well; " + "a" * 400 + " b c. It took three weeks."
    spans, rest = finder().read(text)
    assert [span.aspect for span in spans] == ["price"]
    assert [text[slice(*part)] for part in rest] == ["my nephew likes it.", "It took three weeks."]
    text = "价格还行，好，等了半个月，" + "没有什么别的，" * 100
    spans, rest = finder("zh").read(text)
    assert len(spans) == 1
    assert text[slice(*rest[0])] == "等了半个月，"
    assert len(rest) == MAX_UNNAMED


def test_what_a_project_gave_is_told_from_what_was_shipped():
    custom = [{"name": "foam", "words": ["froth"], "label_en": None, "label_zh": None}]
    aspects = {a.name: a for a in finder(words={"price": ["costs"]}, custom=custom).taxonomy.aspects}
    assert (aspects["price"].own_words, aspects["price"].is_custom) == (("costs",), False)
    assert (aspects["foam"].own_words, aspects["foam"].is_custom) == (("froth",), True)
    assert (aspects["speed"].own_words, aspects["speed"].is_custom) == ((), False)


@pytest.mark.parametrize("changes", [{"drop": ["sped"]}, {"words": {"sped": ["x"]}}, {"category": "apps"}])
def test_unknown_names_are_told(changes):
    with pytest.raises(ConfigError, match=r"sped|apps"):
        finder(**changes)


def test_what_is_looked_for_names_the_version():
    assert finder(words={"price": ["costs"]}).digest != finder().digest
    assert finder("zh").digest != finder("en").digest
    labels = {"en": "x", "zh": "x"}
    renamed = Taxonomy(
        "general", tuple(Aspect(a.name, labels, a.words, a.not_words) for a in finder().taxonomy.aspects)
    )
    assert AspectFinder(renamed, "en").digest == AspectFinder(Taxonomy("other", renamed.aspects), "en").digest


def test_forms_of_a_word():
    assert forms_of("battery") >= {"battery", "batteries"}
    assert forms_of("crash") >= {"crash", "crashes", "crashed", "crashing"}
    assert forms_of("price") >= {"price", "prices", "priced", "pricing"}
    assert forms_of("lag!") == forms_of("lag!?") == {"lag"}
    assert forms_of("屏幕") == {"屏幕"}


@pytest.mark.parametrize("text", ["", "\x00", "，" * 1000, "price " * 20_000, "\ud800 price", "е́" * 500])
def test_any_text_is_taken(text):
    for span in finder().find(text):
        assert text[span.start_char : span.end_char] == "price"


def test_the_shipped_file_is_whole():
    from tasks.config import Aspects
    from tasks.models.aspects import shipped_taxonomy

    shipped = shipped_taxonomy()
    choices = Aspects.model_fields["category"].annotation.__args__
    assert set(choices) == set(shipped["categories"])
    used = {*shipped["general"]["aspects"], *(n for c in shipped["categories"].values() for n in c.get("add", ()))}
    assert used == set(shipped["aspects"])
    for category in choices:
        taxonomy = taxonomy_of(shipped, category=category)
        assert set(shipped["categories"][category].get("drop", ())) <= set(shipped["general"]["aspects"])
        for language in ("en", "zh"):
            AspectFinder(taxonomy, language).find("x")
    for name, row in shipped["aspects"].items():
        aspect = aspect_of(name, row)
        assert all(aspect.words.values())
        assert any("\u4e00" <= c <= "\u9fff" for c in aspect.labels["zh"])
