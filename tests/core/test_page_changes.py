"""Prices, plans and claims of competitors' pages, in both languages; expectations are written by hand."""

from datetime import date
from decimal import Decimal

import pytest

from tasks.core.page_changes import PageVersion, all_changes, page_changes
from tasks.core.prices import amounts, announced_price


def page(text: str, *, day: int = 1, content: str = "a", source: str = "site", document_id: str = "d1") -> PageVersion:
    return PageVersion(document_id, content, source, "Borealis", "en", None, "https://example.org/p", text,
                       date(2026, 10, day))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("now 549 euros", "549", "EUR"),
        ("€1,299.50", "1299.50", "EUR"),
        ("1.299,50 €", "1299.50", "EUR"),
        ("US$ 20", "20", "USD"),
        ("£9.99 a month", "9.99", "GBP"),
        ("售价4,299元", "4299", "CNY"),
        ("￥1.5万起", "15000", "CNY"),
        ("299块", "299", "CNY"),
    ],
)
def test_amounts_of_money(text, value, currency):
    (amount,) = amounts(text)
    assert (amount.value, amount.currency) == (Decimal(value), currency)


@pytest.mark.parametrize("text", ["version 2.0 of the T5", "in 2026", "58 mm", "第12代", "12 euphoric users"])
def test_other_numbers_are_no_money(text):
    assert amounts(text) == []


@pytest.mark.parametrize(
    ("sentence", "before", "after"),
    [
        ("From today, 27 October 2026, the Duetto costs 549 euros instead of 649 euros.", 649, 549),
        ("The price goes from €20 to €25 in May.", 20, 25),
        ("It was $99, and it is $79 now.", 99, 79),
        ("Now £15, down from £20.", 20, 15),
        ("自2026年10月27日起，Duetto的价格由4999元调整为4299元。", 4999, 4299),
        ("会员价从30元涨到35元。", 30, 35),
        ("原价199元，现价149元。", 199, 149),
        ("New price: the Duetto now costs 549 euros", None, 549),
        ("Duetto新价格：4299元", None, 4299),
    ],
)
def test_announced_prices(sentence, before, after):
    price = announced_price(sentence)
    assert price is not None
    assert (price.before, price.after) == (None if before is None else Decimal(before), Decimal(after))


@pytest.mark.parametrize(
    "sentence",
    [
        "The Luna S stays at 399 euros and the Primo 2 at 279 euros.",
        "A group seal costs 6 euros, a pump 39 euros; nothing is added.",
        "Luna S仍为2999元，Primo 2仍为1999元。",
        "密封圈45元，水泵319元，邮费一律15元。",
        "Available in white, from 279 euros in our shop.",
    ],
)
def test_prices_that_are_named_and_not_announced(sentence):
    assert announced_price(sentence) is None


def test_a_changed_price_of_a_page_with_text_before_and_after():
    old = "The Kettle\nIt boils a litre in two minutes. It costs 69 euros. Shipping is free."
    new = "The Kettle\nIt boils a litre in two minutes. It costs 49 euros. Shipping is free."
    (change,) = page_changes([page(old), page(new, day=20, content="b")], is_new=False)
    assert change.change_kind == "price"
    assert (change.before_text, change.after_text) == ("It costs 69 euros.", "It costs 49 euros.")
    assert (change.before_amount, change.after_amount, change.currency) == (Decimal(69), Decimal(49), "EUR")
    assert new[change.start_char : change.end_char] == "It costs 49 euros."
    assert change.changed_on == date(2026, 10, 20)


def test_plans_claims_and_what_went_in_both_languages():
    old = "Plans\nThe basic plan has two users. Made in Europe since 1990. 电池可用两天。旧的保修条款适用于所有机型。"
    new = "Plans\nThe basic plan has five users. The quietest machine you can buy today. 电池可用三天。"
    found = page_changes([page(old), page(new, content="b")], is_new=False)
    assert [(c.change_kind, c.before_text, c.after_text) for c in found] == [
        ("plan", "The basic plan has two users.", "The basic plan has five users."),
        ("claim", None, "The quietest machine you can buy today."),
        ("claim", "电池可用两天。", "电池可用三天。"),
        ("removed_text", "Made in Europe since 1990.", None),
        ("removed_text", "旧的保修条款适用于所有机型。", None),
    ]


def test_sentences_that_only_move_have_not_changed():
    old = "One sentence of this page. Another sentence of it. A third one stands here."
    new = "A third one stands here. One  sentence of this page. Another sentence of it."
    assert page_changes([page(old), page(new, content="b")], is_new=False) == []


def test_a_new_page_announces_its_price_once():
    text = (
        "New price: the Duetto now costs 549 euros\nFrom today the Duetto costs 549 euros instead of 649 euros.\n"
        "The Luna S stays at 399 euros and the Primo 2 at 279 euros."
    )
    (change,) = page_changes([page(text)], is_new=True)
    assert (change.change_kind, change.before_amount, change.after_amount) == ("price", Decimal(649), Decimal(549))
    assert change.after_text == "From today the Duetto costs 549 euros instead of 649 euros."


def test_new_pages_launch_something_or_are_just_new():
    (launch,) = page_changes([page("Meet the Kopp Mini\nIt was made for small kitchens.")], is_new=True)
    assert (launch.change_kind, launch.after_text) == ("launch", "Meet the Kopp Mini")
    (other,) = page_changes([page("How to descale\nUse citric acid.")], is_new=True)
    assert other.change_kind == "new_page"


def test_pages_that_a_source_began_with_are_not_new():
    found = all_changes(
        [page("Old page of the site.", day=1), page("A later page of it.", day=9, document_id="d2", content="z")]
    )
    assert [change.document_id for change in found] == ["d2"]


def test_a_page_of_endless_changes_is_cut_off():
    old = "\n".join(f"Sentence number {i} says what it always said." for i in range(300))
    new = "\n".join(f"Altogether different words stand at place {i} now." for i in range(300))
    assert len(page_changes([page(old), page(new, content="b")], is_new=False)) == 20
