-- Grain: one row per (iso_week, metric): the headline measures of a brand, for the lines of past weeks.
select
    iso_week,
    metric,
    value
from marts.weekly_metric
where
    brand = $brand
    and kind = '*'
    and segment = '*'
order by iso_week, metric
