"""Stage build: marts whose truth is planted in the documents."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from warehouse_builder import WarehouseBuilder

from tasks.build import build_documents, build_weekly
from tasks.config import Settings
from tasks.core.contracts import VERDICTS
from tasks.core.panel import LARGEST_SEGMENTS
from tasks.store.data_tests import data_tests, run_tests
from tasks.store.snapshot import table_hashes
from tasks.store.warehouse import Warehouse

MONDAY = date(2026, 1, 5)


def make(settings: Settings) -> list[str]:
    """Build all marts; the warnings."""
    build_documents.fn(settings)
    return build_weekly.fn(settings)[1]


def rows(settings: Settings, sql: str) -> list[dict]:
    with Warehouse(settings.warehouse_path) as warehouse:
        return warehouse.rows(sql)


def metric(settings: Settings, metric: str, brand: str, week: int, *, kind: str = "*", segment: str = "*") -> dict:
    """The one row of marts.weekly_metric; weeks count from 0."""
    (row,) = rows(
        settings,
        f"select * replace (value::double as value, previous::double as previous, baseline::double as baseline)"
        f" from marts.weekly_metric where metric = '{metric}' and brand = '{brand}'"
        f" and kind = '{kind}' and segment = '{segment}' and week_start = '{MONDAY + timedelta(weeks=week)}'",
    )
    return row


def week_of_documents(week: int, count: int, *, start_day: int = 0, **columns: object) -> pd.DataFrame:
    """Documents of one week, spread over its days from a day on (0 is Monday)."""
    hours = np.linspace(start_day * 24, 7 * 24 - 1, count)
    start = datetime.combine(MONDAY + timedelta(weeks=week), datetime.min.time())
    return pd.DataFrame({"published_at": [start + timedelta(hours=float(hour)) for hour in hours], **columns})


def sentiments(negative: int, positive: int, neutral: int = 0) -> list[str]:
    return ["negative"] * negative + ["positive"] * positive + ["neutral"] * neutral


@pytest.fixture(scope="module")
def surge(tmp_path_factory) -> Settings:
    """Twelve weeks of 50 reviews per brand; in the last, Aurora's negative ones jump from 10 to 30."""
    builder = WarehouseBuilder(tmp_path_factory.mktemp("surge"), brands=["Aurora", "北风"])
    rng = np.random.default_rng(5)
    builder.add_topics([("en-battery", "battery"), ("zh-price", "价格")])
    for week in range(12):
        for brand, language, topic in (("Aurora", "en", "en-battery"), ("北风", "zh", "zh-price")):
            negative = 30 if week == 11 and brand == "Aurora" else int(rng.binomial(50, 0.2))
            builder.add_documents(
                week_of_documents(
                    week,
                    50,
                    brand=brand,
                    language=language,
                    sentiment=sentiments(negative, 50 - negative),
                    rating=[1.0] * negative + [5.0] * (50 - negative),
                    topic_id=[topic] * negative + [None] * (50 - negative),
                    segment=["north"] * 35 + ["south"] * 15,
                )
            )
    settings = builder.finish()
    assert make(settings) == []
    return settings


def test_a_planted_surge_is_a_signal_in_every_measure_that_sees_it(surge):
    for name, verdict in (
        ("negative_share", "signal_up"),
        ("nss", "signal_down"),
        ("nsr", "signal_down"),
        ("mean_rating", "signal_down"),
        ("volume", "no_clear_change"),
        ("share_of_voice", "no_clear_change"),
    ):
        assert metric(surge, name, "Aurora", 11)["verdict"] == verdict, name
        assert metric(surge, name, "北风", 11)["verdict"] == "no_clear_change", name
    surged = metric(surge, "negative_share", "Aurora", 11)
    assert (surged["n"], surged["k"], surged["value"]) == (50, 30, 0.6)


def test_a_planted_surge_is_a_signal_of_its_topic(surge):
    signals = rows(
        surge,
        "select brand, topic_id, metric, iso_week from marts.weekly_topic where verdict like 'signal%'"
        " and brand <> '*' order by metric",
    )
    assert signals == [{"brand": "Aurora", "topic_id": "en-battery", "metric": "topic_share", "iso_week": "2026-W13"}]


def test_the_first_eight_weeks_build_the_baseline(surge):
    verdicts = rows(
        surge,
        "select distinct verdict from marts.weekly_metric where brand = 'Aurora' and segment = '*' and n >= 30"
        f" and week_start < '{MONDAY + timedelta(weeks=8)}'",
    )
    assert verdicts == [{"verdict": "baseline_building"}]


