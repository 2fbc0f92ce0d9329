-- Grain: one row per (topic, document) that names it: the documents nearest to a topic's centre, of those that may
-- shape topics. Parameters: language; topic_id, a model version; most, documents per topic.
select
    assigned.drawn_topic_id,
    assigned.document_id
from enriched.document_topic as assigned
inner join staging.document as documents on assigned.document_id = documents.document_id
inner join staging.duplicate as duplicates on assigned.document_id = duplicates.document_id
where
    assigned.model_version_id = $topic_id
    and assigned.drawn_topic_id is not null
    and documents.language = $language
    and documents.kind in ('review', 'news')
    and documents.spam_reason is null
    and duplicates.spam_reason is null
    and duplicates.is_canonical
qualify
    row_number() over (
        partition by assigned.drawn_topic_id
        order by assigned.similarity desc, assigned.document_id
    ) <= $most
order by assigned.drawn_topic_id, assigned.similarity desc, assigned.document_id
