-- Grain: one row per document_id of the first weeks of a language that together hold so many different texts; none
-- where all weeks hold fewer. Documents that count, as in counted_documents.
-- Parameters: language; least, different texts.
with counted as (

    select
        documents.document_id,
        documents.text,
        date_trunc(
            'week',
            case
                when documents.is_date_only then documents.published_at
                else (documents.published_at at time zone 'UTC') at time zone project.timezone
            end
        )::date as week_start
    from staging.document as documents
    cross join staging.project as project
    inner join staging.duplicate as duplicates on documents.document_id = duplicates.document_id
    where
        documents.language = $language
        and documents.kind in ('review', 'news')
        and documents.spam_reason is null
        and duplicates.spam_reason is null
        and duplicates.is_canonical

),

weeks as (

    select
        week_start,
        sum(count(*)) over (order by week_start) as text_count
    from (select text, min(week_start) as week_start from counted group by text)
    group by week_start

),

enough as (

    select min(week_start) as through_week
    from weeks
    where text_count >= $least

)

select
    counted.document_id,
    counted.text,
    enough.through_week
from counted
cross join enough
where counted.week_start <= enough.through_week
order by counted.document_id
