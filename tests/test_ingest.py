"""Ingest as a whole: every content exactly once, every record accounted for, the newest version on top."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from tasks import ingest as stage
from tasks.config import load_settings
from tasks.core.contracts import NullProgress
from tasks.errors import ConfigError, DataContractError, SourceError
from tasks.ingest import ingest, pending_batches
from tasks.store.sources import ledger, web
from tasks.store.sources.batches import Content, sha256_of
from tasks.store.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("MARKETBRIEF_SHARED_DATA", ROOT / "../shared/data"))
NOW = datetime(2026, 11, 22, 12)
BRANDS = """
[[brands]]
name = "Northwind"
role = "own"
aliases = ["北风咖啡"]
[[brands]]
name = "Aurora"
"""
CSV_SOURCE = """
[[sources]]
name = "shop"
kind = "review"
format = "csv"
path = "inbox/*.csv*"
{extra}
[sources.columns]
id = "id"
text = "text"
published_at = "date"
{columns}
"""


class Project:
    """A project in a folder: sources as files, and the warehouse that they are loaded into."""

    def __init__(self, root):
        self.root = root
        (root / "inbox").mkdir()
        self.runs = 0

    def configure(self, sources):
        (self.root / "market.toml").write_text(BRANDS + sources, encoding="utf-8")
        return self

    def csv_source(self, extra="", columns=""):
        return self.configure(CSV_SOURCE.format(extra=extra, columns=columns))

    @property
    def settings(self):
        return load_settings(self.root / "market.toml")

    def write(self, name, data):
        (self.root / "inbox" / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return self

    def rows(self, name, *rows, header=("id", "text", "date")):
        buffer = io.StringIO()
        csv.writer(buffer).writerows([header, *rows])
        return self.write(name, buffer.getvalue())

    def run(self):
        self.runs += 1
        summary = ingest(self.settings, f"run-{self.runs}", NullProgress(), now=NOW)
        assert summary.received == summary.loaded + summary.updated + summary.duplicates + summary.rejected
        return summary

    def sql(self, query):
        with Warehouse(self.settings.warehouse_path) as warehouse:
            return [tuple(row.values()) for row in warehouse.rows(query)]

    def newest(self):
        """Text of every document's newest version, by record id."""
        return dict(
            self.sql(
                "select coalesce(source_record_id, document_id), text from raw.document"
                " qualify row_number() over (partition by document_id order by batch_sequence desc, record_number desc)"
                " = 1 order by 1"
            )
        )


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("MARKETBRIEF_SALT", "pepper")
    return Project(tmp_path)


def counts(summary):
    return (summary.received, summary.loaded, summary.updated, summary.duplicates, summary.rejected)


DAY = "2026-01-05"


def test_new_known_changed_and_rejected_records_are_counted(project):
    project.csv_source().rows("1.csv", (1, "a", DAY), (2, "b", DAY), (2, "b", DAY), (3, "", DAY), (4, "d", "never"))
    assert counts(project.run()) == (5, 2, 0, 1, 2)
    project.rows("2.csv", (1, "a", DAY), (2, "B", DAY), (5, "e", DAY))
    assert counts(project.run()) == (3, 1, 1, 1, 0)
    assert project.newest() == {"1": "a", "2": "B", "5": "e"}
    assert project.sql("select count(*) from raw.document") == [(4,)]
    assert project.sql("select record_number, reason_code from ops.rejected_record order by 1") == [
        (4, "no_text"), (5, "bad_date"),
    ]  # fmt: skip


def test_the_same_content_is_loaded_once_whatever_it_is_called(project):
    project.csv_source().rows("1.csv", (1, "a", DAY))
    assert project.run().batch_count == 1
    data = (project.root / "inbox/1.csv").read_bytes()
    project.write("copy.csv", data).write("packed.csv.gz", gzip.compress(data))
    with zipfile.ZipFile(project.root / "inbox/z.csv.zip", "w") as archive:
        archive.writestr("in.csv", data)
    assert pending_batches(project.settings) == []
    assert counts(project.run()) == (0, 0, 0, 0, 0)
    assert project.sql("select count(*) from ops.batch") == [(1,)]
    assert project.sql("select count(*) from raw.loaded_file") == [(1,)]


