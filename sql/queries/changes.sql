-- Every Signal and Watch of the last 12 weeks, newest first, the surest first.
select
    iso_week,
    metric,
    brand,
    kind,
    cast(null as varchar) as topic_id,
    n,
    value,
    previous,
    baseline,
    delta_lo,
    delta_hi,
    q_value,
    verdict
from marts.weekly_metric
where
    segment = '*'
    and (verdict like 'signal%' or verdict like 'watch%')
    and week_start > (select max(week_start) from marts.weekly_metric) - interval 12 weeks

union all

select
    iso_week,
    metric,
    brand,
    '*' as kind,
    topic_id,
    n,
    value,
    previous,
    baseline,
    delta_lo,
    delta_hi,
    q_value,
    verdict
from marts.weekly_topic
where
    (verdict like 'signal%' or verdict like 'watch%')
    and week_start > (select max(week_start) from marts.weekly_metric) - interval 12 weeks
order by iso_week desc, q_value, metric, brand, kind, topic_id
