"""Unequal coverage in real exports: app-store exports that stop at so many reviews, a platform of ten days."""

import os
from pathlib import Path

import pandas as pd
import pytest
from warehouse_builder import WarehouseBuilder

from tasks.build import build_documents, build_weekly
from tasks.config import Settings
from tasks.store.warehouse import Warehouse

DATA = Path(os.environ.get("MARKETBRIEF_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
pytestmark = pytest.mark.shared


def built(root: Path, frame: pd.DataFrame, *, date_only: bool) -> Settings:
    """A warehouse of these reviews (brand, published_at, rating), built."""
    builder = WarehouseBuilder(root, brands=sorted(frame["brand"].unique()))
    frame = frame.assign(
        rating=frame["rating"].astype(float),
        is_date_only=date_only,
        sentiment=["negative" if stars < 3 else "positive" if stars > 3 else "neutral" for stars in frame["rating"]],
    )
    builder.add_documents(frame[["brand", "published_at", "rating", "sentiment", "is_date_only"]])
    settings = builder.finish()
    build_documents.fn(settings)
    build_weekly.fn(settings)
    return settings


def rows(settings: Settings, sql: str) -> list[dict]:
    with Warehouse(settings.warehouse_path) as warehouse:
        return warehouse.rows(sql)


def read(folder: str, file: str) -> pd.DataFrame:
    path = DATA / folder / file
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    return pd.read_csv(path)


@pytest.fixture(scope="module")
def sportswear(tmp_path_factory) -> Settings:
    frame = read("sportswear_app_reviews", "reviews.csv.gz").rename(columns={"at": "published_at", "score": "rating"})
    frame["published_at"] = pd.to_datetime(frame["published_at"])
    return built(tmp_path_factory.mktemp("sportswear"), frame[frame["published_at"] >= "2024-09-29"], date_only=False)


@pytest.fixture(scope="module")
def rentals(tmp_path_factory) -> Settings:
    frame = read("trustpilot_rentals", "trustpilot_flagged.csv.gz").rename(columns={"platform": "brand"})
    frame["published_at"] = pd.to_datetime(frame["date_posted"], utc=True).dt.tz_localize(None).dt.normalize()
    return built(tmp_path_factory.mktemp("rentals"), frame[frame["published_at"] >= "2025-01-06"], date_only=True)


def test_an_export_of_2000_reviews_a_brand_is_found_with_where_each_brand_begins(sportswear):
    found = rows(sportswear, "select brand, document_count, first_covered_week, capped_at from ops.brand_coverage")
    assert [(row["brand"], row["first_covered_week"], row["capped_at"]) for row in found if row["capped_at"]] == [
        ("adidas", "2024-W40", 2000),
        ("nike", "2025-W27", 2000),
        ("puma", "2024-W52", 2000),
    ]


def test_the_week_in_which_the_largest_brand_begins_is_no_growth(sportswear):
    # Nike alone brings more than the others; its first reviews are of Thursday, 26 June 2025 (W26).
    around = "iso_week between '2025-W24' and '2025-W33' and kind = '*' and segment = '*'"
    found = rows(
        sportswear,
        f"select metric, brand, iso_week, verdict from marts.weekly_metric where {around}"
        " and (brand in ('*', 'nike') or metric = 'share_of_voice') and metric in ('volume', 'share_of_voice')",
    )
    assert not [
        row for row in found if row["verdict"].startswith(("signal", "watch")) and row["iso_week"] <= "2025-W27"
    ]
    begun = {row["verdict"] for row in found if row["brand"] == "nike" and row["iso_week"] == "2025-W26"}
    assert begun == {"excluded"}


def test_an_export_drawn_on_a_friday_leaves_an_incomplete_week(sportswear):
    (last,) = rows(sportswear, "select * from ops.source_health where iso_week = '2025-W41'")
    assert (last["incomplete_reason"], last["missing_days"]) == ("missing_days", 2)


def test_a_platform_of_ten_days_is_never_growth(rentals):
    (turo,) = rows(rentals, "from ops.brand_coverage where brand = 'turo'")
    assert (turo["document_count"], turo["first_covered_week"]) == (1482, "2026-W22")
    found = rows(
        rentals,
        "select metric, brand, iso_week, verdict from marts.weekly_metric where kind = '*' and segment = '*'"
        " and metric in ('volume', 'share_of_voice') and iso_week >= '2026-W21' and verdict ~ 'signal|watch'",
    )
    assert found == []
    shares = rows(
        rentals,
        "select distinct verdict from marts.weekly_metric where metric = 'share_of_voice' and iso_week = '2026-W21'",
    )
    assert shares == [{"verdict": "excluded"}]