def test_two_equal_files_of_one_run_are_one_batch(project):
    project.csv_source().rows("1.csv", (1, "a", DAY)).rows("2.csv", (1, "a", DAY))
    assert len(pending_batches(project.settings)) == 1
    assert counts(project.run()) == (1, 1, 0, 0, 0)


def test_a_text_that_comes_back_to_an_older_version_is_newest_again(project):
    project.csv_source()
    for number, text in enumerate(["A", "B", "A"]):
        project.rows(f"{number}.csv", (1, text, DAY), (f"only-in-{number}", "x", DAY))
        assert project.run().loaded == (2 if number == 0 else 1)
    assert project.newest()["1"] == "A"
    assert project.sql("select updated_count from ops.batch order by batch_sequence") == [(0,), (1,), (1,)]
    assert project.sql("select text, batch_sequence from raw.document where source_record_id = '1' order by 2") == [
        ("B", 2), ("A", 3),
    ]  # fmt: skip


def test_the_last_of_several_versions_in_one_file_is_newest(project):
    many = [(f"n{number}", f"text {number}", DAY) for number in range(300)]
    project.csv_source().rows("1.csv", *many, (1, "A", DAY), (1, "B", DAY), (1, "A", DAY))
    assert counts(project.run()) == (303, 301, 1, 1, 0)
    assert project.newest()["1"] == "A"
    project.rows("2.csv", *many, (1, "B", DAY), (1, "C", DAY), (1, "A", DAY))
    assert counts(project.run()) == (303, 0, 1, 302, 0)
    assert project.newest()["1"] == "A"


def test_an_edited_rating_is_a_new_version(project):
    project.csv_source(columns='rating = "stars"')
    project.rows("1.csv", (1, "a", DAY, 5), header=("id", "text", "date", "stars")).run()
    project.rows("2.csv", (1, "a", DAY, 1), header=("id", "text", "date", "stars"))
    assert counts(project.run()) == (1, 0, 1, 0, 0)


def test_ids_that_stand_beside_different_texts_are_not_used(project):
    rows = [("5.7E+17", f"text {number}", DAY) for number in range(5)] + [("8", "one", DAY), ("8", "one", DAY)]
    summary = project.csv_source().rows("1.csv", *rows).run()
    assert counts(summary) == (7, 6, 0, 1, 0)
    assert "1 of 2 record ids stand beside different texts" in summary.warnings[0]
    assert project.sql("select count(source_record_id) from raw.document") == [(0,)]


def test_without_an_id_column_content_is_the_identity(project):
    source = CSV_SOURCE.format(extra="", columns='author = "who"').replace('id = "id"\n', "")
    rows = [("good", DAY, "Ann"), ("good", DAY, "Bob"), ("good", DAY, "Ann"), ("good", "2026-01-06", "Ann")]
    project.configure(source).rows("1.csv", *rows, header=("text", "date", "who"))
    assert counts(project.run()) == (4, 3, 0, 1, 0)


def test_identity_is_the_same_in_another_home_with_another_salt(project, tmp_path_factory, monkeypatch):
    source = CSV_SOURCE.format(extra="", columns='author = "who"').replace('id = "id"\n', "")
    ids = []
    for salt, home in (("a", project), ("b", Project(tmp_path_factory.mktemp("other")))):
        monkeypatch.setenv("MARKETBRIEF_SALT", salt)
        home.configure(source).rows("1.csv", ("good", DAY, "Ann"), header=("text", "date", "who")).run()
        ids.append(home.sql("select document_id, author_hash from raw.document"))
    assert ids[0][0][0] == ids[1][0][0]
    assert ids[0][0][1] != ids[1][0][1]


