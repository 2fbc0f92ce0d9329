-- Net sentiment of every brand, week by week, with its interval.
select
    iso_week,
    brand,
    n,
    value,
    lo,
    hi,
    verdict
from marts.weekly_metric
where
    metric = 'nss'
    and kind = '*'
    and segment = '*'
order by week_start, brand
