-- Grain: one row per sentence of the week that puts one brand above the other; the handiest first.
select
    comparisons.start_char,
    comparisons.end_char,
    documents.document_id,
    documents.source,
    documents.language,
    documents.title,
    documents.text,
    documents.url,
    documents.sentiment,
    documents.topic_id,
    case
        when coalesce(staged.is_date_only, false) then documents.published_at
        else (documents.published_at at time zone 'UTC') at time zone $timezone
    end::date as published_date
from marts.comparison as comparisons
inner join marts.document as documents on comparisons.document_id = documents.document_id
left join staging.document as staged on documents.document_id = staged.document_id
where
    comparisons.preferred_brand = $preferred_brand
    and comparisons.other_brand = $other_brand
    and documents.week_start = $week_start
    and documents.is_canonical
    and not documents.is_spam
    and documents.kind <> 'competitor'
order by
    comparisons.end_char - comparisons.start_char between 25 and 200 desc,
    documents.document_id,
    comparisons.start_char
limit 20
