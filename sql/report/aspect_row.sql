-- Grain: one row: a metric of an aspect in a week.
select
    iso_week,
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
    slope_verdict,
    slope_start + 11 * slope as slope_end,
    11 * slope_lo as slope_change_lo,
    11 * slope_hi as slope_change_hi
from marts.weekly_aspect
where
    week_start = $week_start
    and metric = $metric
    and brand = $brand
    and aspect = $aspect