def test_a_changed_mapping_reads_the_content_again_and_leaves_nothing_of_the_old_reading(project):
    rows = [("good", "3/4/2026"), ("bad", "5/6/2026"), ("late", "13/6/2026")]
    no_id = CSV_SOURCE.replace('id = "id"\n', "")
    project.configure(no_id.format(extra='date_format = "%m/%d/%Y"', columns=""))
    project.rows("1.csv", *rows, header=("text", "date"))
    assert counts(project.run()) == (3, 2, 0, 0, 1)
    with Warehouse(project.settings.warehouse_path) as warehouse:
        warehouse.execute("insert into enriched.progress select document_id, 'm', 'h' from raw.document")
    project.configure(no_id.format(extra='date_format = "%d/%m/%Y"', columns=""))
    assert counts(project.run()) == (3, 3, 0, 0, 0)
    assert project.sql("select text, published_at::date::varchar from raw.document order by 1") == [
        ("bad", "2026-06-05"), ("good", "2026-04-03"), ("late", "2026-06-13"),
    ]  # fmt: skip
    assert project.sql("select count(*) from enriched.progress") == [(0,)]
    assert project.sql("select status, rejected_count from ops.batch order by batch_sequence") == [
        ("replaced", 1), ("loaded", 0),
    ]  # fmt: skip
    assert project.sql("select count(*) from ops.rejected_record") == [(0,)]
    # And back again: the first mapping is no longer what the ledger holds.
    project.configure(no_id.format(extra='date_format = "%m/%d/%Y"', columns=""))
    assert counts(project.run()) == (3, 2, 0, 0, 1)
    assert counts(project.run()) == (0, 0, 0, 0, 0)
    assert project.sql("select count(*), count(distinct batch_id) from ops.batch") == [(2, 2)]


def test_a_new_alias_maps_what_was_an_unknown_brand(project):
    project.csv_source(columns='brand = "app"').rows("1.csv", (1, "a", DAY, "NW"), header=("id", "text", "date", "app"))
    project.run()
    assert project.sql("select brand from raw.document") == [("NW",)]
    toml = project.root / "market.toml"
    toml.write_text(toml.read_text().replace('["北风咖啡"]', '["北风咖啡", "nw"]'))
    assert counts(project.run()) == (1, 0, 1, 0, 0)
    assert project.sql("select brand from raw.document order by batch_sequence desc limit 1") == [("Northwind",)]


@pytest.mark.parametrize("columns", ['title = "headlin"', 'rating = "stars"'])
def test_a_missing_column_makes_an_optional_batch_unreadable_and_is_tried_again(project, columns):
    project.csv_source(columns=columns)
    project.rows("1.csv", (1, "mail me at ann@example.com", DAY, "h"), header=("id", "text", "date", "headline"))
    project.rows("2.csv", (2, "b", DAY, "h"), header=("id", "text", "date", "headline"))
    for _ in range(2):
        summary = project.run()
        assert counts(summary) == (2, 0, 0, 0, 2)
        assert ["no column" in warning for warning in summary.warnings] == [True, True]
        assert project.sql("select status, count(*) from ops.batch group by 1") == [("unreadable", 2)]
        assert project.sql("select reason_code, count(*) from ops.rejected_record group by 1") == [("unreadable", 2)]
    assert not project.sql("select 1 from ops.rejected_record where excerpt like '%ann@%' or reason like '%ann@%'")
    project.csv_source(columns='title = "headline"')
    assert counts(project.run()) == (2, 2, 0, 0, 0)
    assert project.sql("select status, count(*) from ops.batch group by 1") == [("loaded", 2)]
    assert project.sql("select count(*) from ops.rejected_record") == [(0,)]


def test_a_missing_column_in_a_required_source_is_an_error_that_names_the_nearest(project):
    project.csv_source(extra="required = true", columns='title = "headlin"')
    project.rows("1.csv", (1, "a", DAY, "h"), header=("id", "text", "date", "headline"))
    with pytest.raises(SourceError, match=r"'headlin' \(did you mean 'headline'\?\)"):
        project.run()


def test_a_source_without_files_is_a_warning_or_an_error(project):
    assert "has no file" in project.csv_source().run().warnings[0]
    project.csv_source(extra="required = true")
    assert pending_batches(project.settings) == []
    with pytest.raises(SourceError, match="has no file"):
        project.run()


@pytest.mark.parametrize(
    ("extra", "columns"),
    [('encoding = "utf-9"', ""), ("", 'published_at = { value = "someday" }')],
    ids=["encoding", "date"],
)
def test_settings_that_no_file_can_make_right_are_configuration_errors(project, extra, columns):
    source = CSV_SOURCE.format(extra=extra, columns=columns)
    if columns:
        source = source.replace('published_at = "date"\n', "")
    project.configure(source).rows("1.csv", (1, "a", DAY))
    with pytest.raises(ConfigError):
        project.run()


