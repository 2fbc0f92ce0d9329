"""Stage build, forecasts: weekly series become marts.forecast, a forecast a week and series with its backtest."""

from __future__ import annotations

import logging
import math
import time
from datetime import timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.config import Settings
from tasks.core.contracts import ALL
from tasks.core.forecast import forecasts
from tasks.core.weeks import week_of
from tasks.store.warehouse import Warehouse, sql_text

logger = logging.getLogger(__name__)
BOUNDS = {"volume": (0.0, math.inf), "nss": (-1.0, 1.0)}


@task(cache_policy=NO_CACHE, task_run_name="build-forecasts")
def build_forecasts(settings: Settings) -> int:
    """Make marts.forecast anew; its number of rows. Reads marts.weekly_metric, which has every week of every series."""
    started = time.monotonic()
    with Warehouse(settings.warehouse_path) as warehouse:
        series = warehouse.frame(sql_text("marts/steps/forecast_series"))
        rows = []
        for (metric, brand), weeks in series.groupby(["metric", "brand"], sort=True):
            values = [None if math.isnan(value) else value for value in weeks["value"].astype(float)]
            lowest, highest = BOUNDS[str(metric)]
            mondays = weeks["week_start"].tolist()
            for item in forecasts(values, lowest=lowest, highest=highest):
                monday = mondays[item.place]
                rows.append(
                    {
                        "week_start": monday,
                        "iso_week": week_of(monday),
                        "target_week": week_of(monday + timedelta(weeks=1)),
                        "metric": metric,
                        "brand": brand,
                        "kind": ALL,
                        **{name: _rounded(getattr(item, name)) for name in item.__slots__ if name != "place"},
                    }
                )
        count = warehouse.replace("marts.forecast", rows)
    logger.info(
        "build_forecasts series=%d rows=%d shown=%d seconds=%.1f",
        series.groupby(["metric", "brand"]).ngroups,
        count,
        sum(row["is_shown"] for row in rows),
        time.monotonic() - started,
    )
    return count


def _rounded(value: object) -> object:
    return round(value, 6) if isinstance(value, float) else value
