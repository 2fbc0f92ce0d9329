-- Last week in one table: every headline measure of every brand, with interval, change and verdict.
select
    metrics.iso_week,
    metrics.brand,
    metrics.metric,
    metrics.n,
    metrics.value,
    metrics.lo,
    metrics.hi,
    metrics.previous,
    metrics.delta,
    metrics.delta_lo,
    metrics.delta_hi,
    metrics.baseline,
    metrics.verdict
from marts.weekly_metric as metrics
where
    metrics.week_start = (select max(week_start) from marts.weekly_metric)
    and metrics.kind = '*'
    and metrics.segment = '*'
order by metrics.brand, metrics.metric