def test_ambiguous_days_are_warned_of_once(project):
    project.csv_source().rows("1.csv", (1, "a", "3/4/2026")).rows("2.csv", (2, "b", "5/6/2026"))
    summary = project.run()
    assert len(summary.warnings) == 1
    assert "read month first" in summary.warnings[0]


def test_a_dry_look_writes_nothing(project):
    project.csv_source().rows("1.csv", (1, "a", DAY))
    assert [(batch.source, Path(batch.uri).name) for batch in pending_batches(project.settings)] == [("shop", "1.csv")]
    assert not project.settings.warehouse_path.exists()


def test_authors_and_personal_data_never_stand_in_clear(project):
    project.csv_source(columns='author = "who"')
    header = ("id", "text", "date", "who")
    project.rows("1.csv", (1, "a", DAY, "Ann Miller"), (2, "call 13812345678", "bad", "Ann Miller"), header=header)
    project.write("2.csv", "id,text,date,who\n3,x,2026-01-05,Ann Miller,y\n")
    project.run()
    stored = repr(project.sql("select * exclude (raw_bytes) from ops.rejected_record"))
    stored += repr(project.sql("select * from raw.document"))
    assert "Ann" not in stored
    assert "13812345678" not in stored
    assert "(author)" in stored
    assert project.sql("select length(author_hash) from raw.document") == [(32,)]


def test_excerpts_and_bytes_are_bounded(project):
    project.csv_source().rows("1.csv", (1, "x" * 20_000, "never"))
    project.run()
    assert project.sql("select octet_length(raw_bytes), length(excerpt) from ops.rejected_record") == [(8_192, 200)]


ALL_FORMATS = """
[[sources]]
name = "csv"
kind = "review"
format = "csv"
path = "inbox/c.zip"
[sources.columns]
text = ["pro", "con"]
published_at = "date"
brand = "app"
[sources.brand_values]
"com.nw" = "Northwind"
[[sources]]
name = "tsv"
kind = "review"
format = "tsv"
path = "inbox/t.tsv"
encoding = "gb18030"
[sources.columns]
text = "text"
published_at = { value = "2026-01-05" }
brand = { value = "Aurora" }
[[sources]]
name = "jsonl"
kind = "review"
format = "jsonl"
path = "inbox/j.jsonl.gz"
[sources.columns]
id = "id"
text = "text"
published_at = "at"
[[sources]]
name = "rss"
kind = "news"
format = "rss"
path = "inbox/f.xml"
[[sources]]
name = "html"
kind = "competitor"
format = "html"
path = "inbox/pages"
[sources.columns]
published_at = { value = "2026-01-05" }
brand = { value = "Aurora" }
"""
PARAGRAPH = "<p>" + "Northwind has cut the price of its smallest machine, and the shops follow at once. " * 4 + "</p>"


@pytest.fixture
def every_format(project):
    """A project with a source of each format; each holds good records, a copy, and broken ones."""
    project.configure(ALL_FORMATS)
    with zipfile.ZipFile(project.root / "inbox/c.zip", "w") as archive:
        archive.writestr(
            "a.csv", 'pro,con,date,app\ngood,bad,2026-01-05,com.nw\nx,,2026-01-05,zz\nx,,2026-01-05,zz\n"a,b,c\n'
        )
        archive.writestr("b.csv", "pro,con,date,app\n")
    project.write("t.tsv", "id\ttext\n1\t很好用\n2\t很好用\n3\n".encode("gb18030"))
    lines = [
        {"id": 1, "text": "a", "at": 1_767_600_000},
        {"id": 2, "text": "b", "at": "1767600000000"},
        [],
        {"id": 3, "at": 1},
    ]
    project.write("j.jsonl.gz", gzip.compress("\n".join(map(json.dumps, lines)).encode() + b'\n{"id": 4, "te'))
    items = "".join(
        f"<item><guid>{n}</guid><title>t{n}</title><pubDate>{d}</pubDate></item>"
        for n, d in ((1, DAY), (1, DAY), (2, ""))
    )
    project.write("f.xml", f'<rss version="2.0"><channel>{items}</channel></rss>')
    pages = project.root / "inbox/pages/sub"
    pages.mkdir(parents=True)
    for name in ("1", "2"):
        (pages / f"{name}.html").write_text(
            f"<html><body><article><h1>News {name}</h1>{PARAGRAPH}</article></body></html>"
        )
    (pages / "3.htm").write_text("<html></html>")
    (pages / "4.html.gz").write_bytes(gzip.compress(b"x" * 1000)[:-9])
    return project