def test_segments_are_outside_the_tested_family(surge):
    found = rows(
        surge,
        "select segment, kind, count(q_value) as tested, count(*) filter (where verdict like 'signal%') as signals"
        " from marts.weekly_metric where segment <> '*' group by all order by segment",
    )
    assert found == [
        {"segment": "north", "kind": "*", "tested": 0, "signals": 0},
        {"segment": "south", "kind": "*", "tested": 0, "signals": 0},
    ]
    assert metric(surge, "negative_share", "Aurora", 11, segment="north")["verdict"] == "watch_up"
    assert metric(surge, "negative_share", "Aurora", 11, segment="south")["verdict"] == "too_few"


def test_every_key_has_every_week_and_a_known_verdict(surge):
    keys = rows(
        surge,
        "select count(*) as weeks from marts.weekly_metric group by metric, brand, kind, segment",
    )
    assert {key["weeks"] for key in keys} == {12}
    used = {row["verdict"] for row in rows(surge, "select distinct verdict from marts.weekly_metric")}
    assert used <= set(VERDICTS)


def test_a_build_passes_every_data_test(surge):
    with Warehouse(surge.warehouse_path) as warehouse:
        outcomes = run_tests(warehouse.rows, data_tests())
    assert [o.test.name for o in outcomes if o.row_count and o.test.severity == "fail"] == []


def test_building_again_changes_nothing(surge):
    before = table_hashes(surge.warehouse_path)
    make(surge)
    assert table_hashes(surge.warehouse_path) == before


def test_the_order_of_arrival_changes_nothing(tmp_path):
    documents = week_of_documents(
        0,
        60,
        document_id=[f"d{number:02d}" for number in range(60)],
        text=[f"text {number}" for number in range(60)],
        brand=["Aurora", "Borealis"] * 30,
        sentiment=sentiments(20, 40),
        rating=[1.0, 2.0, 5.0] * 20,
    )
    hashes = []
    for name, frame in (("a", documents), ("b", documents.sample(frac=1, random_state=1))):
        builder = WarehouseBuilder(tmp_path / name)
        builder.add_documents(frame.reset_index(drop=True))
        settings = builder.finish()
        make(settings)
        hashes.append(table_hashes(settings.warehouse_path))
    assert hashes[0] == hashes[1]


def test_an_empty_warehouse_builds_empty_marts(tmp_path):
    settings = WarehouseBuilder(tmp_path).finish()
    assert make(settings) == []
    assert rows(settings, "select count(*) as n from marts.weekly_metric") == [{"n": 0}]
    assert rows(settings, "select count(*) > 5 as filled from marts.metric_definition") == [{"filled": True}]


