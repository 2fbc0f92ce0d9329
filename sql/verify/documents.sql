-- Grain: one row per document of a list, as it is now. matching_count: how many there are.
select
    document_id,
    source,
    kind,
    brand,
    language,
    published_at,
    sentiment,
    topic_id,
    model_version_id,
    url,
    text,
    count(*) over () as matching_count
from marts.document
where document_id in (select unnest($document_ids))
order by document_id
