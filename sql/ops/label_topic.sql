-- Grain: one row per document_id of a week that counts; the first rows are the ones to label.
-- Of each topic (none is one) about the same number comes first. Parameters: iso_week; most.
with placed as (

    select
        documents.document_id,
        documents.language,
        documents.text,
        coalesce(documents.topic_id, 'none') as predicted,
        coalesce(topics.label_en, topics.label_zh) as topic_label,
        row_number() over (partition by documents.topic_id order by md5($iso_week || documents.document_id)) as place
    from marts.document as documents
    left join marts.topic as topics on documents.topic_id = topics.topic_id
    where
        documents.iso_week = $iso_week
        and documents.is_canonical
        and not documents.is_spam
        and documents.kind <> 'competitor'
        and documents.language <> 'other'

)

select
    'topic' as kind,
    document_id as subject,
    language,
    text,
    topic_label,
    predicted,
    null::decimal(6, 4) as confidence
from placed
order by place, md5($iso_week || document_id)
limit $most
