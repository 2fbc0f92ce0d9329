"""From marts to files: planted weeks become the right sentences, every number is reproduced by its own SQL."""

import json
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from warehouse_builder import WarehouseBuilder

from tasks.build import build_documents, build_weekly
from tasks.compose import compose_week
from tasks.config import Settings
from tasks.core.contracts import NullProgress
from tasks.core.report_model import WeeklyReport
from tasks.core.weeks import shift, week_of
from tasks.errors import MarketBriefError, UsageError
from tasks.publish import publish_snapshot
from tasks.report import published_reports, render, render_week, write_index
from tasks.store.warehouse import Warehouse, connect

MONDAY = date(2026, 1, 5)
LAST = 9  # the tenth week: eight baseline weeks and the week before lie behind it
WEEK = week_of(MONDAY + timedelta(weeks=LAST))
TOPICS = [("en-seal", "leaking seal"), ("en-taste", "taste of the coffee")]
PHRASES = {
    "negative": ["It broke after {n} days, nobody at the shop could help.", "Water runs out below since week {n}.",
                 "{n} calls to the service and still no answer, never again.", "Too loud, neighbours complain {n}."],
    "positive": ["I am happy with it and would buy it {n} times over.", "Creamy, hot and quick, {n} points from me.",
                 "My parents want the same one now, that makes {n}.", "Sturdy metal, lovely beside the oven, {n}."],
    "neutral": ["It arrived on day {n} in a plain box.", "Weighs {n} grams more than the page says."],
}  # fmt: skip


def documents(week: int, brand: str | None, *, negative: int, positive: int, neutral: int = 0, **more) -> pd.DataFrame:
    """Documents of one brand in one week (counted from 0), spread over its days."""
    sentiments = ["negative"] * negative + ["positive"] * positive + ["neutral"] * neutral
    hours = np.linspace(0, 7 * 24 - 1, len(sentiments))
    start = datetime.combine(MONDAY + timedelta(weeks=week), datetime.min.time())
    number = 1000 * week + len(brand or "")
    texts = [PHRASES[s][i % len(PHRASES[s])].format(n=number + 10 * i) for i, s in enumerate(sentiments)]
    return pd.DataFrame(
        {"published_at": [start + timedelta(hours=float(hour)) for hour in hours], "brand": brand, "text": texts,
         "sentiment": sentiments, "url": "https://example.com/" + brand.lower() if brand else None, **more}
    )  # fmt: skip


def steady(builder: WarehouseBuilder, weeks: Sequence[int], brands: Sequence[str] = ("Aurora", "Borealis")) -> None:
    """20 negative, 60 positive and 20 neutral documents of each brand and week."""
    for week in weeks:
        for brand in brands:
            builder.add_documents(
                documents(week, brand, negative=20, positive=60, neutral=20, rating=4.0, topic_id="en-taste")
            )


def make(settings: Settings, *weeks: str, run_id: str = "run-1") -> list:
    """Build, and compose the weeks (the last one by default); what compose says of each."""
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.execute("update staging.document set author_hash = document_id")
    build_documents.fn(settings)
    build_weekly.fn(settings)
    return [compose_week.fn(settings, run_id, week, "marketbrief run") for week in weeks or (WEEK,)]


def newest(settings: Settings, week: str = WEEK) -> WeeklyReport:
    """The newest revision of a week in the warehouse."""
    with Warehouse(settings.warehouse_path) as warehouse:
        payload = warehouse.scalar(
            "select payload from marts.report where iso_week = $week order by revision desc limit 1", {"week": week}
        )
    return WeeklyReport.model_validate_json(payload)


def write(settings: Settings, report: WeeklyReport, formats: tuple[str, ...] = ("html", "md", "json")) -> Path:
    """Render one revision; its folder."""
    render_week.fn(settings, report, ("en", "zh"), formats)
    return settings.reports_dir / report.iso_week