def test_the_counts_of_every_source_add_up(every_format):
    every_format.run()
    by_source = every_format.sql(
        "select source, sum(received_count)::int, sum(loaded_count)::int, sum(updated_count)::int,"
        " sum(duplicate_count)::int, sum(rejected_count)::int from ops.batch group by source order by source"
    )
    assert by_source == [
        ("csv", 4, 2, 0, 1, 1), ("html", 4, 2, 0, 0, 2), ("jsonl", 5, 2, 0, 0, 3), ("rss", 3, 1, 0, 1, 1),
        ("tsv", 3, 1, 0, 1, 1),
    ]  # fmt: skip
    assert every_format.sql("select source, count(*) from raw.document group by 1 order by 1") == [
        (source, loaded) for source, _, loaded, *_ in by_source
    ]
    assert every_format.sql("select source, count(*) from ops.rejected_record group by 1 order by 1") == [
        (source, rejected) for source, *_, rejected in by_source
    ]
    assert every_format.sql("select reason_code from ops.rejected_record order by source, record_number") == [
        ("broken_quote",), ("no_article",), ("unreadable",), ("not_an_object",), ("no_text",), ("broken_json",),
        ("no_date",), ("field_count",),
    ]  # fmt: skip
    assert every_format.sql("select brand, text from raw.document where source in ('csv', 'tsv') order by text") == [
        ("Northwind", "good\n\nbad"), ("zz", "x"), ("Aurora", "很好用"),
    ]  # fmt: skip
    assert every_format.run().batch_count == 0


def test_pages_come_in_bounded_batches_and_only_new_ones_are_read(every_format, monkeypatch):
    monkeypatch.setattr(stage, "PAGES_PER_BATCH", 2)
    every_format.run()
    assert every_format.sql("select received_count from ops.batch where source = 'html'") == [(2,), (2,)]
    page = every_format.root / "inbox/pages/sub/1.html"
    page.write_text(page.read_text().replace("thirty", "forty").replace("News 1", "News one"))
    (page.parent / "renamed.html").write_text((page.parent / "2.html").read_text())
    summary = every_format.run()
    assert counts(summary) == (1, 0, 1, 0, 0)
    assert every_format.sql("select distinct source_record_id from raw.document where source = 'html' order by 1") == [
        ("sub/1.html",), ("sub/2.html",),
    ]  # fmt: skip


def test_files_are_loaded_in_their_order_however_many_one_task_takes(project, monkeypatch):
    monkeypatch.setattr(stage, "BATCHES_PER_TASK", 2)
    project.csv_source()
    for number in range(5):
        project.rows(f"{number}.csv", (1, f"version {number}", DAY))
    assert counts(project.run()) == (5, 1, 4, 0, 0)
    assert project.newest() == {"1": "version 4"}


def test_a_batch_that_fails_half_way_leaves_nothing(project, monkeypatch):
    project.csv_source().rows("1.csv", (1, "a", DAY), (2, "", DAY))
    monkeypatch.setattr(ledger, "_write_ledger", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("power cut")))
    with pytest.raises(RuntimeError):
        project.run()
    monkeypatch.undo()
    for table in ("raw.document", "raw.loaded_file", "ops.batch", "ops.rejected_record"):
        assert project.sql(f"select count(*) from {table}") == [(0,)]
    assert counts(project.run()) == (2, 1, 0, 0, 1)


KILLED = """
import os, signal, sys
from tasks.config import load_settings
from tasks.core.contracts import NullProgress
from tasks.ingest import ingest
from tasks.store.sources import ledger
from datetime import datetime
write, left = ledger._write_ledger, [int(sys.argv[2])]
def killed_within(*args, **changes):
    write(*args, **changes)
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
ledger._write_ledger = killed_within
ingest(load_settings(sys.argv[1]), "run-1", NullProgress(), now=datetime(2026, 11, 22, 12))
"""


