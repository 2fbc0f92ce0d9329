"""Blocks on aspects, comparisons, pages, outlook and coverage: planted in a warehouse, found in the report's files."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from test_report import LAST, MONDAY, TOPICS, WEEK, asked, documents, newest, steady, write
from warehouse_builder import CREATED_AT, WarehouseBuilder

from tasks.build import build_documents, build_weekly
from tasks.build_forecasts import build_forecasts
from tasks.build_pages import build_page_changes
from tasks.compose import compose_week
from tasks.config import Settings
from tasks.core.recomputed import facts, without_recomputation
from tasks.publish import publish_snapshot
from tasks.store.warehouse import Warehouse

PREFERS = "I like Aurora better than Borealis, sorry {n}."


def add_spans(builder: WarehouseBuilder, ids: list[str], aspect: str, sentiments: list[str]) -> None:
    """Documents speak of an aspect with their first eight characters, and so they are judged."""
    version = {"model_version_id": "aspect-*-test@1+exact", "task": "aspect", "language": "*"}
    known = builder.warehouse.scalar("select count(*) from ops.model_version where task = 'aspect'")
    if not known:
        row = {"name": "test", "revision": "1", "precision": "exact", "licence": "Apache-2.0", "content_sha256": "0",
               "is_current": True, "card": "{}", "registered_at": CREATED_AT}  # fmt: skip
        comparing = {"model_version_id": "target-en-test@1+exact", "task": "target"}
        builder.warehouse.insert("ops.model_version", [version | row, version | row | comparing])
    spans = [{"document_id": key, "start_char": 0, "end_char": 8} for key in ids]
    builder.warehouse.insert(
        "enriched.document_aspect",
        [span | {"aspect": aspect, "model_version_id": version["model_version_id"], "method": "words",
                 "clause_start_char": 0, "clause_end_char": 8} for span in spans],
    )  # fmt: skip
    builder.warehouse.insert(
        "enriched.target_sentiment",
        [span | {"model_version_id": version["model_version_id"], "sentiment": sentiment, "sentiment_score": 0,
                 "sentiment_confidence": 0.9} for span, sentiment in zip(spans, sentiments, strict=True)],
    )  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Settings:
    """Ten weeks; in the last, 45 of Aurora's 100 documents speak badly of the price, and 12 prefer it to Borealis."""
    builder = WarehouseBuilder(tmp_path_factory.mktemp("blocks"), sources=(("shop", "review"), ("site", "competitor")))
    builder.add_topics(TOPICS)
    for week in range(LAST + 1):
        ids = builder.add_documents(documents(week, "Aurora", negative=20, positive=60, neutral=20, rating=4.0))
        count = 45 if week == LAST else 20
        add_spans(
            builder, ids[:count], "price", ["negative" if week == LAST or i % 2 else "positive" for i in range(count)]
        )
    steady(builder, range(LAST + 1), ["Borealis"])
    prefers = pd.DataFrame(
        {
            "published_at": [datetime.combine(MONDAY + timedelta(weeks=LAST), datetime.min.time())] * 12,
            "text": [PREFERS.format(n=number) for number in range(12)],
            "sentiment": "positive",
        }
    )
    ids = builder.add_documents(prefers)
    builder.warehouse.insert(
        "enriched.comparison",
        [{"document_id": key, "model_version_id": "target-en-test@1+exact", "preferred_brand": "Aurora",
          "other_brand": "Borealis", "start_char": 0, "end_char": 35} for key in ids],
    )  # fmt: skip
    page = documents(LAST, "Borealis", negative=0, positive=1, source="site", kind="competitor", title="New prices")
    builder.add_documents(page.assign(text="New prices\nThe kettle now costs 49 euros instead of 69 euros."))
    first = documents(0, "Borealis", negative=0, positive=1, source="site", kind="competitor", title="About us")
    builder.add_documents(first.assign(text="About us\nWe make kettles."))
    settings = builder.finish()
    build_documents.fn(settings)
    build_page_changes.fn(settings)
    build_weekly.fn(settings)
    build_forecasts.fn(settings)
    compose_week.fn(settings, "run-1", WEEK, "marketbrief run")
    publish_snapshot.fn(settings)
    return settings


def test_an_aspect_that_more_speak_of_is_a_signal_by_hand(planted):
    where = f"brand = 'Aurora' and iso_week = '{WEEK}'"
    (row,) = asked(planted, f"from marts.weekly_aspect where metric = 'aspect_share' and {where}")
    assert (row["n"], float(row["k"]), float(row["value"])) == (100, 45, 0.45)
    assert (float(row["previous"]), float(row["baseline"]), row["verdict"]) == (0.2, 0.2, "signal_up")
    # Wilson: 0.3561-0.5476 and 0.1334-0.2888, so 0.25 - hypot(0.0939, 0.0888) and 0.25 + hypot(0.0976, 0.0666).
    assert [round(float(row[name]), 3) for name in ("lo", "hi", "delta_lo", "delta_hi")] == [0.356, 0.548, 0.121, 0.368]
    (net,) = asked(planted, f"from marts.weekly_aspect where metric = 'nss' and {where}")
    assert (net["n"], float(net["value"])) == (45, -1)


def test_every_column_is_there_for_topics_and_aspects(planted):
    columns = {
        table: {row["column_name"] for row in asked(planted, f"describe marts.{table}")}
        for table in ("weekly_metric", "weekly_topic", "weekly_aspect")
    }
    assert columns["weekly_metric"] - {"kind", "segment"} == columns["weekly_topic"] - {"topic_id"}
    assert columns["weekly_metric"] - {"kind", "segment"} == columns["weekly_aspect"] - {"aspect"}


