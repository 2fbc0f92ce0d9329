"""verify and explain on a published project: truth passes, an edited digit fails, the chain reaches the raw rows."""

import json
import shutil

import duckdb
import pytest
from test_report import LAST, MONDAY, TOPICS, WEEK, documents, make, newest, steady, surging, write  # noqa: F401
from warehouse_builder import WarehouseBuilder

from flows.cli import main
from tasks.config import Settings
from tasks.core.recomputed import facts, strange_numbers
from tasks.errors import SourceError, UsageError
from tasks.explain import explain
from tasks.publish import publish_snapshot
from tasks.store.warehouse import Warehouse
from tasks.verify import verify

FORMATS = ("html", "md", "json", "email", "slack")


@pytest.fixture(scope="module")
def rendered(surging) -> Settings:  # noqa: F811
    write(surging, newest(surging), FORMATS)
    return surging


@pytest.fixture
def copied(rendered, tmp_path) -> Settings:
    """A project of its own to spoil: the snapshot and the files of the rendered one."""
    made = rendered.model_copy(update={"home": tmp_path})
    made.snapshot_path.parent.mkdir(parents=True)
    shutil.copy(rendered.snapshot_path, made.snapshot_path)
    made.snapshot_path.chmod(0o644)
    shutil.copytree(rendered.reports_dir, made.reports_dir)
    return made