def asked(settings: Settings, sql: str) -> list[dict]:
    """Rows that an analyst gets from the snapshot."""
    connection = connect(settings.snapshot_path, read_only=True, is_locked_down=True)
    try:
        return connection.sql(sql).to_arrow_table().to_pylist()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def surging(tmp_path_factory) -> Settings:
    """Ten steady weeks; in the last, complaints about Borealis' seal take 60 of 100 documents."""
    builder = WarehouseBuilder(tmp_path_factory.mktemp("surging"), sources=(("shop", "review"), ("site", "competitor")))
    builder.add_topics(TOPICS)
    steady(builder, range(LAST))
    steady(builder, [LAST], ["Aurora"])
    surge = documents(LAST, "Borealis", negative=60, positive=30, neutral=10, rating=2.0)
    builder.add_documents(surge.assign(topic_id=["en-seal"] * 60 + ["en-taste"] * 40))
    page = documents(LAST, "Borealis", negative=0, positive=1, source="site", kind="competitor", title="New prices")
    builder.add_documents(page.assign(text="New prices\n\nFrom Monday the kettle costs 49 euros instead of 69."))
    builder.add_batch(source="shop", loaded=1990, rejected=30)
    settings = builder.finish()
    make(settings)
    publish_snapshot.fn(settings)
    return settings


def test_a_planted_surge_is_the_first_finding_in_both_languages(surging):
    report = newest(surging)
    first = report.findings[0]
    assert first.text_en == (
        "The negative share for Borealis rose to 60% from an 8-week baseline of 20% "
        "(range 50% to 69%, n=100, +27 to +51 points on the week)."
    )
    assert first.text_zh == (
        "Borealis 的负面占比上升至 60%，高于此前 8 周基线 20%（区间 50% 至 69%，n=100，较上周 +27 至 +51 个百分点）。"
    )
    assert (first.rank, first.rule, first.figure_id) == (1, "signal", "fig-matrix")
    assert report.summary_en.startswith("The negative share for Borealis rose to 60% (n=100)")
    families = [(f.estimate.brand, f.estimate.metric, f.estimate.topic_id) for f in report.findings]
    assert ("Borealis", "topic_share", "en-seal") in families
    assert ("Borealis", "mean_rating", None) in families
    assert ("Borealis", "nss", None) not in families


def test_evidence_documents_are_those_of_the_sentence(surging):
    first = newest(surging).findings[0]
    assert len(first.document_ids) == 50
    listed = ", ".join(f"'{document_id}'" for document_id in first.document_ids)
    rows = asked(
        surging, f"select distinct brand, sentiment, iso_week from marts.document where document_id in ({listed})"
    )
    assert rows == [{"brand": "Borealis", "sentiment": "negative", "iso_week": WEEK}]


def test_every_finding_is_reproduced_by_its_own_sql(surging):
    report = newest(surging)
    assert report.findings
    for finding in [*report.findings, *report.watches]:
        (row,) = asked(surging, finding.query)
        for name in ("n", "value", "lo", "hi", "previous", "baseline", "delta_lo", "delta_hi", "q_value", "verdict"):
            expected = getattr(finding.estimate, name)
            found = row[name]
            assert found == expected if isinstance(expected, str) or expected is None else float(found) == expected, (
                name
            )
    stored = asked(
        surging,
        f"select finding_id, text_en, text_zh, query from marts.finding where iso_week = '{WEEK}' order by rank",
    )
    assert [row["text_zh"] for row in stored] == [f.text_zh for f in [*report.findings, *report.watches]]


