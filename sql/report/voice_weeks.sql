-- Grain: one row per (brand, ISO week): share of the documents naming a tracked brand that name this one.
select
    brand,
    iso_week,
    n,
    k,
    value,
    lo,
    hi,
    verdict
from marts.weekly_metric
where
    metric = 'share_of_voice'
    and week_start between $first_week_start and $week_start
    and brand <> '*'
    and kind = '*'
    and segment = '*'
order by brand, iso_week