def test_weeks_without_documents_are_rows(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    for week in (0, 3):
        builder.add_documents(week_of_documents(week, 5, brand="Aurora"))
    settings = builder.finish()
    make(settings)
    row = metric(settings, "volume", "Aurora", 1)
    assert (row["n"], row["value"], row["verdict"]) == (0, 0, "too_few")
    assert metric(settings, "nss", "Borealis", 2)["value"] is None


def test_competitors_own_words_are_no_customers_voice(tmp_path):
    builder = WarehouseBuilder(tmp_path, sources=[("shop", "review"), ("pages", "competitor")])
    builder.add_documents(week_of_documents(0, 40, brand="Aurora", sentiment="negative"))
    builder.add_documents(
        week_of_documents(0, 60, brand="Borealis", source="pages", kind="competitor", sentiment="positive")
    )
    settings = builder.finish()
    make(settings)
    assert metric(settings, "volume", "*", 0)["n"] == 40
    assert metric(settings, "volume", "Borealis", 0)["n"] == 0
    assert metric(settings, "volume", "Borealis", 0, kind="competitor")["n"] == 60
    assert metric(settings, "share_of_voice", "Aurora", 0)["n"] == 40
    assert metric(settings, "nss", "*", 0)["value"] == -1
    kinds = rows(settings, "select distinct metric from marts.weekly_metric where kind = 'competitor' order by metric")
    assert [row["metric"] for row in kinds] == ["volume", "volume_raw"]


def test_all_brands_count_the_untracked_and_the_nameless_too(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    for brand in ("Aurora", "Zephyr", None):
        builder.add_documents(week_of_documents(0, 10, brand=brand))
    settings = builder.finish()
    make(settings)
    assert metric(settings, "volume", "*", 0)["n"] == 30
    assert metric(settings, "share_of_voice", "Aurora", 0)["n"] == 10
    assert rows(settings, "select distinct brand from marts.weekly_metric order by brand") == [
        {"brand": "*"},
        {"brand": "Aurora"},
        {"brand": "Borealis"},
    ]


def test_copies_count_in_the_raw_volume_alone(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    (first, *_) = builder.add_documents(week_of_documents(0, 40, brand="Aurora"))
    builder.add_documents(week_of_documents(0, 25, brand="Aurora", duplicate_of=first))
    settings = builder.finish()
    make(settings)
    assert metric(settings, "volume", "Aurora", 0)["n"] == 40
    assert metric(settings, "volume_raw", "Aurora", 0)["n"] == 65


def test_a_source_that_stops_excludes_volumes_and_is_left_out_of_shares(tmp_path):
    builder = WarehouseBuilder(tmp_path, sources=[("shop", "review"), ("app", "review")])
    for week in range(11):
        builder.add_documents(week_of_documents(week, 50, brand="Aurora", sentiment=sentiments(10, 40)))
        if week != 9:
            builder.add_documents(
                week_of_documents(week, 50, brand="Aurora", source="app", sentiment=sentiments(30, 20))
            )
    settings = builder.finish()
    make(settings)
    volume = metric(settings, "volume", "Aurora", 9)
    assert (volume["n"], volume["verdict"], volume["previous"]) == (50, "excluded", None)
    assert metric(settings, "share_of_voice", "Aurora", 9)["verdict"] == "excluded"
    share = metric(settings, "negative_share", "Aurora", 9)
    assert (share["value"], share["previous"], share["baseline"]) == (0.2, 0.2, 0.2)
    assert share["verdict"] == "no_clear_change"
    after = metric(settings, "volume", "Aurora", 10)
    assert (after["verdict"], after["previous"], after["baseline"]) == ("no_clear_change", None, 100)
    assert rows(settings, "select distinct verdict from marts.weekly_metric where verdict ~ 'signal|watch'") == []


def test_a_fall_on_all_days_is_a_signal_even_of_the_only_source(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    for week in range(10):
        builder.add_documents(week_of_documents(week, 120 if week == 9 else 210, brand="Aurora"))
    settings = builder.finish()
    make(settings)
    assert metric(settings, "volume", "Aurora", 9)["verdict"] == "signal_down"
    (health,) = rows(settings, "select * from ops.source_health where iso_week = '2026-W11'")
    assert (health["status"], health["incomplete_reason"], health["missing_days"]) == ("low", None, None)


@pytest.mark.parametrize(("days", "reason"), [(5, "missing_days"), (2, "missing_days"), (0, "silent")])
def test_a_week_whose_last_days_are_missing_is_not_compared(tmp_path, days, reason):
    builder = WarehouseBuilder(tmp_path)
    for week in range(12):
        frame = week_of_documents(week, 210, brand="Aurora")
        builder.add_documents(frame.head(30 * days) if week == 9 else frame)
    settings = builder.finish()
    make(settings)
    assert metric(settings, "volume", "Aurora", 9)["verdict"] == "excluded"
    assert metric(settings, "volume", "Aurora", 10)["verdict"] == "no_clear_change"
    assert metric(settings, "volume", "Aurora", 10)["baseline"] == 210
    (health,) = rows(settings, "select * from ops.source_health where iso_week = '2026-W11'")
    assert health["incomplete_reason"] == reason
    assert health["missing_days"] == (7 - days if days else None)


def test_an_export_of_less_than_half_is_not_compared(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    for week in range(10):
        builder.add_documents(week_of_documents(week, 90 if week == 9 else 210, brand="Aurora"))
    settings = builder.finish()
    make(settings)
    assert metric(settings, "volume", "Aurora", 9)["verdict"] == "excluded"


def test_days_on_which_nothing_ever_comes_are_no_gap(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    for week in range(10):
        frame = week_of_documents(week, 210, brand="Aurora")
        builder.add_documents(frame[frame["published_at"].dt.weekday < 5])
    settings = builder.finish()
    make(settings)
    found = rows(settings, "select distinct incomplete_reason as reason from ops.source_health")
    assert found == [{"reason": None}]


def test_a_brand_that_a_source_stops_delivering_is_no_fall(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    for week in range(16):
        builder.add_documents(week_of_documents(week, 100, brand="Aurora"))
        frame = week_of_documents(week, 70, brand="Borealis")
        builder.add_documents(frame.head(30) if week == 10 else frame.head(70 if week < 10 else 0))
    settings = builder.finish()
    make(settings)
    assert rows(settings, "select distinct verdict from marts.weekly_metric where verdict ~ 'signal|watch'") == []
    assert metric(settings, "volume", "Borealis", 10)["verdict"] == "excluded"
    assert metric(settings, "share_of_voice", "Aurora", 11)["verdict"] == "excluded"
    assert metric(settings, "volume", "*", 11)["verdict"] == "excluded"
    assert metric(settings, "volume", "Aurora", 11)["verdict"] == "no_clear_change"


def test_exports_that_stop_at_a_number_of_documents_are_found(tmp_path):
    builder = WarehouseBuilder(tmp_path, brands=["Aurora", "Borealis", "Cygnus"])
    for brand, weeks in (("Aurora", 4), ("Borealis", 8), ("Cygnus", 10)):
        count = 400 if brand != "Cygnus" else 90
        for week in range(10 - weeks, 10):
            builder.add_documents(week_of_documents(week, count // weeks, brand=brand))
    settings = builder.finish()
    make(settings)
    found = rows(settings, "select brand, document_count, first_covered_week, capped_at from ops.brand_coverage")
    assert found == [
        {"brand": "Aurora", "document_count": 400, "first_covered_week": "2026-W08", "capped_at": 400},
        {"brand": "Borealis", "document_count": 400, "first_covered_week": "2026-W04", "capped_at": 400},
        {"brand": "Cygnus", "document_count": 90, "first_covered_week": "2026-W02", "capped_at": None},
    ]


def test_a_brand_that_begins_late_is_never_growth(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    for week in range(24):
        builder.add_documents(week_of_documents(week, 60, brand="Aurora"))
        if week >= 10:
            builder.add_documents(
                week_of_documents(week, 60, brand="Borealis", start_day=3 if week == 10 else 0, sentiment="negative")
            )
    settings = builder.finish()
    make(settings)
    verdicts: dict[tuple[str, str], list[str]] = {}
    for row in rows(settings, "from marts.weekly_metric where kind = '*' order by week_start"):
        verdicts.setdefault((row["metric"], row["brand"]), []).append(row["verdict"])
    covered = ["baseline_building"] * 8 + ["no_clear_change"] * 5
    assert verdicts["volume", "*"] == ["excluded"] * 11 + covered
    assert verdicts["share_of_voice", "Aurora"] == ["excluded"] * 11 + covered
    assert verdicts["volume", "Borealis"] == ["too_few"] * 10 + ["excluded"] + covered
    assert verdicts["volume", "Aurora"] == ["baseline_building"] * 8 + ["no_clear_change"] * 16
    assert verdicts["nss", "*"] == ["baseline_building"] * 8 + ["no_clear_change"] * 2 + ["baseline_building"] + covered
    assert not [v for names in verdicts.values() for v in names if "signal" in v or "watch" in v]


def test_a_source_that_is_added_later_is_never_growth(tmp_path):
    builder = WarehouseBuilder(tmp_path, sources=[("shop", "review"), ("wire", "news")])
    for week in range(20):
        builder.add_documents(week_of_documents(week, 60, brand="Aurora"))
        if week >= 10:
            builder.add_documents(
                week_of_documents(week, 60, brand="Aurora", source="wire", kind="news", sentiment="negative")
            )
    settings = builder.finish()
    make(settings)
    assert rows(settings, "select distinct verdict from marts.weekly_metric where verdict ~ 'signal|watch'") == []
    assert metric(settings, "volume", "Aurora", 9)["verdict"] == "no_clear_change"
    assert metric(settings, "volume", "Aurora", 10)["verdict"] == "baseline_building"
    assert metric(settings, "volume", "Aurora", 19)["verdict"] == "no_clear_change"
    assert metric(settings, "volume", "Aurora", 19, kind="review")["baseline"] == 60


def test_segments_beyond_the_fifty_largest_are_named_as_left_out(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    builder.add_documents(week_of_documents(0, 120, segment=[f"s{number % 60}" for number in range(120)]))
    settings = builder.finish()
    (warning,) = make(settings)
    assert warning.startswith("60 segments")
    kept = rows(settings, "select count(distinct segment) as n from marts.weekly_metric where segment <> '*'")
    assert kept == [{"n": LARGEST_SEGMENTS}]


def test_segments_of_thirty_documents_in_a_week_are_kept_beyond_the_fifty_largest(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    for week in range(3):
        builder.add_documents(week_of_documents(week, 900, segment=[f"s{number % 60}" for number in range(900)]))
    builder.add_documents(week_of_documents(0, 30, segment="short but dense"))
    settings = builder.finish()
    (warning,) = make(settings)
    assert warning.startswith("61 segments: the weekly metrics have rows for 51")
    row = metric(settings, "volume", "*", 0, segment="short but dense")
    assert row["n"] == 30


def test_ratings_on_a_fine_scale_keep_their_mean(tmp_path):
    builder = WarehouseBuilder(tmp_path)
    ratings = np.linspace(0, 100, 77)
    builder.add_documents(week_of_documents(0, 77, brand="Aurora", rating=ratings))
    settings = builder.finish()
    make(settings)
    row = metric(settings, "mean_rating", "Aurora", 0)
    assert row["value"] == pytest.approx(50, abs=1e-6)
    assert float(row["lo"]) == pytest.approx(50 - 1.96 * ratings.std() / 77**0.5, abs=1)
