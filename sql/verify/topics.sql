-- Grain: one row per (metric, brand, topic_id) of a week, for the topics' cards.
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
where iso_week = $iso_week
order by metric, brand, topic_id
