-- Grain: one row per (week_start, source, kind, brand, segment); brand and segment '*' stand for all.
-- Copies count in raw_count and raw_naming_count alone. A story of the press counts once a week and brand in
-- story_count and story_naming_count, by its first article of the week; other documents count there each. Abstained documents count in document_count and not in scored_count; mixed ones in
-- scored_count, as neither positive nor negative.
with counted as (

    select
        documents.week_start,
        documents.source,
        documents.kind,
        attribution.brand,
        nullif(documents.segment, '*') as segment,
        documents.is_canonical,
        attribution.belongs,
        attribution.names,
        row_number() over (
            partition by
                documents.week_start, attribution.brand, attribution.belongs, documents.is_canonical,
                coalesce(documents.story_id, documents.document_id)
            order by documents.published_at, documents.document_id
        ) = 1 as is_first_belonging,
        row_number() over (
            partition by
                documents.week_start, attribution.brand, attribution.names, documents.is_canonical,
                coalesce(documents.story_id, documents.document_id)
            order by documents.published_at, documents.document_id
        ) = 1 as is_first_naming,
        documents.sentiment
    from attribution
    inner join marts.document as documents on attribution.document_id = documents.document_id

)

select
    week_start,
    source,
    kind,
    brand,
    coalesce(segment, '*') as segment,
    count(*) filter (where belongs) as raw_count,
    count(*) filter (where belongs and is_canonical) as document_count,
    count(*) filter (where belongs and is_canonical and is_first_belonging) as story_count,
    count(*) filter (where names) as raw_naming_count,
    count(*) filter (where names and is_canonical) as naming_count,
    count(*) filter (where names and is_canonical and is_first_naming) as story_naming_count,
    count(*) filter (where belongs and is_canonical and sentiment is not null) as scored_count,
    count(*) filter (where belongs and is_canonical and sentiment = 'positive') as positive_count,
    count(*) filter (where belongs and is_canonical and sentiment = 'negative') as negative_count
from counted
group by grouping sets (
    (week_start, source, kind, brand),
    (week_start, source, kind, brand, segment)
)
having segment is not null or grouping(segment) = 1
