"""Labelled files as people save them: encodings, delimiters, synonyms; and errors that name their lines."""

import gzip
import json

import pytest

from tasks.core.documents import stable_hash
from tasks.errors import SourceError
from tasks.store.labelled import read_labelled

CHINESE = "文本,标签\n这个产品非常好用,正面\n坏了，要退货,负面\n快递周二到了。,中性\n"


def write(path, content, encoding="utf-8"):
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


def labels_of(path, task=None):
    return [(text.text, text.label) for text in read_labelled(path, task=task).texts]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_files_are_read_in_any_usual_encoding(tmp_path, encoding):
    file = read_labelled(write(tmp_path / "zh.csv", CHINESE.replace("坏了，要退货", '"坏了，要退货"'), encoding))
    assert [(text.line, text.text, text.label) for text in file.texts] == [
        (2, "这个产品非常好用", "positive"),
        (3, "坏了，要退货", "negative"),
        (4, "快递周二到了。", "neutral"),
    ]
    assert file.task == "sentiment"
    assert file.names == {"中性": "neutral", "正面": "positive", "负面": "negative"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_line_breaks_and_packed_files(tmp_path, delimiter):
    content = f'Label{delimiter}Text\n5{delimiter}"Good, and{delimiter}\nquick"\n\n1{delimiter}Broken\n'
    path = tmp_path / "mine.csv.gz"
    path.write_bytes(gzip.compress(content.encode()))
    found = read_labelled(path).texts
    assert [(text.line, text.text, text.label) for text in found] == [
        (2, f"Good, and{delimiter}\nquick", "positive"),
        (5, "Broken", "negative"),
    ]


def test_json_lines_are_read_too(tmp_path):
    rows = [{"text": "Good", "label": "pos", "source": "shop"}, {"text": "Bad", "label": -1}]
    path = write(tmp_path / "x.jsonl", "\n".join(map(json.dumps, rows)))
    with pytest.raises(SourceError, match="line 1"):
        read_labelled(write(tmp_path / "bad.jsonl", "{]\n"))
    found = read_labelled(path).texts
    assert [text.label for text in found] == ["positive", "negative"]
    assert found[0].groups == {"source": "shop"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", "has the columns 'a', 'b'"),
        ("text,label\n", "holds no row"),
        ("", "holds no row"),
        ("text,label\nfine,happy\n", "line 2: 'happy' is no sentiment"),
        ("text,label\nfine,positive\nfine\n", "line 3: there is no label"),
        ("text,label\n  ,positive\n", "line 2: there is no text"),
        ("text,label\nwell, good,positive\n", "line 2: 3 fields where the header has 2"),
        ('text,label\n"open,positive\n', "line 2: .*not closed"),
        ("text,label\na,0\nb,1\n", "2 rows can't be used: line 2: '0' is no sentiment; line 3: '1' is no sentiment"),
        ("text,label\n" + "x,happy\n" * 7, "7 rows can't be used: .*line 6: 'happy' is no sentiment; and 2 more"),
        (
            b"text,label\n" + "很好用,正面\n".encode() * 20 + b"\xe5\xa5,x\n",
            "line 22: some bytes are not valid",
        ),
        ("[1, 2]", "line 1: this is no JSON object"),
    ],
)
def test_unusable_files_are_told_with_their_lines(tmp_path, content, message):
    with pytest.raises(SourceError, match=message) as caught:
        read_labelled(write(tmp_path / "x.csv", content))
    assert caught.value.exit_code == 4
    assert caught.value.fix


def test_unknown_labels_are_told_with_the_allowed_ones(tmp_path):
    with pytest.raises(SourceError) as caught:
        read_labelled(write(tmp_path / "x.csv", "text,label\nfine,happy\n"))
    for word in ("negative", "正面", "1 to 5 stars"):
        assert word in caught.value.fix


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(SourceError, match=r"none\.csv"):
        read_labelled(tmp_path / "none.csv")


def test_topics_keep_their_labels_as_they_are(tmp_path):
    path = write(tmp_path / "t.csv", "text,label\nBattery is dead,battery\nToo dear,1\n")
    assert labels_of(path, "topics") == [("Battery is dead", "battery"), ("Too dear", "1")]


def test_rows_may_name_documents_and_wait_for_their_label(tmp_path):
    path = write(tmp_path / "sheet.csv", "document_id,text,label\nabc,Good,pos\ndef,Bad,\n")
    file = read_labelled(path)
    assert (labels_of(path), file.unlabelled_count) == ([("Good", "positive")], 1)
    truth = write(tmp_path / "truth.jsonl", '{"source": "shop", "id": "7", "sentiment": "negative", "aspects": []}\n')
    (text,) = read_labelled(truth).texts
    assert (text.text, text.document_id) == ("", stable_hash("id", "shop", "7"))
    with pytest.raises(SourceError, match="no label yet"):
        read_labelled(write(tmp_path / "empty.csv", "document_id,text,label\nabc,Good,\n"))


def test_entities_keep_their_types(tmp_path):
    rows = [
        {"text": "Ryanair lost it", "entities": [[0, 7, "ORG"], [8, 12, "person"]]},
        {"text": "华为Mate60", "entities": [[0, 2, "公司"], [2, 8, "product"]]},
        {"text": "Nothing", "entities": []},
    ]
    file = read_labelled(write(tmp_path / "e.jsonl", "\n".join(json.dumps(row) for row in rows)))
    assert file.task == "entities"
    assert [row["entities"] for row in file.rows] == [row["entities"] for row in rows]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "Ryanair", "entities": [[0, 8, "organisation"]]}, r"line 1: \[0, 8, .* is none of its entities"),
        ({"text": "Ryanair", "entities": [[3, 3, "organisation"]]}, "none of its entities"),
        ({"text": "Ryanair", "entities": [[0, True, "organisation"]]}, "none of its entities"),
        ({"text": "Ryanair", "entities": "none"}, "entities is no list"),
        ({"text": 5, "entities": []}, "there is no text"),
        (
            {"text": "Cheap", "aspects": [["price", "great"]]},
            r"line 1: \[\"price\", \"great\"\] is none of its aspects",
        ),
        ({"text": "Cheap", "aspects": [["", "positive"]]}, "none of its aspects"),
    ],
)
def test_spans_and_aspects_that_do_not_fit_are_told(tmp_path, row, message):
    with pytest.raises(SourceError, match=message):
        read_labelled(write(tmp_path / "e.jsonl", json.dumps(row)))


def test_aspects_and_targets_take_the_same_words_as_sentiment(tmp_path):
    path = write(tmp_path / "a.jsonl", json.dumps({"text": "Cheap", "aspects": [["price", "pos"], ["size", "负面"]]}))
    file = read_labelled(path)
    assert (file.task, file.rows[0]["aspects"]) == ("aspects", [["price", "positive"], ["size", "negative"]])
    path = write(tmp_path / "t.jsonl", json.dumps({"text": "A beats B", "targets": [[0, 1, "POS"], [8, 9, "neg"]]}))
    file = read_labelled(path)
    assert (file.task, file.rows[0]["targets"]) == ("targets", [[0, 1, "positive"], [8, 9, "negative"]])
