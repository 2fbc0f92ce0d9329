-- Grain: one row per (metric, brand, topic_id) with documents this week or in the baseline.
select
    metric,
    brand,
    topic_id,
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
from marts.weekly_topic
where
    week_start = $week_start
    and topic_id not in (select topic_id from marts.topic where is_hidden)
order by metric, brand, topic_id