def test_a_run_killed_within_any_transaction_is_finished_by_the_next_one(project, tmp_path_factory):
    whole = Project(tmp_path_factory.mktemp("whole"))
    for one in (project, whole):
        one.csv_source()
        for number in range(3):
            one.rows(f"{number}.csv", (number, "a", DAY), (9, f"version {number}", DAY), ("x", "", DAY))
    whole.run()
    for kills in (1, 2):
        command = [sys.executable, "-c", KILLED, str(project.root / "market.toml"), str(kills)]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
    project.run()
    for query in ("raw.document", "raw.loaded_file", "ops.rejected_record", "ops.batch"):
        ignored = {"raw.loaded_file": "(uri)", "ops.rejected_record": "(uri)", "ops.batch": "(uri, run_id, loaded_at)"}
        columns = f"* exclude {ignored[query]}" if query in ignored else "*"
        order = "all"
        assert project.sql(f"select {columns} from {query} order by {order}") == whole.sql(
            f"select {columns} from {query} order by {order}"
        )


def test_records_that_become_nothing_are_a_broken_contract(project, monkeypatch):
    project.csv_source().rows("1.csv", (1, "a", DAY), (2, "b", DAY))
    original = ledger._documents
    monkeypatch.setattr(ledger, "_documents", lambda source, batch, *rest: original(source, batch, *rest).slice(1))
    monkeypatch.setattr(
        ledger.ParsedBatch, "received", property(lambda batch: len(batch.records) + len(batch.rejected) + 1)
    )
    with pytest.raises(DataContractError, match="became something"):
        project.run()


FEED = """
[[sources]]
name = "feed"
kind = "news"
format = "rss"
url = "https://user:secret@news.example/feed?token=abc"
{extra}
"""


def response(text):
    data = text.encode()
    return Content("https://news.example/feed", "feed", data, sha256_of(data), url="https://news.example/feed",
                   fetched_at=NOW)  # fmt: skip


def feed_of(*items):
    entries = "".join(
        f"<item><guid>{guid}</guid><title>{title}</title><pubDate>{DAY}</pubDate></item>" for guid, title in items
    )
    return f'<rss version="2.0"><channel>{entries}</channel></rss>'


def test_each_response_of_a_feed_is_a_batch_once(project, monkeypatch):
    project.configure(FEED.format(extra=""))
    answers = iter([feed_of((1, "a"), (2, "b")), feed_of((1, "a"), (2, "b")), feed_of((2, "b2"), (3, "c"))])
    monkeypatch.setattr(stage.fetch_source, "fn", lambda *_: response(next(answers)))
    assert counts(project.run()) == (2, 2, 0, 0, 0)
    assert counts(project.run()) == (0, 0, 0, 0, 0)
    assert counts(project.run()) == (2, 1, 1, 0, 0)
    assert project.sql("select count(*) from ops.batch") == [(2,)]
    assert [batch.uri for batch in pending_batches(project.settings)] == ["https://news.example/feed"]


def test_an_address_that_can_t_be_reached_is_a_warning_or_an_error(project, monkeypatch):
    def offline(*_):
        raise web.TemporaryFetchError("Can't resolve news.example")

    monkeypatch.setattr(stage.fetch_source, "fn", offline)
    summary = project.configure(FEED.format(extra="")).run()
    assert summary.warnings == ("source feed: Can't resolve news.example",)
    assert summary.batch_count == 0
    assert "secret" not in repr(summary)
    with pytest.raises(SourceError):
        project.configure(FEED.format(extra="required = true")).run()


class FailedState:
    def __init__(self, error):
        self.error = error

    def result(self, *, raise_on_failure):
        assert not raise_on_failure
        return self.error


def test_only_fetching_is_retried_and_only_for_what_may_pass():
    assert stage.is_worth_another_try(FailedState(web.TemporaryFetchError("down")))
    assert not stage.is_worth_another_try(FailedState(web.RefusedAddressError("private")))
    assert not stage.is_worth_another_try(FailedState(ValueError()))
    assert (stage.fetch_source.retries, stage.fetch_source.retry_jitter_factor) == (3, 0.5)
    assert stage.load_batches.retries == stage.find_batches.retries == 0


