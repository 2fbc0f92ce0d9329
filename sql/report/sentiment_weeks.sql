-- Grain: one row per ISO week: documents of the brand (* for all) by sentiment; copies and spam left out.
-- A document belongs to a brand when its source says so, or when the source names none and the text names the brand.
with documents as (

    select
        iso_week,
        sentiment
    from marts.document
    where
        week_start between $first_week_start and $week_start
        and is_canonical
        and not is_spam
        and kind <> 'competitor'
        and (
            $brand = '*'
            or brand = $brand
            or (
                brand is null
                and document_id in (select document_id from marts.mention where is_tracked and brand = $brand)
            )
        )

)

select
    iso_week,
    count(*) filter (where sentiment = 'negative') as negative,
    count(*) filter (where sentiment = 'mixed') as mixed,
    count(*) filter (where sentiment = 'neutral') as neutral,
    count(*) filter (where sentiment = 'positive') as positive,
    count(*) filter (where sentiment is null) as abstained
from documents
group by iso_week
order by iso_week
