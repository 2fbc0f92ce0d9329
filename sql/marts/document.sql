-- Grain: one row per document_id.
-- Rows of models that are not current, or not of the document's language, are left aside: a document without a
-- current row shows as abstained. What a person corrected wins over models and rules: for the document itself, and for
-- copies that nobody corrected otherwise. News that no story model reads are one story with their copies.
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

),

story as (

    select
        told.document_id,
        told.story_id,
        current_model.language
    from enriched.story as told
    inner join current_model
        on told.model_version_id = current_model.model_version_id
        and current_model.task = 'story'

),

named_correction as (

    select
        corrections.subject,
        corrections.kind,
        corrections.value,
        corrections.correction_sequence,
        duplicates.duplicate_group_id
    from ops.current_correction as corrections
    inner join staging.duplicate as duplicates on corrections.subject = duplicates.document_id
    where corrections.kind in ('sentiment', 'spam', 'topic')

),

spread_correction as (

    select
        duplicates.document_id,
        named_correction.kind,
        named_correction.value,
        row_number() over (
            partition by duplicates.document_id, named_correction.kind
            order by
                named_correction.subject = duplicates.document_id desc,
                named_correction.correction_sequence desc
        ) as place
    from named_correction
    inner join staging.duplicate as duplicates on named_correction.duplicate_group_id = duplicates.duplicate_group_id

),

corrected as (

    select
        document_id,
        max(value) filter (where kind = 'sentiment') as sentiment,
        max(value) filter (where kind = 'spam') as spam,
        max(value) filter (where kind = 'topic') as topic_id
    from spread_correction
    where place = 1
    group by document_id

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
    case
        when documents.kind = 'news' then coalesce(story.story_id, 'st-' || left(duplicates.duplicate_group_id, 12))
    end as story_id,
    case
        when corrected.spam is not null then corrected.spam = 'spam'
        else coalesce(documents.spam_reason, duplicates.spam_reason) is not null
    end as is_spam,
    case
        when corrected.spam = 'not_spam' then null
        else coalesce(documents.spam_reason, duplicates.spam_reason, if(corrected.spam = 'spam', 'corrected', null))
    end as spam_reason,

    coalesce(corrected.sentiment, sentiment.sentiment) as sentiment,
    case
        when corrected.sentiment = 'negative' then -1
        when corrected.sentiment = 'positive' then 1
        when corrected.sentiment is not null then 0
        when sentiment.sentiment is not null then sentiment.sentiment_score
    end as sentiment_score,
    case
        when corrected.sentiment is not null then 1
        when sentiment.sentiment is not null then sentiment.sentiment_confidence
    end as sentiment_confidence,
    case
        when corrected.topic_id = 'none' then null
        else coalesce(corrected.topic_id, topic.topic_id)
    end as topic_id,
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
left join story
    on documents.document_id = story.document_id
    and story.language = documents.language
left join corrected on documents.document_id = corrected.document_id
order by documents.document_id
