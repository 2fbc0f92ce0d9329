-- Grain: one row per (week_start, source, kind, brand, topic_id); brand '*' stands for all. Customers and press only.
select
    documents.week_start,
    documents.source,
    documents.kind,
    attribution.brand,
    documents.topic_id,
    count(*) as document_count,
    count(*) filter (where documents.sentiment is not null) as scored_count,
    count(*) filter (where documents.sentiment = 'positive') as positive_count,
    count(*) filter (where documents.sentiment = 'negative') as negative_count
from attribution
inner join marts.document as documents on attribution.document_id = documents.document_id
where
    attribution.belongs
    and documents.is_canonical
    and documents.kind <> 'competitor'
    and documents.topic_id is not null
group by
    documents.week_start,
    documents.source,
    documents.kind,
    attribution.brand,
    documents.topic_id
