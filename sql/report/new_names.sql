-- Grain: one row per name that no configuration lists, first seen in the four weeks up to this one, in 3 or more
-- documents of this week (copies, spam and competitors' own pages left out).
with seen as (

    select distinct
        mentions.entity_id,
        mentions.entity_name,
        mentions.entity_type,
        documents.document_id,
        documents.week_start,
        documents.iso_week
    from marts.mention as mentions
    inner join marts.document as documents on mentions.document_id = documents.document_id
    where
        not mentions.is_tracked
        and documents.week_start <= $week_start
        and documents.is_canonical
        and not documents.is_spam
        and documents.kind <> 'competitor'

)

select
    entity_id,
    any_value(entity_name order by entity_name) as entity_name,
    any_value(entity_type order by entity_type) as entity_type,
    min(iso_week) as first_week,
    count(*) filter (where week_start = $week_start) as document_count,
    count(*) as total_count
from seen
group by entity_id
having
    min(week_start) > $week_start::date - interval 28 days
    and document_count >= 3
order by document_count desc, entity_id
limit 5
