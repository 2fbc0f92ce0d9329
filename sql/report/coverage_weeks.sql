-- Grain: one row per week: documents received and expected, over the sources from which some were expected.
select
    week_start,
    sum(received_count)::bigint as received,
    sum(expected_count)::bigint as expected
from ops.source_health
where
    week_start between $first_week_start and $week_start
    and expected_count > 0
group by week_start
order by week_start
