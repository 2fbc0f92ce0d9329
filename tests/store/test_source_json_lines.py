"""JSON Lines: objects are records, everything else is kept as rejected."""

import pytest

from tasks.store.sources.encodings import decode
from tasks.store.sources.files import UnreadableError
from tasks.store.sources.json_lines import read_json_lines


def read(text, columns=("text", "date"), needed=(("text",), ("date",))):
    data = text if isinstance(text, bytes) else text.encode()
    return read_json_lines(decode(data), uri="f.jsonl", columns=list(columns), needed=list(needed))


def test_broken_lines_are_kept_and_empty_ones_are_no_records():
    lines = [
        '{"text": "a", "date": 1}',
        "",
        '{"text": "b"',
        "[1]",
        '"x"',
        "3",
        "null",
        "true",
        "  ",
        '{"text": "c\\u2028d"}\r',
    ]
    batch = read("\n".join(lines))
    assert [(record.record_number, record.fields["text"]) for record in batch.records] == [(1, "a"), (8, "c\u2028d")]
    assert [(one.record_number, one.reason_code) for one in batch.rejected] == [
        (2, "broken_json"), (3, "not_an_object"), (4, "not_an_object"), (5, "not_an_object"), (6, "not_an_object"),
        (7, "not_an_object"),
    ]  # fmt: skip
    assert batch.rejected[0].raw_bytes == b'{"text": "b"'


def test_a_line_separator_within_a_text_ends_no_line():
    assert len(read('{"text": "a\u2028b\x85c", "date": 1}\n').records) == 1


@pytest.mark.parametrize("hostile", ["[" * 100_000, '{"a":' * 50_000, '{"text": ' + "9" * 5_000 + "}"])
def test_depth_and_size_do_not_break_the_reader(hostile):
    batch = read('{"text": "a", "date": 1}\n' + hostile + "\n")
    assert [one.reason_code for one in batch.rejected] == ["broken_json"]


def test_a_line_beyond_all_measure_is_too_large():
    batch = read('{"text": "' + "x" * 4_000_001 + '"}\n')
    assert [one.reason_code for one in batch.rejected] == ["too_large"]
    assert len(batch.rejected[0].raw_bytes) == 8_192


def test_bytes_that_are_no_utf_8_cost_their_line():
    good = "".join(f'{{"text": "咖啡{number}", "date": 1}}\n' for number in range(30)).encode()
    batch = read(good + b'{"text": "caf\xe9"}\n')
    assert (len(batch.records), [one.reason_code for one in batch.rejected]) == (30, ["undecodable"])


def test_objects_within_objects_are_reached_by_a_dotted_path():
    batch = read('{"review": {"body": "a"}, "date": 1}\n', columns=("review.body", "date"), needed=(("review.body",),))
    assert batch.records[0].fields["review.body"] == "a"


def test_a_needed_key_that_stands_nowhere_makes_the_file_unreadable():
    with pytest.raises(UnreadableError, match=r"no column 'text' \(did you mean 'texts'\?\)"):
        read('{"texts": "a", "date": 1}\n')


def test_of_several_text_keys_one_is_enough_and_others_are_mentioned():
    batch = read('{"pro": "a", "date": 1}\n', columns=("pro", "con", "date"), needed=(("pro", "con"), ("date",)))
    assert len(batch.records) == 1
    assert "no column 'con'" in batch.warnings[0]


def test_a_file_of_garbage_is_all_rejected():
    batch = read("not json\nat all\n")
    assert (len(batch.records), len(batch.rejected)) == (0, 2)
