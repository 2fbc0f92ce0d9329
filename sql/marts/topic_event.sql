-- Grain: one row per (week_start, event, topic_id, other_topic_id, cause).
select
    week_start,
    strftime(week_start, '%G-W%V') as iso_week,
    event,
    topic_id,
    coalesce(other_topic_id, '*') as other_topic_id,
    language,
    cause,
    similarity,
    document_count,
    author_count,
    document_ids,
    expected_count
from enriched.topic_event
order by week_start, event, topic_id, other_topic_id, cause
