-- Grain: one row per (week_start, source, kind, brand, aspect); brand '*' stands for all. Customers and press only.
-- A document counts once per aspect: with evidence in both directions it counts as scored, neither positive nor negative.
with aspects as (

    select
        document_id,
        aspect,
        bool_or(sentiment is not null) as is_scored,
        coalesce(bool_or(sentiment = 'positive'), false) as is_positive,
        coalesce(bool_or(sentiment = 'negative'), false) as is_negative
    from marts.document_aspect
    group by document_id, aspect

)

select
    documents.week_start,
    documents.source,
    documents.kind,
    attribution.brand,
    aspects.aspect,
    count(*) as document_count,
    count(*) filter (where aspects.is_scored) as scored_count,
    count(*) filter (where aspects.is_positive and not aspects.is_negative) as positive_count,
    count(*) filter (where aspects.is_negative and not aspects.is_positive) as negative_count
from attribution
inner join marts.document as documents on attribution.document_id = documents.document_id
inner join aspects on documents.document_id = aspects.document_id
where
    attribution.belongs
    and documents.is_canonical
    and documents.kind <> 'competitor'
group by
    documents.week_start,
    documents.source,
    documents.kind,
    attribution.brand,
    aspects.aspect
