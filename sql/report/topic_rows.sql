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
    verdict
from marts.weekly_topic
where week_start = $week_start
order by metric, brand, topic_id
