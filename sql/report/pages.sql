-- Grain: one row per competitor's own page of the week, newest first.
select
    documents.document_id,
    documents.source,
    documents.brand,
    documents.language,
    documents.title,
    documents.text,
    documents.url,
    staged.author_hash,
    case
        when coalesce(staged.is_date_only, false) then documents.published_at
        else (documents.published_at at time zone 'UTC') at time zone $timezone
    end::date as published_date
from marts.document as documents
left join staging.document as staged on documents.document_id = staged.document_id
where
    documents.week_start = $week_start
    and documents.kind = 'competitor'
    and documents.is_canonical
order by documents.published_at desc, documents.document_id
limit 8
