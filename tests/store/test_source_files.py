"""Files, folders, globs and archives: what is found, in which order, and what is refused."""

import gzip
import hashlib
import io
import zipfile

import pytest

from tasks.store.sources import files
from tasks.store.sources.files import UnreadableError, content_sha256, list_blobs, read_blob

LIMIT = 50_000_000


def zip_of(path, members, *, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def found(pattern, format_name="csv"):
    return [blob.record_path for blob in list_blobs(str(pattern), format_name=format_name)[0]]


def test_a_folder_is_searched_to_its_depth_in_the_order_of_names(tmp_path):
    for name in (
        "b/2.csv",
        "a/9.csv.gz",
        "c.CSV",
        "notes.pdf",
        ".hidden.csv",
        "~$open.csv",
        "d.csv.part",
        "__MACOSX/x.csv",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    assert found(tmp_path) == ["a/9.csv", "b/2.csv", "c.CSV"]


def test_a_glob_takes_files_as_they_are_named(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("2.dat", "1.dat", "deep/3.dat", "deep/er/4.dat"):
        (tmp_path / name).write_bytes(b"x")
    assert found(tmp_path / "*.dat") == ["1.dat", "2.dat"]
    assert found(tmp_path / "**" / "*.dat") == ["1.dat", "2.dat", "deep/3.dat", "deep/er/4.dat"]
    assert found(tmp_path / "no*.dat") == []


def test_a_name_with_glob_characters_that_exists_is_that_file(tmp_path):
    (tmp_path / "reviews [2025].csv").write_bytes(b"x")
    assert found(tmp_path / "reviews [2025].csv") == ["reviews [2025].csv"]


def test_compression_is_recognised_by_content_and_one_content_has_one_hash(tmp_path):
    data = "id,text\n1,字\n".encode() * 1000
    (tmp_path / "plain.csv").write_bytes(data)
    (tmp_path / "packed.csv").write_bytes(gzip.compress(data[:5000]) + gzip.compress(data[5000:]))
    zip_of(tmp_path / "z.zip", {"in.csv": data, "in-gz.csv.gz": gzip.compress(data)})
    blobs, warnings = list_blobs(str(tmp_path), format_name="csv")
    assert len(blobs) == 4
    assert not warnings
    assert {read_blob(blob, max_bytes=LIMIT) for blob in blobs} == {data}
    hashes = {content_sha256(blob, max_bytes=LIMIT) for blob in blobs}
    assert hashes == {(hashlib.sha256(data).hexdigest(), len(data))}


def test_members_of_an_archive_are_sorted_and_others_are_mentioned(tmp_path):
    path = zip_of(
        tmp_path / "z.zip",
        {
            "b.csv": b"b",
            "a/x.csv": b"a",
            "../../evil.csv": b"e",
            "/abs.csv": b"f",
            "__MACOSX/._b.csv": b"m",
            "read.pdf": b"p",
        },
    )
    blobs, warnings = list_blobs(str(path), format_name="csv")
    assert [blob.member for blob in blobs] == ["../../evil.csv", "/abs.csv", "a/x.csv", "b.csv"]
    assert "1 of" in warnings[0]
    for blob in blobs:
        read_blob(blob, max_bytes=LIMIT)
    assert [file.name for file in tmp_path.iterdir()] == ["z.zip"]  # nothing was written beside it
    assert not (tmp_path.parent / "evil.csv").exists()


def test_an_archive_without_the_usual_endings_is_read_whole(tmp_path):
    path = zip_of(tmp_path / "z.zip", {"export": b"x"})
    assert [blob.member for blob in list_blobs(str(path), format_name="csv")[0]] == ["export"]


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(gzip.compress(b"x" * 100_000)[:-20]),
        lambda path: path.write_bytes(b"\x1f\x8b garbage"),
        lambda path: path.write_bytes(b"PK\x03\x04 garbage"),
        lambda path: zip_of(path, {"[Content_Types].xml": b"x", "xl/workbook.xml": b"y"}),
        lambda path: zip_of(path, {"inner.csv": zip_of(io.BytesIO(), {"a.csv": b"x"}).getvalue()}),
    ],
    ids=["cut off", "no gzip", "no zip", "workbook", "archive in archive"],
)
def test_what_can_t_be_unpacked_is_unreadable(tmp_path, make):
    path = tmp_path / "f.csv"
    make(path)
    blobs, _ = list_blobs(str(path), format_name="csv")
    assert len(blobs) == 1
    with pytest.raises(UnreadableError):
        read_blob(blobs[0], max_bytes=LIMIT)


def test_a_file_that_went_away_is_unreadable(tmp_path):
    path = tmp_path / "f.csv"
    path.write_bytes(b"x")
    blob = list_blobs(str(path), format_name="csv")[0][0]
    path.unlink()
    with pytest.raises(UnreadableError, match="it is gone"):
        read_blob(blob, max_bytes=LIMIT)


def test_bytes_are_limited_while_unpacking(tmp_path):
    path = tmp_path / "f.csv.gz"
    path.write_bytes(gzip.compress(b"x" * 10_001))
    blob = list_blobs(str(path), format_name="csv")[0][0]
    assert len(read_blob(blob, max_bytes=10_001)) == 10_001
    with pytest.raises(UnreadableError, match="more than 10,000 bytes"):
        read_blob(blob, max_bytes=10_000)


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_bombs_are_refused_by_their_ratio(tmp_path, kind):
    zeros = b"0" * (files.FREE_BYTES + files.FREE_BYTES // 2)
    path = tmp_path / f"f.{kind}"
    if kind == "gz":
        path.write_bytes(gzip.compress(zeros))
    else:
        zip_of(path, {"f.csv": zeros})
    blob = list_blobs(str(path), format_name="csv")[0][0]
    with pytest.raises(UnreadableError, match="times its size"):
        read_blob(blob, max_bytes=10**10)
