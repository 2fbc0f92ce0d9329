-- Grain: one row per name that no configuration lists, first seen in the eight weeks up to this one, in 3 or more
-- documents of the last four weeks and 2 or more of this one (copies, spam and competitors' own pages left out), from
-- two sources or more where there are two. In the project's own first four weeks everything would be new, so nothing
-- is. A name that is never written with a capital, or as a tracked brand is elsewhere, is left out.
with extent as (

    select
        min(week_start) as first_week_start,
        count(distinct source) as source_count
    from marts.document
    where is_canonical and not is_spam and kind <> 'competitor' and week_start <= $week_start

),

tracked as (

    select distinct lower(surface) as surface
    from marts.mention
    where is_tracked

),

seen as (

    select distinct
        mentions.entity_id,
        mentions.entity_name,
        mentions.entity_type,
        documents.document_id,
        documents.source,
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
        and lower(mentions.entity_name) not in (select tracked.surface from tracked)

)

select
    entity_id,
    any_value(entity_name order by entity_name) as entity_name,
    any_value(entity_type order by entity_type) as entity_type,
    min(iso_week) as first_week,
    count(distinct document_id) filter (where week_start = $week_start) as document_count,
    count(distinct document_id) as total_count
from seen
cross join extent
group by entity_id
having
    min(week_start) > $week_start::date - interval 56 days
    and min(week_start) >= any_value(extent.first_week_start) + interval 28 days
    and document_count >= 2
    and count(distinct document_id) filter (where week_start > $week_start::date - interval 28 days) >= 3
    and count(distinct source) >= least(2, any_value(extent.source_count))
    and bool_or(entity_name <> lower(entity_name) or regexp_matches(entity_name, '[^\x00-\x7F]'))
order by document_count desc, entity_id
limit 5
