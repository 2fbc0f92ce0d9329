-- Grain: one row per iso_week that has a report which does not know a correction yet.
-- A correction of a document concerns the week of the document and of its copies; one of a topic the newest report. A
-- report knows it where a published run that began after it covered the week.
with corrected as (

    select
        documents.iso_week,
        corrections.made_at
    from ops.correction as corrections
    inner join marts.document as named on split_part(corrections.subject, ':', 1) = named.document_id
    inner join marts.document as documents on named.duplicate_group_id = documents.duplicate_group_id
    where corrections.kind in ('sentiment', 'entity', 'spam', 'topic')

    union all

    select
        (select max(iso_week) from marts.report) as iso_week,
        made_at
    from ops.correction
    where kind in ('topic_rename', 'topic_merge', 'topic_split', 'topic_pin', 'topic_hide')

)

select distinct corrected.iso_week
from corrected
semi join marts.report as reports on corrected.iso_week = reports.iso_week
anti join ops.run as runs
    on runs.status = 'published'
    and runs.started_at >= corrected.made_at
    and corrected.iso_week between runs.first_week and runs.last_week
order by corrected.iso_week
