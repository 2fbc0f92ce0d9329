-- Grain: one row: documents of customers and press of the week, and those of them that hold a name nobody listed.
with documents as (

    select document_id
    from marts.document
    where
        week_start = $week_start
        and is_canonical
        and not is_spam
        and kind <> 'competitor'

)

select
    count(*) as n,
    count(*) filter (where document_id in (select document_id from marts.mention where entity_id = $entity_id)) as k,
    round(k / nullif(n, 0), 6) as value
from documents
