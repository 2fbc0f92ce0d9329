-- Grain: one row per document_id.
-- Rows of models that are not current, or not of the document's language, are left aside: a document without a
-- current row shows as abstained.
with current_model as (

    select
        model_version_id,
        task,
        language
    from ops.model_version
    where is_current

),

local_time as (

    select
        documents.document_id,
        case
            when documents.is_date_only then documents.published_at
            else (documents.published_at at time zone 'UTC') at time zone project.timezone
        end as published_local
    from staging.document as documents
    cross join staging.project as project

),

sentiment as (

    select
        scores.document_id,
        scores.model_version_id,
        current_model.language,
        scores.sentiment,
        scores.sentiment_score,
        scores.sentiment_confidence
    from enriched.sentiment as scores
    inner join current_model
        on scores.model_version_id = current_model.model_version_id
        and current_model.task = 'sentiment'

),

topic as (

    select
        assigned.document_id,
        assigned.topic_id,
        current_model.language
    from enriched.document_topic as assigned
    inner join current_model
        on assigned.model_version_id = current_model.model_version_id
        and current_model.task = 'topic'

)

select
    documents.document_id,
    documents.source,
    documents.kind,
    documents.brand,
    documents.segment,
    documents.language,
    documents.title,
    documents.text,
    documents.url,

    documents.published_at,
    date_trunc('week', local_time.published_local)::date as week_start,
    strftime(date_trunc('week', local_time.published_local)::date, '%G-W%V') as iso_week,

    documents.rating,

    duplicates.duplicate_group_id,
    duplicates.is_canonical,
    null::varchar as story_id,
    coalesce(documents.spam_reason, duplicates.spam_reason) is not null as is_spam,
    coalesce(documents.spam_reason, duplicates.spam_reason) as spam_reason,

    sentiment.sentiment,
    case when sentiment.sentiment is not null then sentiment.sentiment_score end as sentiment_score,
    case when sentiment.sentiment is not null then sentiment.sentiment_confidence end as sentiment_confidence,
    topic.topic_id,
    sentiment.model_version_id
from staging.document as documents
inner join local_time on documents.document_id = local_time.document_id
inner join staging.duplicate as duplicates on documents.document_id = duplicates.document_id
left join sentiment
    on documents.document_id = sentiment.document_id
    and sentiment.language in (documents.language, '*')
left join topic
    on documents.document_id = topic.document_id
    and topic.language in (documents.language, '*')
order by documents.document_id
