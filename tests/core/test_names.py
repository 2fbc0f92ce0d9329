"""Names: what of a proposed span is one, and which spellings are the same."""

from __future__ import annotations

import pytest

from tasks.core.names import name_key, name_mention, told_names


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ("Norvex's pump", (0, 8), "Norvex"),
        ("“Norvex”", (0, 8), "Norvex"),
        ("@norvex", (0, 7), "norvex"),
        ("《露丹妮》", (0, 5), "露丹妮"),
        ("see https://a.b/Norvex", (4, 22), None),
        ("1,299", (0, 5), None),
        ("[email]", (0, 7), None),
        ("X", (0, 1), None),
        ("A" * 60, (0, 60), None),
    ],
)
def test_a_proposed_span_is_tidied_or_goes(text, span, expected):
    told = told_names(text, [(*span, "corporation")])
    assert [text[start:end] for start, end, _ in told] == ([expected] if expected else [])


def test_people_and_places_are_not_told_and_types_are_ours():
    spans = [(0, 4, "person"), (5, 9, "group"), (10, 14, "product"), (15, 19, "location"), (20, 24, "game")]
    told = told_names("Anna Bolt Xert Rome Quax", spans)
    assert told == [(5, 9, "organisation"), (10, 14, "product"), (20, 24, "product")]


def test_overlapping_proposals_give_one_name():
    assert told_names("Zeta Labs", [(0, 9, "corporation"), (5, 9, "product")]) == [(0, 9, "organisation")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zeta Labs Inc.", "ZETA LABS"),
        ("Zeta-Labs", "zeta labs, Ltd"),
        ("蔚蓝食品有限公司", "蔚蓝食品"),
        ("華興科技", "华兴科技"),
        ("Ｚｅｔａ", "Zeta"),
    ],
)
def test_spellings_of_one_name_have_one_identity(one, other):
    assert name_mention(one, 0, len(one), "organisation").entity_id == (
        name_mention(other, 0, len(other), "organisation").entity_id
    )


def test_other_names_have_other_identities():
    assert len({name_key(name) for name in ("Zeta Labs", "Zeta Foods", "Zeta", "公司", "Inc")}) == 5
