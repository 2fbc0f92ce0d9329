"""Which files of corrections are taken, what is said of the others, and that spreadsheets run none of them."""

from __future__ import annotations

import io

import pytest

from tasks.core.corrections import Correction, escape_cell, lookup_problems, new_corrections, read_rows, unescape_cell

DOC = "0123456789abcdef" * 2
HEADER = "kind,subject,value,language,note\n"


def read(text: str):
    return read_rows(io.StringIO(text, newline=""))


def test_a_file_of_every_kind_is_read():
    found = read(
        HEADER
        + f"sentiment,{DOC},negative,,ironic\n"
        + f"entity,{DOC}:0:6,none,,\n"
        + f"spam,{DOC},not_spam,,\n"
        + f"topic,{DOC},en-1,,\n"
        + "topic_rename,en-1,login fails after update,en,\n"
        + "topic_rename,zh-1,更新后无法登录,ZH,\n"
        + 'topic_split,en-1,"battery, charger",,\n'
        + "topic_hide,en-1,yes,,\n"
        + "topic_split,zh-1,2,,\n"
        + "topic_split,zh-2,auto,,\n"
        + 'topic_split,zh-3,"1,",,\n'
    )
    assert found.problems == []
    assert [row.kind for row in found.rows][:3] == ["sentiment", "entity", "spam"]
    assert found.rows[0] == Correction(2, "sentiment", DOC, "negative", None, "ironic")
    assert (found.rows[1].document_id, found.rows[1].span) == (DOC, (0, 6))
    assert found.rows[5].language == "zh"
    assert found.rows[6].value == "battery, charger"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (f"mood,{DOC},negative,,", "unknown kind 'mood'"),
        (f"sentiment,{DOC},angry,,", "sentiment can't be 'angry'"),
        (f"sentiment,{DOC},,,", "no value"),
        ("sentiment,7,negative,,", "subject '7' is not a document_id"),
        (f"entity,{DOC},brand,,", "is not document_id:start:end"),
        (f"entity,{DOC}:5:5,brand,,", "is not document_id:start:end"),
        (f"spam,{DOC},yes,,", "spam can't be 'yes'"),
        ("topic_rename,en-1,battery,,", "needs a language"),
        ("topic_merge,en-1,en-1,,", "merged into itself"),
        ("topic_hide,,yes,,", "subject is empty"),
        ("topic_split,en-1,1,,", "2 to 20 parts"),
        ("topic_split,en-1,21,,", "2 to 20 parts"),
        (f"sentiment,{DOC},{'n' * 201},,", "at most 200 characters"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_by_its_line(row, problem):
    found = read(HEADER + f'spam,{DOC},spam,,"two\nlines"\n' + row + "\n")
    assert len(found.rows) == 1
    assert found.problems[0].startswith("line 4: ")
    assert problem in found.problems[0]


def test_a_file_without_the_columns_or_with_a_broken_quote_is_no_file_of_corrections():
    assert "line 1: the header has no kind, subject" in read("text,label\nfine,positive\n").problems[0]
    assert "value (or label)" in read("kind,subject\n").problems[0]
    assert "not a CSV file" in read(HEADER + f'spam,{DOC},spam,,"open\n').problems[0]
    assert read("").rows == []
    assert read("").problems


def test_a_labelled_file_is_read_by_its_label_and_rows_without_one_are_counted():
    found = read(
        "kind,subject,language,text,predicted,confidence,label,note\n"
        f"sentiment,{DOC},en,'=1+1 is what I paid,positive,0.5,negative,\n"
        f"sentiment,{DOC},en,fine,positive,0.9,,\n"
    )
    assert (len(found.rows), found.unlabelled_count, found.problems) == (1, 1, [])
    assert (found.rows[0].value, found.rows[0].language) == ("negative", None)


@pytest.mark.parametrize("text", ["=1+1", "+49", "-5", "@cmd", "\tx", "'=1", "'quoted'", "plain", "", "'", "北风"])
def test_cells_that_begin_like_a_formula_come_back_as_they_were(text):
    assert not escape_cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unescape_cell(escape_cell(text)) == text


def test_what_a_row_names_must_be_there():
    rows = [
        Correction(2, "sentiment", DOC, "negative"),
        Correction(3, "sentiment", "f" * 32, "negative"),
        Correction(4, "entity", f"{DOC}:8:11", "brand"),
        Correction(5, "topic_merge", "en-1", "en-9"),
        Correction(6, "topic_rename", "en-8", "battery", "en"),
        Correction(7, "topic", DOC, "none"),
        Correction(8, "topic", DOC, "zh-8"),
    ]
    problems = lookup_problems(rows, text_lengths={DOC: 10}, topic_ids={"en-1"})
    assert [problem.split(":")[0] for problem in problems] == ["line 3", "line 4", "line 5", "line 6", "line 8"]


def test_the_same_file_twice_changes_nothing_and_the_last_row_of_a_key_counts():
    rows = [
        Correction(2, "sentiment", DOC, "negative"),
        Correction(3, "sentiment", DOC, "positive"),
        Correction(4, "spam", DOC, "spam", None, "a bot"),
    ]
    assert new_corrections(rows, {}) == rows[1:]
    in_force = {row.key: (row.value, row.note) for row in rows[1:]}
    assert new_corrections(rows, in_force) == []
    assert new_corrections([Correction(2, "spam", DOC, "spam")], in_force) == []
    assert len(new_corrections([Correction(2, "spam", DOC, "not_spam")], in_force)) == 1
