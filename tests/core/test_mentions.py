"""Aliases in texts: what is a mention, what is not, and where it stands."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.config import Brand
from tasks.core.mentions import AliasTagger, entity_id, fold

BRANDS = [
    Brand(name="Northwind", role="own", aliases=["Northwind Coffee", "北风咖啡", "北风"]),
    Brand(name="Virgin America"),
    Brand(name="Apple", aliases=["苹果", "iPhone", "iPhone 15"], exclude_any=["apple pie", "苹果汁"]),
    Brand(name="小米", aliases=["Xiaomi", "Redmi Note"], exclude_any=["小米粥"]),
    Brand(name="Target", require_any=["store", "shopping", "cart", "超市"]),
    Brand(name="Nestlé", aliases=["Coca-Cola"]),
    Brand(name="HP", aliases=["Straße AG", "Яндекс"]),
]


def found(text: str, brands: list[Brand] = BRANDS) -> list[tuple[str, str]]:
    mentions = AliasTagger(brands).tag([text])[0]
    assert [text[m.start_char : m.end_char] for m in mentions] == [m.surface for m in mentions]
    return [(mention.brand or "", mention.surface) for mention in mentions]


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("I bought a Northwind yesterday", [("Northwind", "Northwind")]),
        ("NORTHWIND and northwind", [("Northwind", "NORTHWIND"), ("Northwind", "northwind")]),
        ("Northwind's pump broke", [("Northwind", "Northwind")]),
        ("Northwind’s pump broke", [("Northwind", "Northwind")]),
        ("Two Northwinds in one office", [("Northwind", "Northwinds")]),
        ("northwinds blow hard here", []),
        ("(Northwind)", [("Northwind", "Northwind")]),
        ("_Northwind_ is *Northwind*", [("Northwind", "Northwind")] * 2),
        ("Northwindy", []),
        ("prenorthwind", []),
        ("Northwind Coffee is best", [("Northwind", "Northwind Coffee")]),
        ("Northwind\nCoffee", [("Northwind", "Northwind\nCoffee")]),
        ("Ｎｏｒｔｈｗｉｎｄ　Ｃｏｆｆｅｅ 不错", [("Northwind", "Ｎｏｒｔｈｗｉｎｄ　Ｃｏｆｆｅｅ")]),
        ("用了Northwind的机器", [("Northwind", "Northwind")]),
        ("北风咖啡机很好用，比北风好", [("Northwind", "北风咖啡"), ("Northwind", "北风")]),
        ("Virgin America lost my bag", [("Virgin America", "Virgin America")]),
        ("@VirginAmerica thanks!", [("Virgin America", "VirginAmerica")]),
        ("@virginamerica thanks!", [("Virgin America", "virginamerica")]),
        ("#VirginAmericaFail", [("Virgin America", "VirginAmerica")]),
        ("virginamerica as a word is nobody's name", []),
        ("@northwind_coffee answers fast", [("Northwind", "northwind")]),
        ("@northwindcoffee answers fast", [("Northwind", "northwindcoffee")]),
        ("#northwinds", []),
        ("#NorthwindLove #北风咖啡#", [("Northwind", "Northwind"), ("Northwind", "北风咖啡")]),
        ("#iphone16 and iPhone15 and iPhone 15", [("Apple", "iphone"), ("Apple", "iPhone15"), ("Apple", "iPhone 15")]),
        ("iPhones", [("Apple", "iPhones")]),
        ("I love apples", []),
        ("pineapple", []),
        ("apple music is fine", [("Apple", "apple")]),
        ("Apple's apple pie", []),
        ("苹果手机", [("Apple", "苹果")]),
        ("早上喝了小米粥，小米真香", []),
        ("我的小米手机", [("小米", "小米")]),
        ("Xiaomi小米Redmi Note", [("小米", "Xiaomi"), ("小米", "小米"), ("小米", "Redmi Note")]),
        ("My target is to lose weight", []),
        ("Target is my favourite store", [("Target", "Target")]),
        ("在Target超市买的", [("Target", "Target")]),
        ("Target restored it", []),
        ("Nestle, Nestlé and NESTLÉ", [("Nestlé", "Nestle"), ("Nestlé", "Nestlé"), ("Nestlé", "NESTLÉ")]),
        ("Coca Cola or Coca‑Cola", [("Nestlé", "Coca Cola"), ("Nestlé", "Coca‑Cola")]),
        ("My HP laptop has 64 hp", [("HP", "HP")]),
        ("STRASSE AG", [("HP", "STRASSE AG")]),
        ("В Яндексе нет, Яндекс лучше", [("HP", "Яндекс")]),
        ("see https://www.northwind.com/northwind for more", []),
        ("I ordered on northwind.com", [("Northwind", "northwind")]),
        ("Northwind\ufe0f 👍Northwind👍", [("Northwind", "Northwind")] * 2),
        ("Northwind™ Northwind®", [("Northwind", "Northwind")] * 2),
        ("", []),
    ],
)
def test_mentions(text, mentions):
    assert found(text) == mentions


def test_a_surface_of_two_brands_stays_unresolved():
    brands = [
        Brand(name="Delta Air", aliases=["Delta"]),
        Brand(name="Delta Faucet", aliases=["Delta"], require_any=["tap"]),
    ]
    assert found("Delta was late", brands) == [("Delta Air", "Delta")]
    assert found("The tap from Delta drips", brands) == []
    assert found("The tap from Delta Faucet drips", brands) == [("Delta Faucet", "Delta Faucet")]


def test_longest_match_wins_over_an_earlier_one():
    brands = [Brand(name="Red Bull"), Brand(name="Bull Rock Brewery")]
    assert found("Red Bull Rock Brewery", brands) == [("Bull Rock Brewery", "Bull Rock Brewery")]


def test_fields_of_a_mention():
    mention = AliasTagger(BRANDS).tag(["Great: 北风咖啡!"])[0][0]
    assert (mention.entity_type, mention.is_tracked, mention.method) == ("brand", True, "alias")
    assert (mention.entity_id, mention.entity_name) == (entity_id("Northwind"), "Northwind")
    assert (mention.start_char, mention.end_char) == (7, 11)


def test_revision_follows_the_aliases_and_not_their_order():
    first = AliasTagger(BRANDS).version
    assert AliasTagger(BRANDS[::-1]).version == first
    assert AliasTagger(BRANDS[1:]).version != first
    assert first.model_version_id == f"mention-*-alias@{first.revision}+exact"


def test_names_without_letters_or_digits_match_nothing():
    assert found("!!! — ...", [Brand(name="!!!"), Brand(name="—")]) == []


ODD = st.lists(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(list("İßﬁﾊﾞが́ſKǅ™①½㍿Å…’#@_ \n苹果小米")),
        st.sampled_from(["Apple", "iPhone", "北风", "Northwind", "@virginamerica", "Ｎｅｓｔｌｅ", "https://a.b/"]),
    ),
    max_size=40,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(ODD)
def test_offsets_point_at_the_surface_whatever_the_text_holds(text):
    mentions = AliasTagger(BRANDS).tag([text])[0]
    assert all(text[m.start_char : m.end_char] == m.surface and m.surface for m in mentions)
    ends = [0, *(mention.end_char for mention in mentions)]
    assert all(mention.start_char >= end for mention, end in zip(mentions, ends, strict=False))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_folded_characters_come_from_existing_ones(text):
    folded = fold(text)
    starts = folded.starts or list(range(len(text)))
    assert len(starts) == len(folded.text)
    assert starts == sorted(starts)
    assert all(0 <= start < len(text) for start in starts)


@settings(max_examples=200, deadline=None)
@given(ODD, ODD)
def test_a_name_between_blanks_is_always_found(before, after):
    text = f"{before} Virgin America {after}"
    assert ("Virgin America", "Virgin America") in found(text)


def test_hostile_texts_take_linear_time():
    tagger = AliasTagger(BRANDS)
    started = time.process_time()
    for piece in ("@northwind ", "https://apple ", "北风", "Ａpple ", "\u0301apple"):
        tagger.tag([piece * (300_000 // len(piece))])
    assert time.process_time() - started < 20
