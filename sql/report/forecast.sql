-- Grain: one row per (metric, brand): what is to be expected of next week, and how such forecasts had done.
select
    metric,
    brand,
    target_week,
    value,
    lo,
    hi,
    model,
    backtest_weeks,
    mae,
    mae_last,
    mae_mean8,
    mae_seasonal,
    coverage,
    coverage_weeks,
    is_shown
from marts.forecast
where week_start = $week_start
order by metric desc, brand