def test_the_sql_of_each_figure_and_kpi_runs_read_only_and_gives_its_table(surging):
    report = newest(surging)
    rows = {figure.figure_id: asked(surging, figure.query) for figure in report.figures}
    week = [row for row in rows["fig-sentiment"] if row["iso_week"] == WEEK]
    assert week == [{"iso_week": WEEK, "negative": 20, "mixed": 0, "neutral": 20, "positive": 60, "abstained": 0}]
    assert [row["iso_week"] for row in rows["fig-net"]] == list(report.weeks)
    assert {row["brand"]: float(row["negative_share"]) for row in rows["fig-matrix"]} == {
        "Aurora": 0.2,
        "Borealis": 0.6,
    }
    assert [row["source"] for row in rows["fig-quality"]] == ["shop", "site"]
    assert {row["topic_id"]: row["topic_count"] for row in rows["fig-topics"]} == {"en-taste": 100}
    for kpi in report.kpis:
        found = asked(surging, kpi.query)
        if kpi.kpi_id != "coverage":
            assert [float(row["value"]) for row in found] == [kpi.estimate.value]
    counted = {row["verdict"]: row["measure_count"] for row in asked(surging, report.measures.query)}
    assert sum(counted.get(v, 0) for v in ("signal_up", "signal_down")) == report.measures.signal
    assert counted.get("no_clear_change", 0) == report.measures.no_clear_change


def test_quotes_are_verbatim_and_traced(surging):
    report = newest(surging)
    quotes = report.all_quotes
    assert len(quotes) >= 4
    assert len({quote.text for quote in quotes}) == len(quotes)
    texts = {row["document_id"]: row["text"] for row in asked(surging, "select document_id, text from marts.document")}
    for quote in quotes:
        assert texts[quote.document_id][quote.start_char : quote.end_char] == quote.text
        assert len(quote.text) <= 240
    stored = asked(surging, f"select quote_id from marts.quote where iso_week = '{WEEK}'")
    assert {row["quote_id"] for row in stored} == {quote.quote_id for quote in quotes}
    card = next(card for card in report.topic_cards if card.topic.topic_id == "en-seal")
    assert (card.group, card.share.brand, len(card.quotes)) == ("new", "Borealis", 2)


def test_competitors_own_pages_are_shown_and_never_counted(surging):
    report = newest(surging)
    (page,) = report.pages
    assert (page.title, page.brand) == ("New prices", "Borealis")
    assert page.quote is not None
    assert page.quote.text == "From Monday the kettle costs 49 euros instead of 69."
    assert report.totals.counted == 200
    assert report.totals.competitor_pages == 1


def test_the_surge_and_the_rejected_records_are_alerts(surging):
    fired = {alert.rule: [s.name for s in alert.subjects] for alert in newest(surging).alerts}
    assert fired == {"negative_surge": ["Borealis"], "low_source": [], "rejected": ["shop"], "abstained": []}


def test_the_files_stand_and_say_what_the_report_says(surging):
    folder = write(surging, newest(surging))
    page = (folder / "report.zh.html").read_text(encoding="utf-8")
    plain = re.sub(r"<[^>]+>", "", page)
    assert newest(surging).findings[0].text_zh in plain
    assert "From Monday the kettle costs 49 euros instead of 69." in (folder / "report.en.md").read_text(
        encoding="utf-8"
    )
    data = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert data["content_hash"] == newest(surging).content_hash
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    write(surging, newest(surging))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    index = write_index(surging, published_reports(surging)).read_text(encoding="utf-8")
    assert f'href="{WEEK}/report.en.html"' in index
    assert (surging.reports_dir / "latest" / "index.html").is_file()