def test_hostile_strings_are_loaded_as_they_are_or_rejected_with_a_reason(project):
    path = SHARED / "hostile_blns" / "blns.json"
    strings = [
        "a\x00b",
        "\ud800",
        "x\udfffy",
        "=cmd|' /C calc'!A0",
        "<script>alert(1)</script>",
        "'; drop table raw.document; --",
    ]
    if path.is_file():
        strings += json.loads(path.read_text(encoding="utf-8"))
    project.configure(ALL_FORMATS.split('[[sources]]\nname = "rss"')[0])
    project.write(
        "j.jsonl.gz",
        gzip.compress("\n".join(json.dumps({"id": n, "text": s, "at": DAY}) for n, s in enumerate(strings)).encode()),
    )
    summary = project.run()
    assert summary.received == len(strings)
    blank = sum(not s.replace("\x00", "").strip() for s in strings)
    assert counts(summary) == (len(strings), len(strings) - blank, 0, 0, blank)
    stored = dict(project.sql("select source_record_id::int, text from raw.document"))
    for number, text in enumerate(strings):
        expected = text.replace("\x00", "").replace("\ud800", "\ufffd").replace("\udfff", "\ufffd").strip()
        assert stored.get(number, "") == expected


def test_sixty_thousand_rows_take_seconds(project):
    project.csv_source(columns='rating = "stars"')
    rows = [
        (n, f"The machine number {n} is fine, I would buy it again", f"2026-01-{n % 28 + 1:02d} 10:00", n % 5 + 1)
        for n in range(60_000)
    ]
    project.rows("big.csv", *rows, header=("id", "text", "date", "stars"))
    started = time.process_time()
    assert counts(project.run()) == (60_000, 60_000, 0, 0, 0)
    assert time.process_time() - started < 15  # about 3 on a free machine


def shared_project(project, source, *paths):
    for path in paths:
        if not (SHARED / path).exists():
            pytest.skip("the third-party data folder is absent")
    return project.configure(source.replace("SHARED", SHARED.resolve().as_posix()))


def shared_rows(path, encoding="utf-8"):
    data = (SHARED / path).read_bytes()
    return list(csv.DictReader(io.StringIO(gzip.decompress(data).decode(encoding), newline="")))


AIRLINE = """
[[sources]]
name = "tweets"
kind = "review"
format = "csv"
path = "SHARED/twitter_us_airline/Tweets.csv.gz"
[sources.columns]
id = "tweet_id"
text = "text"
published_at = "tweet_created"
brand = "airline"
author = "name"
"""


@pytest.mark.shared
def test_tweets_with_rounded_ids(project):
    summary = shared_project(project, AIRLINE, "twitter_us_airline/Tweets.csv.gz").run()
    rows = shared_rows("twitter_us_airline/Tweets.csv.gz")
    distinct = {(row["name"], row["tweet_created"], row["airline"], row["text"].strip()) for row in rows}
    assert counts(summary) == (14_640, len(distinct), 0, 14_640 - len(distinct), 0)
    assert "of 2,430 record ids" in summary.warnings[0]
    assert project.sql("select min(published_at), max(published_at) from raw.document") == [
        (datetime(2015, 2, 16, 23, 36), datetime(2015, 2, 24, 11, 53)),
    ]  # fmt: skip


RENTALS = """
[[sources]]
name = "trustpilot"
kind = "review"
format = "csv"
path = "SHARED/trustpilot_rentals/trustpilot_flagged.csv.gz"
[sources.columns]
id = "review_id"
title = "title"
text = "body"
published_at = "date_posted"
rating = "rating"
brand = "platform"
[[sources]]
name = "reddit"
kind = "review"
format = "csv"
path = "SHARED/trustpilot_rentals/reddit_baseline.csv.gz"
[sources.columns]
id = "id"
text = "body"
published_at = "created_utc"
segment = "subreddit"
"""


