-- Share of voice of every tracked brand, week by week: k of the n documents that name any tracked brand.
select
    iso_week,
    brand,
    k,
    n,
    value,
    lo,
    hi,
    verdict
from marts.weekly_metric
where
    metric = 'share_of_voice'
    and kind = '*'
    and segment = '*'
order by week_start, brand
