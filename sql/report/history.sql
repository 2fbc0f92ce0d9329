-- Grain: one row per (week_start, metric): a brand's headline measures over the weeks up to this one.
select
    week_start,
    metric,
    n,
    value
from marts.weekly_metric
where
    week_start between $first_week_start and $week_start
    and brand = $brand
    and kind = '*'
    and segment = '*'
order by week_start, metric
