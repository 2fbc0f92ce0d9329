-- Grain: one row per document_id of a language that a topic model has seen.
-- Parameters: language (* for all that an encoder reads); topic_id, a model version; since, a Monday (null: all weeks).
with weeks as (

    select
        documents.document_id,
        date_trunc(
            'week',
            case
                when documents.is_date_only then documents.published_at
                else (documents.published_at at time zone 'UTC') at time zone project.timezone
            end
        )::date as week_start
    from staging.document as documents
    cross join staging.project as project
    where
        (documents.language = $language or ($language = '*' and documents.language <> 'other'))
        and ($since::date is null or documents.published_at >= $since::date - interval 2 day)

)

select
    weeks.document_id,
    weeks.week_start,
    assigned.drawn_topic_id
from weeks
inner join enriched.document_topic as assigned
    on weeks.document_id = assigned.document_id
    and assigned.model_version_id = $topic_id
where $since::date is null or weeks.week_start >= $since::date
order by weeks.document_id
