-- What each source was expected to send in the last 8 weeks, and what arrived.
select
    iso_week,
    source,
    kind,
    expected_count,
    received_count,
    duplicate_count,
    rejected_count,
    coverage,
    newest_published_at,
    status
from ops.source_health
where week_start > (select max(week_start) from ops.source_health) - interval 8 weeks
order by week_start desc, source