def test_the_same_facts_make_no_new_revision_and_late_data_make_one(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    builder.add_topics(TOPICS)
    steady(builder, range(LAST + 1))
    settings = builder.finish()
    assert [item.is_added for item in make(settings)] == [True]
    assert [item.is_added for item in make(settings, run_id="run-2")] == [False]
    folder = write(settings, newest(settings))
    first = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    late = WarehouseBuilder(tmp_path)
    late.document_count = 100_000
    late.add_documents(documents(LAST, "Aurora", negative=40, positive=0, rating=1.0))
    (item,) = make(late.finish(), run_id="run-3")
    assert (item.is_added, item.revision) == (True, 2)
    report = newest(settings)
    assert (report.revision, report.provenance.reason, report.provenance.run_id) == (2, "late_data", "run-3")
    write(settings, report)
    assert {path: path.read_bytes() for path in first} == first
    assert (folder / "report.r2.en.html").is_file()
    with Warehouse(settings.warehouse_path) as warehouse:
        rows = warehouse.rows("select revision, reason from marts.report order by revision")
    assert rows == [{"revision": 1, "reason": "first"}, {"revision": 2, "reason": "late_data"}]


def test_a_quiet_week_says_so(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    builder.add_topics(TOPICS)
    steady(builder, range(LAST + 1))
    settings = builder.finish()
    make(settings)
    report = newest(settings)
    compared = report.measures.compared
    assert (report.findings, report.watches, compared > 8) == ((), (), True)
    assert report.summary_en == f"No clear change in {compared} tracked measures (200 documents)."
    page = (write(settings, report) / "report.zh.html").read_text(encoding="utf-8")
    assert f"{compared} 项跟踪指标均无明显变化（200 篇文档）。" in page
    assert not re.search(r"上升至|下降至|可能上升：|可能下降：", page)


def test_a_first_week_builds_its_baseline_and_changes_nothing(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    builder.add_topics(TOPICS)
    steady(builder, [0])
    settings = builder.finish()
    week = week_of(MONDAY)
    make(settings, week)
    report = newest(settings, week)
    assert [f.rule for f in report.findings] == ["standing"] * 3
    assert report.findings[0].text_en == (
        "Net sentiment for Aurora stands at +40 points (range +24 to +56, n=100 of 200 documents), "
        "against +40 for Borealis (n=100)."
    )
    page = (write(settings, report) / "report.en.html").read_text(encoding="utf-8")
    assert "Baseline building: 0 of the 8 earlier weeks" in page
    assert "First report" in page
    body = page.split('id="h-method"')[0]
    assert not re.search(r"\b(rose|fell|risen|fallen)\b", re.sub(r"<[^>]+>|No topic of 10[^<]*", " ", body))


def test_too_few_documents_give_counts_and_no_percentages(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    builder.add_topics(TOPICS)
    builder.add_documents(documents(0, "Aurora", negative=5, positive=4, topic_id="en-taste"))
    builder.add_documents(documents(1, "Aurora", negative=9, positive=2, topic_id="en-taste"))
    settings = builder.finish()
    week = shift(week_of(MONDAY), 1)
    make(settings, week)
    report = newest(settings, week)
    (finding,) = report.findings
    assert finding.text_en == (
        "Too few to say: 11 documents this week, against 9 the week before; percentages need n=30."
    )
    page = (write(settings, report) / "report.en.html").read_text(encoding="utf-8")
    body = page[page.index('<section id="key-findings"') : page.index('<section id="method"')]
    words = re.sub(r"<pre.*?</pre>|<svg.*?</svg>|<[^>]+>", " ", body, flags=re.S)
    assert words.count("too few to say") >= 3
    # Coverage alone is a percentage: 11 documents received of 9 expected.
    assert set(re.findall(r"\d+%", words)) <= {"122%", "95%", "80%", "20%", "1%"}


def test_a_week_without_any_document(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    builder.add_topics(TOPICS)
    steady(builder, range(3))
    settings = builder.finish()
    week = week_of(MONDAY + timedelta(weeks=4))
    make(settings, week)
    report = newest(settings, week)
    assert report.totals.counted == 0
    assert report.summary_zh == "本周没有文档，上周为 0 篇。"
    folder = write(settings, report)
    page = (folder / "report.en.html").read_text(encoding="utf-8")
    assert "No documents of customers or the press this week." in page
    assert not re.search(r"\bNone\b|\bnan\b", re.sub(r"<[^>]+>", " ", page))


def test_an_empty_warehouse_still_has_a_report_to_give(tmp_path):
    settings = WarehouseBuilder(tmp_path).finish()
    make(settings)
    page = (write(settings, newest(settings)) / "report.zh.html").read_text(encoding="utf-8")
    assert "本周没有来自客户或媒体的文档。" in page
    assert "预期 0 篇，实收 0 篇" in page


def test_without_a_brand_of_our_own_the_numbers_are_everybodys(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    builder.add_topics(TOPICS)
    steady(builder, range(LAST + 1))
    settings = builder.finish()
    brands = [brand.model_copy(update={"role": "competitor"}) for brand in settings.market.brands]
    settings = settings.model_copy(update={"market": settings.market.model_copy(update={"brands": brands})})
    with Warehouse(settings.warehouse_path) as warehouse:
        warehouse.execute("update staging.project set own_brand = null")
    make(settings)
    report = newest(settings)
    assert (report.own_brand, report.focus_brand) == (None, "*")
    assert [kpi.kpi_id for kpi in report.kpis] == ["volume", "nss", "mean_rating", "negative_share", "coverage"]
    page = (write(settings, report) / "report.en.html").read_text(encoding="utf-8")
    assert "No brand is marked as ours" in page
    assert "Aurora is named most: in 50% of 200 documents" in page


def test_one_brand_without_ratings_and_topics(tmp_path):
    builder = WarehouseBuilder(tmp_path, brands=("Aurora",))
    for week in range(LAST + 1):
        builder.add_documents(documents(week, "Aurora", negative=20, positive=60, neutral=20))
    settings = builder.finish()
    make(settings)
    report = newest(settings)
    assert "mean_rating" not in [kpi.kpi_id for kpi in report.kpis]
    page = (write(settings, report) / "report.en.html").read_text(encoding="utf-8")
    for line in ("Only one brand is tracked", "No source brought ratings", "No topics: no document",
                 "No source of competitors&#39; own pages is configured."):  # fmt: skip
        assert line in page, line


def test_a_source_that_stops_is_named_and_its_measures_are_not_compared(tmp_path):
    builder = WarehouseBuilder(tmp_path, sources=(("shop", "review"), ("mall", "review")))
    builder.add_topics(TOPICS)
    steady(builder, range(LAST + 1))
    for week in range(LAST):
        builder.add_documents(documents(week, "Aurora", negative=20, positive=60, source="mall"))
    settings = builder.finish()
    make(settings)
    report = newest(settings)
    assert report.measures.excluded > 0
    page = (write(settings, report) / "report.en.html").read_text(encoding="utf-8")
    plain = re.sub(r"<[^>]+>", "", page)
    assert re.search(
        r"Not compared this week: \d+ of \d+ measures, coverage is incomplete \(mall: 0 of 80 expected\)\.", plain
    )
    assert "provisional: mall incomplete" in plain
    assert "Source mall brought 0 of 80 expected documents (0%)." in plain


def test_names_that_nobody_listed(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    builder.add_topics(TOPICS)
    steady(builder, range(LAST + 1))
    text = "We looked at Zestello too, in the end we liked it better."
    named = documents(LAST, "Aurora", negative=0, positive=4).assign(
        text=[f"{text} {'So there. ' * i}" for i in range(4)]
    )
    builder.add_documents(named.assign(mentions=[[("Zestello", "Zestello", 13, 21)]] * 4))
    settings = builder.finish()
    make(settings)
    (name,) = newest(settings).new_names
    assert (name.entity_name, name.document_count, name.first_week) == ("Zestello", 4, WEEK)
    assert name.quote is not None
    assert "Zestello" in name.quote.text
    page = (write(settings, newest(settings)) / "report.zh.html").read_text(encoding="utf-8")
    assert "新出现 1 个未列出的名称，最多的是 Zestello" in page


def test_weeks_and_formats_that_do_not_exist_are_refused(surging, tmp_path):
    with pytest.raises(UsageError, match="No report was published for 2030-W01"):
        render(surging, "run-1", NullProgress(), ["2030-W01"], ["en"], ["html"])
    with pytest.raises(UsageError, match="Unknown format 'docx'"):
        render(surging, "run-1", NullProgress(), [WEEK], ["en"], ["docx"])
    with pytest.raises(UsageError, match="Unknown language 'de'"):
        render(surging, "run-1", NullProgress(), [WEEK], ["de"], ["html"])
    empty = WarehouseBuilder(tmp_path).finish()
    assert [report.iso_week for report in published_reports(surging)] == [WEEK]
    with pytest.raises(MarketBriefError, match="No published snapshot"):
        published_reports(empty)