@pytest.mark.shared
def test_reviews_with_dates_alone_beside_comments_in_unix_time(project):
    files = ["trustpilot_rentals/trustpilot_flagged.csv.gz", "trustpilot_rentals/reddit_baseline.csv.gz"]
    summary = shared_project(project, RENTALS, *files).run()
    reviews, comments = map(shared_rows, files)
    assert counts(summary) == (len(reviews) + len(comments),) * 2 + (0, 0, 0)
    assert (len(reviews), len(comments)) == (3_912, 4_269)
    query = "select is_date_only, count(*), sum(rating)::double from raw.document group by 1 order by 1"
    assert project.sql(query) == [
        (False, 4_269, None), (True, 3_912, sum(float(row["rating"]) for row in reviews)),
    ]  # fmt: skip
    expected = {row["review_id"]: row["date_posted"] for row in reviews}
    assert (
        dict(project.sql("select source_record_id, published_at::date::varchar from raw.document where is_date_only"))
        == expected
    )
    newest = max(int(row["created_utc"]) for row in comments)
    assert project.sql("select max(epoch(published_at))::bigint from raw.document where not is_date_only") == [
        (newest,)
    ]


CHINESE = """
[[sources]]
name = "jd"
kind = "review"
format = "csv"
path = "SHARED/zh_jd_phone_reviews/tmp_test_data.csv.gz"
timezone = "Asia/Shanghai"
[sources.columns]
text = "评论内容"
published_at = "购买时间"
rating = "得分"
[[sources]]
name = "shopping"
kind = "review"
format = "csv"
path = "SHARED/zh_online_shopping_10_cats/*.zip"
[sources.columns]
text = "review"
published_at = { value = "2018-04-02" }
segment = "cat"
"""


@pytest.mark.shared
def test_chinese_reviews_from_a_marked_file_and_from_an_archive_without_dates(project):
    archive = "zh_online_shopping_10_cats/online_shopping_10_cats.zip"
    shared_project(project, CHINESE, "zh_jd_phone_reviews/tmp_test_data.csv.gz", archive).run()
    phones = shared_rows("zh_jd_phone_reviews/tmp_test_data.csv.gz", "utf-8-sig")
    texts = {(row["评论内容"].strip(), row["购买时间"]) for row in phones}
    with zipfile.ZipFile(SHARED / archive) as opened:
        shopping = list(csv.DictReader(io.StringIO(opened.read(opened.namelist()[0]).decode("utf-8"), newline="")))
    versions = {(row["review"].strip(), row["cat"]) for row in shopping if row["review"].strip()}
    documents = {text for text, _ in versions}
    assert project.sql(
        "select source, received_count, loaded_count, updated_count, duplicate_count, rejected_count"
        " from ops.batch order by source"
    ) == [
        ("jd", 4_722, len(texts), 0, 4_722 - len(texts), 0),
        ("shopping", 62_774, len(documents), len(versions) - len(documents), 62_773 - len(versions), 1),
    ]
    # 2020/3/4 16:30 in Shanghai
    first = phones[0]
    assert first["购买时间"] == "2020/3/4 16:30"
    assert (first["评论内容"].strip(), datetime(2020, 3, 4, 8, 30)) in project.sql(
        "select text, published_at from raw.document where source = 'jd'"
    )


NEWS = """
[[sources]]
name = "huffpost"
kind = "news"
format = "jsonl"
path = "SHARED/news_category_huffpost/*.json.gz"
[sources.columns]
id = "link"
title = "headline"
text = "short_description"
published_at = "date"
url = "link"
[[sources]]
name = "pages"
kind = "news"
format = "html"
path = "SHARED/article_extraction/html"
"""


@pytest.mark.shared
def test_news_as_json_lines_and_as_pages(project):
    summary = shared_project(project, NEWS, "news_category_huffpost", "article_extraction/html").run()
    data = gzip.decompress((SHARED / "news_category_huffpost/News_Category_Dataset_v3.json.gz").read_bytes())
    items = [json.loads(line) for line in data.decode().split("\n") if line.strip()]
    pages = len(list((SHARED / "article_extraction/html").glob("*.html.gz")))
    assert (len(items), pages) == (9_999, 90)
    assert summary.received == 9_999 + 90
    assert dict(project.sql("select source, count(distinct document_id) from raw.document group by 1")) == {
        "huffpost": len({item["link"] for item in items}), "pages": 90,
    }  # fmt: skip
    gold = json.loads(gzip.decompress((SHARED / "article_extraction/ground-truth.json.gz").read_bytes()))
    texts = project.sql("select text from raw.document where source = 'pages'")
    found = {word for (text,) in texts for word in text.split()}
    wanted = [word for page in gold.values() for word in page["articleBody"].split()]
    assert sum(word in found for word in wanted) > 0.9 * len(wanted)
