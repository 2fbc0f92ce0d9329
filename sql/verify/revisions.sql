-- Grain: one row per revision of a week's report.
select
    iso_week,
    revision,
    content_hash,
    payload
from marts.report
where iso_week = $iso_week
order by revision
