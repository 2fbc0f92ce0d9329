-- Grain: one row per (week_start, source, kind, brand, segment, rating): the histogram of stars behind mean_rating.
with rated as (

    select
        documents.week_start,
        documents.source,
        documents.kind,
        attribution.brand,
        nullif(documents.segment, '*') as segment,
        documents.rating
    from attribution
    inner join marts.document as documents on attribution.document_id = documents.document_id
    where
        attribution.belongs
        and documents.is_canonical
        and documents.rating is not null
        and documents.kind <> 'competitor'

)

select
    week_start,
    source,
    kind,
    brand,
    coalesce(segment, '*') as segment,
    rating::double as rating,
    count(*) as document_count
from rated
group by grouping sets (
    (week_start, source, kind, brand, rating),
    (week_start, source, kind, brand, segment, rating)
)
having segment is not null or grouping(segment) = 1
