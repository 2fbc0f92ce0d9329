"""CSV as it really comes: every record found, broken ones cost only themselves."""

import csv
import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.dates import DateReader, ParsedDate
from tasks.store.sources.delimited import read_delimited
from tasks.store.sources.encodings import decode
from tasks.store.sources.files import UnreadableError

SHARED = Path(os.environ.get("MARKETBRIEF_SHARED_DATA", Path(__file__).resolve().parents[2] / "../shared/data"))


def read(text, *, columns=("id", "text", "date"), date_column="date", format_name="csv"):
    from datetime import datetime

    reader = DateReader(timezone_name="UTC", now=datetime(2026, 11, 22))
    data = text if isinstance(text, bytes) else text.encode()
    return read_delimited(
        decode(data),
        uri="file.csv",
        format_name=format_name,
        columns=list(columns),
        is_date=lambda value: isinstance(reader.read(value), ParsedDate),
        date_column=date_column,
    )


def texts(batch):
    return [record.fields["text"] for record in batch.records]


def codes(batch):
    return [(one.record_number, one.reason_code) for one in batch.rejected]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    lines = [["id", "text", "date"], ["1", "a, b; c | d", "2025-01-01"], ["2", "字", "2025-01-02"]]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(lines)
    assert texts(read(buffer.getvalue())) == ["a, b; c | d", "字"]


def test_the_delimiter_is_the_one_that_gives_the_columns_not_the_most_frequent():
    assert texts(read("id;text, with, many, commas, in, its, name;text;date\n1;x;good, bad;2025-01-01\n")) == [
        "good, bad"
    ]


def test_excel_s_separator_line_is_followed():
    assert texts(read("sep=;\nid;text;date\n1;a;2025-01-01\n")) == ["a"]


def test_lines_before_the_header_are_passed_over_with_a_word():
    batch = read("Report,,\nmade by us,,\n\nid,text,date\n1,a,2025-01-01\n")
    assert texts(batch) == ["a"]
    assert "2 lines before the header" in batch.warnings[0]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end):
    assert texts(read(end.join(['id,text,date', '1,"two', 'lines",2025-01-01', "", "2,b,2025-01-02"]))) == [
        f"two{end}lines", "b",
    ]  # fmt: skip


def test_characters_that_only_look_like_line_ends_split_nothing():
    assert texts(read("id,text,date\n1,a\u2028b\x0bc\x85d,2025-01-01\n")) == ["a\u2028b\x0bc\x85d"]


def test_too_many_and_too_few_fields_are_rejected_with_their_bytes():
    batch = read("id,text,date\n1,a,2025-01-01\n2,b\n3,c,2025-01-01,x\n4,d,2025-01-01\n")
    assert texts(batch) == ["a", "d"]
    assert codes(batch) == [(2, "field_count"), (3, "field_count")]
    assert batch.rejected[0].raw_bytes == b"2,b\n"
    assert [record.record_number for record in batch.records] == [1, 4]


@pytest.mark.parametrize(
    "broken",
    [
        '2,"never closed,2025-01-02\n',
        '2,2025-01-02,"never closed\n',
        '2,fine,"2025-01-02\n',
        '"2,fine,2025-01-02\n',
        '2,""",2025-01-02\n',
    ],
)
@pytest.mark.parametrize(
    "rest",
    [
        "",
        "3,c,2025-01-03\n",
        '3,"c",2025-01-03\n4,d,2025-01-04\n',
        '3,c,"2025-01-03"\n',
        '3,"c, ""d""\nnext",2025-01-03\n',
    ],
)
def test_an_unterminated_quote_costs_one_record(broken, rest):
    header = "id,text,date\n1,a,2025-01-01\n"
    batch = read(header + broken + rest)
    expected = list(csv.DictReader(io.StringIO(header + rest, newline="")))
    assert [record.fields for record in batch.records] == expected
    assert codes(batch) == [(2, "broken_quote")]
    assert batch.rejected[0].raw_bytes == broken.encode()


def test_a_quote_that_swallows_whole_records_before_it_closes_is_noticed():
    rows = "".join(f"{number},text {number},2025-01-01\n" for number in range(3, 9))
    batch = read('id,text,date\n2,"oops,2025-01-01\n' + rows + '9,last,"2025-01-01"\n')
    assert len(batch.records) == 7
    assert codes(batch) == [(1, "broken_quote")]


def test_a_text_of_many_lines_with_commas_is_one_record():
    poem = "one, two\nthree, four\nfive, six, seven"
    assert texts(read(f'id,text,date\n1,"{poem}",2025-01-01\n')) == [poem]


def test_quotes_inside_a_quoted_field_are_kept():
    assert texts(read('id,text,date\n1,"He said "hi" to me",2025-01-01\n')) == ['He said "hi" to me']
    assert texts(read('id,text,date\n1,5" screen,2025-01-01\n')) == ['5" screen']


