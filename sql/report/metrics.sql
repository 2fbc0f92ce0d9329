-- Grain: one row per (metric, brand, kind): the week's measures of customers and press, over all segments.
select
    metric,
    brand,
    kind,
    segment,
    n,
    k,
    value,
    lo,
    hi,
    previous,
    baseline,
    delta,
    delta_lo,
    delta_hi,
    q_value,
    verdict,
    slope,
    slope_lo,
    slope_hi,
    slope_start,
    slope_n,
    slope_q_value,
    slope_verdict
from marts.weekly_metric
where
    week_start = $week_start
    and segment = '*'
    and kind <> 'competitor'
order by metric, brand, kind
