-- Grain: one row per source: what was expected and what came in the week.
-- expected: median of up to 8 earlier weeks. rejected: over all batches so far (a rejected record has no week).
with documents as (

    select
        source,
        kind,
        count(*) filter (where is_canonical and not is_spam) as counted,
        count(*) filter (where is_spam) as spam,
        count(*) filter (where is_canonical and not is_spam and sentiment is null) as abstained,
        count(*) filter (where is_canonical and not is_spam and topic_id is null) as without_topic,
        count(*) filter (where language = 'en') as english,
        count(*) filter (where language = 'zh') as chinese,
        count(*) filter (where language = 'other') as other_languages
    from marts.document
    where week_start = $week_start
    group by source, kind

)

select
    health.source,
    health.kind,
    health.status,
    health.expected_count as expected,
    health.received_count as received,
    health.duplicate_count as duplicates,
    health.rejected_count as rejected_total,
    health.newest_published_at,
    coalesce(documents.counted, 0) as counted,
    coalesce(documents.spam, 0) as spam,
    coalesce(documents.abstained, 0) as abstained,
    coalesce(documents.without_topic, 0) as without_topic,
    coalesce(documents.english, 0) as english,
    coalesce(documents.chinese, 0) as chinese,
    coalesce(documents.other_languages, 0) as other_languages,
    health.missing_days,
    health.incomplete_reason
from ops.source_health as health
left join documents on health.source = documents.source and health.kind = documents.kind
where health.week_start = $week_start
order by health.source, health.kind