def test_backslash_quotes_are_understood():
    batch = read('id,text,date\n1,"a \\"b\\", c",2025-01-01\n2,"C:\\temp \\"x\\" y",2025-01-01\n')
    assert texts(batch) == ['a "b", c', 'C:\\temp "x" y']


def test_single_quotes_around_fields():
    batch = read("id,text,date\n'1','a, b','2025-01-01'\n'2','c','2025-01-01'\n")
    assert texts(batch) == ["a, b", "c"]


def test_a_space_after_the_delimiter():
    assert texts(read('id, text, date\n1, "a, b", 2025-01-01\n2, "c", 2025-01-01\n')) == ["a, b", "c"]


def test_a_record_without_end_is_bounded_and_reading_goes_on():
    filler = "".join(f"{number},x,2025-01-01\n" for number in range(120_000))
    batch = read(f'id,text,date\n0,"open,2025-01-01\n{filler}')
    assert (len(batch.records), codes(batch)) == (120_000, [(1, "broken_quote")])


def test_many_unterminated_quotes_take_bounded_time():
    batch = read("id,text,date\n" + "".join(f'{number},""" open,2025-01-01\n' for number in range(5_000)))
    assert len(batch.records) + len(batch.rejected) == 5_000


def test_bytes_that_the_encoding_forbids_cost_their_record():
    good = "".join(f"{number},咖啡很好,2025-01-01\n" for number in range(40)).encode()
    batch = read(b"id,text,date\n" + good + b"x,caf\xe9,2025-01-01\n" + "y,茶,2025-01-01\n".encode())
    assert len(batch.records) == 41
    assert codes(batch) == [(41, "undecodable")]
    assert batch.rejected[0].raw_bytes == b"x,caf\xe9,2025-01-01\n"


def test_rows_of_nothing_but_delimiters_are_records_and_empty_lines_are_not():
    assert len(read("id,text,date\n,,\n\n   \n1,a,2025-01-01\n").records) == 2


def test_a_missing_column_names_the_nearest():
    with pytest.raises(UnreadableError, match=r"no column 'text' \(did you mean 'texts'\?\)"):
        read("id,texts,date\n1,a,2025-01-01\n")


@pytest.mark.parametrize("text", ["", "\n\n", "\x00", '"', '"""', "id,text\n", "{}", "\ufeff"])
def test_a_file_without_the_columns_is_unreadable(text):
    with pytest.raises(UnreadableError, match="no column"):
        read(text)


def test_a_header_alone_is_an_empty_batch():
    batch = read("id,text,date\n")
    assert (batch.records, batch.rejected) == ([], [])


def test_of_two_columns_with_one_name_the_first_counts():
    assert texts(read("id,text,date,text\n1,first,2025-01-01,second\n")) == ["first"]


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=12)


@given(st.lists(st.tuples(st.integers(0, 99).map(str), CELL, st.just("2025-01-01")), max_size=8))
def test_what_a_csv_writer_wrote_is_read_back(rows):
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([("id", "text", "date"), *rows])
    batch = read(buffer.getvalue())
    assert [tuple(record.fields.values())[::-1] for record in batch.records] == rows
    assert not batch.rejected


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_below_a_header_is_split_without_loss(text):
    batch = read("id,text,date\n" + text)
    numbers = sorted([record.record_number for record in batch.records] + [one.record_number for one in batch.rejected])
    assert numbers == list(range(1, len(numbers) + 1))
    for record in batch.records:
        assert set(record.fields) == {"id", "text", "date"}


@pytest.mark.shared
def test_csv_spectrum():
    folder = SHARED / "hostile_csv_spectrum"
    if not folder.is_dir():
        pytest.skip("the third-party data folder is absent")
    files = sorted((folder / "csvs").glob("*.csv"))
    assert len(files) == 11
    for file in files:
        expected = json.loads((folder / "json" / f"{file.stem}.json").read_text().replace("\\r\\n", "\\n"))
        columns = list(expected[0]) if expected else []
        batch = read(file.read_bytes(), columns=columns, date_column=None)
        assert [record.fields for record in batch.records] == expected, file.name


@pytest.mark.shared
def test_polluted_files_keep_every_record():
    archive = SHARED / "hostile_pollock_csv" / "files.tar.gz"
    if not archive.is_file():
        pytest.skip("the third-party data folder is absent")
    totals = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if not member.isfile():
                continue
            try:
                batch = read(tar.extractfile(member).read(), columns=["DATE", "ProductDescription"], date_column="DATE")
            except UnreadableError:
                continue
            totals[Path(member.name).name] = (len(batch.records), len(batch.rejected))
    assert len(totals) > 1_100
    # The clean source has 83 records; a file polluted in one row keeps the other 82.
    assert totals["source.csv"] == (83, 0)
    rows = {name: total for name, total in totals.items() if name.startswith("row_") and not _hits_header(name)}
    assert len(rows) > 1_000
    assert set(rows.values()) <= {(82, 1), (83, 0)}


def _hits_header(name):
    return "row0_" in name or "quote0_" in name
