-- Grain: one row per topic_id, merged and dead ones included: a report of an earlier week may name them.
-- What a person corrected wins: names, merges, pins and hidden topics. A label that a language model worded stands
-- over the offline one as long as the project has such a model.
-- A topic of a registry of several languages goes by the one that most of its documents were in when it was named.
-- first_week and last_week are null where no document points to the topic any more.
with weeks as (

    select
        topic_id,
        count(*) as document_count,
        min(iso_week) as first_week,
        max(iso_week) as last_week
    from marts.document
    where topic_id is not null
    group by topic_id

),

renamed as (

    select
        topics.topic_id,
        max(corrections.value) filter (where coalesce(corrections.language, topics.language) = 'en') as label_en,
        max(corrections.value) filter (where coalesce(corrections.language, topics.language) = 'zh') as label_zh
    from enriched.topic as topics
    inner join ops.current_correction as corrections
        on topics.topic_id = corrections.subject
        and corrections.kind = 'topic_rename'
    group by topics.topic_id

),

polished as (

    select
        labels.topic_id,
        max(labels.label) filter (where labels.language = 'en') as label_en,
        max(labels.label) filter (where labels.language = 'zh') as label_zh,
        max(labels.model_version_id) filter (where labels.language = 'en') as model_en,
        max(labels.model_version_id) filter (where labels.language = 'zh') as model_zh
    from enriched.polished_label as labels
    where
        labels.label is not null
        and labels.language in (select language from ops.model_version where task = 'label' and is_current)
    group by labels.topic_id

),

flags as (

    select
        subject as topic_id,
        bool_or(kind = 'topic_pin' and lower(value) = 'yes') as is_pinned,
        bool_or(kind = 'topic_hide' and lower(value) = 'yes') as is_hidden
    from ops.current_correction
    where kind in ('topic_pin', 'topic_hide')
    group by subject

)

select
    topics.topic_id,
    coalesce(topics.keyword_language, nullif(topics.language, '*'), 'en') as language,
    coalesce(renamed.label_en, polished.label_en, topics.label_en) as label_en,
    coalesce(renamed.label_zh, polished.label_zh, topics.label_zh) as label_zh,
    case when renamed.label_en is null then polished.model_en end as label_en_model_version_id,
    case when renamed.label_zh is null then polished.model_zh end as label_zh_model_version_id,
    topics.keywords,
    weeks.first_week,
    weeks.last_week,
    case when topics.shown_as <> topics.topic_id then topics.shown_as end as replaced_by,
    case when topics.shown_as <> topics.topic_id then 'merged' else topics.status end as status,
    coalesce(weeks.document_count, 0) as document_count,
    coalesce(flags.is_pinned, false) as is_pinned,
    coalesce(flags.is_hidden, false) as is_hidden
from enriched.topic as topics
left join weeks on topics.topic_id = weeks.topic_id
left join renamed on topics.topic_id = renamed.topic_id
left join polished on topics.topic_id = polished.topic_id
left join flags on topics.topic_id = flags.topic_id
order by topics.topic_id
