-- A source sent nothing, or less than 80 % of what was expected, in the last week (of 5 documents a week or more).
select concat(source, ' ', status, ' in ', iso_week, ': ', received_count, ' of ', coalesce(expected_count, 0)) as key
from ops.source_health
where
    week_start = (select max(week_start) from ops.source_health)
    and status in ('silent', 'low')
    and expected_count >= 5
order by source
