-- Grain: one row per (metric, brand, aspect) of the week.
select
    metric,
    brand,
    aspect,
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
from marts.weekly_aspect
where week_start = $week_start
order by metric, brand, aspect