def edit(path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def change(settings: Settings, sql: str, *values) -> None:
    with duckdb.connect(str(settings.snapshot_path)) as connection:
        connection.execute(sql, list(values))


def test_a_true_report_passes_and_everything_was_looked_at(rendered):
    (found,) = verify(rendered, WEEK)
    assert found.differences == ()
    assert (found.changed_since, found.not_recomputed) == ((), ())
    names = set(found.files)
    assert {"report.en.html", "report.zh.md", "report.json", "email.zh.html", "email.en.txt", "slack.en.txt"} <= names
    assert {"data/fig-net.csv", "figures/fig-net.zh.svg"} <= names
    assert found.value_count > 150
    assert found.quote_count == len(newest(rendered).all_quotes)
    assert found.reference_count > 1000


def test_one_edited_digit_in_any_kind_of_file_fails_and_is_told(copied):
    folder = copied.reports_dir / WEEK
    edit(folder / "report.en.html", "rose to <strong>60%</strong>", "rose to <strong>61%</strong>")
    edit(folder / "report.zh.md", "**60%**", "**69%**")
    edit(folder / "report.json", '"n": 100', '"n": 101')
    edit(folder / "email.en.html", "<strong>60%</strong>", "<strong>50%</strong>")
    edit(folder / "slack.zh.txt", "*60%*", "*66%*")
    edit(folder / "data" / "fig-net.csv", "100", "190")
    (found,) = verify(copied, WEEK)
    finding = newest_id(copied)
    told = {difference.file: difference for difference in found.differences}
    assert set(told) == {
        "report.en.html", "report.zh.md", "report.json", "email.en.html", "slack.zh.txt", "data/fig-net.csv",
    }  # fmt: skip
    assert told["report.en.html"].ref == told["email.en.html"].ref == told["report.zh.md"].ref == f"{finding}.text"
    assert told["report.en.html"].section == "key-findings"
    assert "61%" in told["report.en.html"].found
    assert told["data/fig-net.csv"].ref.startswith("fig-net.")
    assert all(difference.line > 0 for difference in found.differences)


def newest_id(settings: Settings) -> str:
    with duckdb.connect(str(settings.snapshot_path), read_only=True) as connection:
        return connection.execute("select finding_id from marts.finding order by rank limit 1").fetchall()[0][0]


def test_one_edited_letter_of_a_quote_or_of_prose_fails(copied):
    quote = newest_quote(copied)
    edit(copied.reports_dir / WEEK / "report.en.html", quote["text"], quote["text"].replace("e", "a", 1))
    edit(copied.reports_dir / WEEK / "report.zh.html", "数据质量</h2>", "数据品质</h2>")
    (found,) = verify(copied, WEEK)
    told = {difference.file: difference for difference in found.differences}
    assert len(told) == len(found.differences) == 2
    assert told["report.en.html"].ref == f"{quote['quote_id']}.text"
    assert "品质" in told["report.zh.html"].found


def newest_quote(settings: Settings) -> dict:
    with duckdb.connect(str(settings.snapshot_path), read_only=True) as connection:
        row = connection.execute("select quote_id, document_id, text from marts.quote order by quote_id").fetchall()[0]
    return dict(zip(("quote_id", "document_id", "text"), row, strict=True))


def test_a_missing_table_file_is_a_difference(copied):
    (copied.reports_dir / WEEK / "data" / "fig-voice.csv").unlink()
    (found,) = verify(copied, WEEK)
    assert [(d.file, d.found) for d in found.differences] == [("data/fig-voice.csv", "no file")]


def test_numbers_that_the_snapshot_does_not_give_fail_though_hash_and_files_agree(copied, rendered):
    """Frozen rows and files forged together, with a right hash: SQL on the snapshot still gives them away."""
    from tasks.core.report_model import canonical_json, content_hash

    report = newest(rendered)
    first = report.findings[0]
    forged_finding = first.model_copy(
        update={
            "text_en": first.text_en.replace("60%", "70%"),
            "estimate": first.estimate.model_copy(update={"value": 0.7}),
        }
    )
    forged = report.model_copy(update={"findings": (forged_finding, *report.findings[1:])})
    forged = forged.model_copy(update={"content_hash": content_hash(forged)})
    change(
        copied,
        "update marts.report set payload = ?, content_hash = ?",
        canonical_json(forged),
        forged.content_hash,
    )
    change(
        copied, "update marts.finding set text_en = ? where finding_id = ?", forged_finding.text_en, first.finding_id
    )
    write(copied, forged, FORMATS)
    (found,) = verify(copied, WEEK)
    assert [(d.file, d.ref, d.expected, d.found) for d in found.differences if d.file == "snapshot"] == [
        ("snapshot", f"{first.finding_id}.value", "0.600000", "0.7")
    ]
    assert any(d.ref == f"{first.finding_id}.text" and d.found == "70%" for d in found.differences)


def test_a_forged_row_breaks_the_content_hash(copied):
    change(copied, "update marts.report set payload = replace(payload, '\"counted\":200', '\"counted\":201')")
    (found,) = verify(copied, WEEK)
    refs = {(d.file, d.ref) for d in found.differences}
    assert ("marts.report", "report.content_hash") in refs
    assert ("snapshot", "totals.counted") in refs
    change(copied, "update marts.quote set text = text || '!'")
    assert "marts.quote" in {d.file for d in verify(copied, WEEK)[0].differences}


def test_a_changed_snapshot_value_fails_while_the_documents_are_the_same(copied):
    change(copied, "update marts.weekly_metric set value = value + 0.01 where metric = 'nss' and brand = 'Aurora'")
    (found,) = verify(copied, WEEK)
    assert {d.file for d in found.differences} == {"snapshot"}
    assert "kpi-nss.value" in {d.ref for d in found.differences}


def test_documents_that_changed_or_went_since_are_listed_and_the_frozen_rows_still_prove_the_files(copied):
    quote = newest_quote(copied)
    change(copied, "delete from marts.document where document_id = ?", quote["document_id"])
    (found,) = verify(copied, WEEK)
    assert found.differences == ()
    assert quote["quote_id"] in found.changed_since
    assert "totals.counted" in found.changed_since
    edit(copied.reports_dir / WEEK / "report.en.md", "**60%**", "**61%**")
    assert not verify(copied, WEEK)[0].is_true


def test_late_data_make_a_second_revision_and_both_are_verified(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    builder.add_topics(TOPICS)
    steady(builder, range(LAST + 1))
    settings = builder.finish()
    make(settings)
    write(settings, newest(settings))
    late = WarehouseBuilder(tmp_path)
    late.document_count = 100_000
    late.add_documents(documents(LAST, "Aurora", negative=40, positive=0, rating=1.0))
    settings = late.finish()
    make(settings, run_id="run-3")
    publish_snapshot.fn(settings)
    write(settings, newest(settings))
    first, second = verify(settings, WEEK)
    assert (first.revision, first.is_true, second.revision, second.is_true) == (1, True, 2, True)
    assert "kpi-volume.value" in first.changed_since
    assert second.changed_since == ()
    edit(settings.reports_dir / WEEK / "report.en.html", "8-week", "9-week")
    first, second = verify(settings, WEEK)
    assert (first.is_true, second.is_true) == (False, True)


def test_what_was_never_published_or_rendered_is_an_error(copied):
    with pytest.raises(UsageError, match="No report was published"):
        verify(copied, "2031-W01")
    shutil.rmtree(copied.reports_dir)
    with pytest.raises(SourceError, match="No file of the report"):
        verify(copied)


def test_numbers_of_a_sentence_must_be_readings_of_its_values():
    text = (
        "Net sentiment for B2B 7 stands at −3 points (range −20 to +15, n=1,140), 8-week baseline 24%, 2.6 stars, <1%."
    )
    given = [-0.026, -0.199, 0.146, 1140, 0.24, 2.57, 0.004]
    assert strange_numbers(text, given, constants="an 8-week baseline", names=["B2B 7"]) == []
    assert strange_numbers(text.replace("1,140", "1,141"), given, constants="8", names=["B2B 7"]) == ["1,141"]


def test_every_measure_of_a_finding_is_asked_for(rendered):
    report = newest(rendered)
    with duckdb.connect(str(rendered.snapshot_path), read_only=True) as connection:
        found = list(facts(report, lambda sql: connection.sql(sql).to_arrow_table().to_pylist()))
    refs = {fact.ref for fact in found}
    first = report.findings[0].finding_id
    assert {f"{first}.{name}" for name in ("value", "lo", "hi", "baseline", "n", "verdict", "delta_lo")} <= refs
    assert [fact for fact in found if not fact.is_equal] == []


def test_a_finding_is_explained_down_to_the_batch_and_the_raw_row(rendered):
    report = newest(rendered)
    first = report.findings[0]
    with Warehouse(rendered.warehouse_path) as warehouse:
        warehouse.execute(
            "insert into raw.document by name select document_id, 'hash-' || document_id as content_hash, source, kind,"
            " text, published_at, false as is_date_only, 'batch-x' as batch_id, 1 as batch_sequence,"
            " 7 as record_number from marts.document where iso_week = $week and document_id not in"
            " (select document_id from raw.document)",
            {"week": WEEK},
        )
    found = explain(rendered, first.finding_id)
    assert (found.kind, found.iso_week, found.revision) == ("finding", WEEK, 1)
    assert found.sentences == (first.text_en, first.text_zh)
    assert (f"{first.finding_id}.value", 0.6) in [(ref, stated) for ref, stated, _ in found.values]
    assert found.query == first.query
    assert float(found.rows[0]["value"]) == 0.6
    assert {row["document_id"] for row in found.documents} == set(first.document_ids)
    assert {row["sentiment"] for row in found.documents} == {"negative"}
    assert {row["document_id"] for row in found.raw_rows} == set(first.document_ids)
    assert all(row["content_hash"] and row["record_number"] for row in found.raw_rows)
    assert "text" not in found.raw_rows[0]


def test_figures_cells_numbers_cards_and_quotes_are_explained(rendered):
    report = newest(rendered)
    cell = explain(rendered, f"fig-sentiment.{WEEK}.negative")
    assert [(ref, stated, computed) for ref, stated, computed in cell.values] == [
        (f"fig-sentiment.{WEEK}.negative", 20, 20)
    ]
    assert cell.document_count == 20
    assert {row["brand"] for row in cell.documents} == {"Aurora"}
    brand = explain(rendered, "fig-matrix.Borealis.negative_share")
    assert {row["brand"] for row in brand.documents} == {"Borealis"}
    assert explain(rendered, "kpi-nss").document_count == 100
    card = explain(rendered, "card-en-seal")
    assert card.document_count == 60
    assert len(card.quotes) == 2
    quote = report.all_quotes[0]
    one = explain(rendered, quote.quote_id)
    assert [row["document_id"] for row in one.documents] == [quote.document_id]
    assert one.documents[0]["text"][quote.start_char : quote.end_char] == quote.text
    page = explain(rendered, f"page-{report.pages[0].document_id[:12]}")
    assert page.documents[0]["kind"] == "competitor"


def test_an_unknown_id_names_the_nearest(rendered):
    first = newest(rendered).findings[0].finding_id
    with pytest.raises(UsageError) as error:
        explain(rendered, first[:-1] + ("0" if first[-1] != "0" else "1"))
    assert first in error.value.fix
    with pytest.raises(UsageError, match="2031-W01"):
        explain(rendered, first, week="2031-W01")


def test_without_the_warehouse_the_chain_ends_at_the_documents(copied):
    found = explain(copied, "kpi-nss")
    assert found.documents
    assert (found.raw_rows, "warehouse is not here" in found.raw_note) == ((), True)


def test_the_commands_say_it_and_exit_with_5_or_2(copied, capsys, monkeypatch):
    config = copied.home / "market.toml"
    shutil.copy(copied.config_path, config)
    assert main(["--config", str(config), "verify", "--week", WEEK, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["is_true"], told["revisions"][0]["differences"]) == (True, [])
    edit(copied.reports_dir / WEEK / "report.en.html", "60%", "61%")
    assert main(["--config", str(config), "verify", "--week", WEEK]) == 5
    output = capsys.readouterr().out
    assert "report.en.html" in output
    assert "not true" in output
    assert main(["--config", str(config), "verify", "--week", WEEK, "--json"]) == 5
    told = json.loads(capsys.readouterr().out)
    assert told["is_true"] is False
    assert told["revisions"][0]["differences"][0]["file"] == "report.en.html"
    assert main(["--config", str(config), "explain", "kpi-nss", "--json"]) == 0
    chain = json.loads(capsys.readouterr().out)
    assert chain["values"][0]["report"] == chain["values"][0]["snapshot"]
    assert main(["--config", str(config), "explain", "kpi-nss"]) == 0
    assert "select" in capsys.readouterr().out
    assert main(["--config", str(config), "explain", "no-such-id"]) == 2
