-- Grain: one row per ISO week: net sentiment of a brand (* for all) with its 95 % interval; null where n < 30.
select
    iso_week,
    n,
    value,
    lo,
    hi,
    verdict
from marts.weekly_metric
where
    metric = 'nss'
    and week_start between $first_week_start and $week_start
    and brand = $brand
    and kind = '*'
    and segment = '*'
order by iso_week