def test_every_metric_is_defined_with_formula_source_and_unit(planted):
    undefined = asked(
        planted,
        "select metric from (select metric from marts.weekly_metric union select metric from marts.weekly_topic"
        " union select metric from marts.weekly_aspect) where metric not in (select metric from marts.metric_definition"
        " where formula is not null and source is not null and unit is not null)",
    )
    assert undefined == []


def test_the_aspect_is_a_finding_in_both_languages(planted):
    (told,) = [
        f
        for f in newest(planted).findings
        if f.estimate.aspect and f.estimate.metric == "aspect_share" and f.estimate.brand == "Aurora"
    ]
    assert told.text_en.startswith(
        "The aspect “Price” among documents about Aurora rose to 45% from an 8-week baseline of 20%"
    )
    assert "“价格”方面" in told.text_zh
    assert "上升至 45%" in told.text_zh
    assert len(told.document_ids) == 45


def test_the_brand_s_most_named_aspect_stands_in_the_matrix(planted):
    rows = {row.brand: row for row in newest(planted).matrix}
    assert (rows["Aurora"].top_aspect, rows["Aurora"].top_aspect_count) == ("price", 45)
    assert rows["Borealis"].top_aspect is None


def test_comparisons_are_counted_and_quoted(planted):
    (row,) = newest(planted).preferences
    assert (row.preferred_brand, row.other_brand, row.document_count, row.window_count) == (
        "Aurora",
        "Borealis",
        12,
        12,
    )
    assert row.quote.text.startswith("I like Aurora better than Borealis")
    (text,) = asked(planted, f"select text from marts.document where document_id = '{row.quote.document_id}'")
    assert text["text"][row.quote.start_char : row.quote.end_char] == row.quote.text


def test_a_price_on_a_page_is_a_finding_with_the_price_before(planted):
    (told,) = [f for f in newest(planted).findings if f.rule == "announcement"]
    assert told.text_en == (
        "Borealis states a price of 49 euros on its own pages, against 69 euros before (n=1 of 1 pages this week)."
    )
    assert "49 欧元" in told.text_zh
    assert newest(planted).changes[0].after_text == "The kettle now costs 49 euros instead of 69 euros."


def test_no_forecast_is_shown_that_beats_nothing(planted):
    report = newest(planted)
    assert report.outlooks
    assert not any(row.is_shown for row in report.outlooks)


def test_every_number_of_the_new_blocks_comes_out_of_its_sql(planted):
    report = newest(planted)
    assert without_recomputation(report) == []
    found = list(facts(report, lambda sql: asked(planted, sql)))
    assert {fact.ref.split(".")[0] for fact in found} >= {
        "fig-aspects",
        "fig-comparisons",
        "fig-changes",
        "fig-forecast",
    }
    assert [fact for fact in found if not fact.is_equal] == []


def test_the_blocks_stand_in_the_files_of_both_languages(planted):
    folder = write(planted, newest(planted))
    english, chinese = ((folder / f"report.{name}.html").read_text(encoding="utf-8") for name in ("en", "zh"))
    for page in (english, chinese):
        for figure in ("fig-aspects", "fig-comparisons", "fig-changes", "fig-forecast", "fig-coverage"):
            assert f'id="{figure}"' in page, figure
    assert "Aurora is preferred to Borealis in 12 documents this week" in english
    assert "本周 12 篇文档认为 Aurora 优于 Borealis" in chinese
    assert "The kettle now costs 49 euros instead of 69 euros." in chinese
    assert (folder / "data" / "fig-changes.csv").is_file()


def test_a_fall_on_all_days_is_said_to_be_compared(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    builder.add_topics(TOPICS)
    steady(builder, range(LAST), ["Aurora"])
    builder.add_documents(documents(LAST, "Aurora", negative=13, positive=39, neutral=13))
    settings = builder.finish()
    build_documents.fn(settings)
    build_weekly.fn(settings)
    compose_week.fn(settings, "run-1", WEEK, "marketbrief run")
    report = newest(settings)
    assert "volume" in {finding.estimate.metric for finding in report.findings}
    folder = write(settings, report)
    assert "on all its days: this is compared" in (folder / "report.en.html").read_text(encoding="utf-8")
    assert "不视为缺失" in (folder / "report.zh.html").read_text(encoding="utf-8")


def test_a_drift_of_a_whole_project_is_told_over_twelve_weeks(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    builder.add_topics(TOPICS)
    rng = np.random.default_rng(2)
    for week in range(20):
        negative = round(30 + 3 * max(0, week - 8) + rng.normal(0, 1))
        builder.add_documents(documents(week, "Aurora", negative=negative, positive=120 - negative))
    settings = builder.finish()
    build_documents.fn(settings)
    build_weekly.fn(settings)
    week = (MONDAY + timedelta(weeks=19)).strftime("%G-W%V")
    compose_week.fn(settings, "run-1", week, "marketbrief run")
    told = [finding for finding in newest(settings, week).findings if finding.rule == "slope"]
    assert told
    assert "over 12 weeks" in told[0].text_en
    assert "十二周内" in told[0].text_zh
    with Warehouse(settings.warehouse_path) as warehouse:
        (row,) = warehouse.rows(told[0].query)
    assert float(row["slope_end"]) == pytest.approx(float(row["slope_start"]) + 11 * float(row["slope"]))
