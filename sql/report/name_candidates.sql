-- Grain: one row per document of the week that holds a name which no configuration lists; longest first.
select distinct
    documents.document_id,
    documents.source,
    documents.language,
    documents.title,
    documents.text,
    documents.url,
    documents.sentiment,
    staged.author_hash,
    case
        when coalesce(staged.is_date_only, false) then documents.published_at
        else (documents.published_at at time zone 'UTC') at time zone $timezone
    end::date as published_date,
    length(documents.text) between 40 and 400 as is_handy
from marts.mention as mentions
inner join marts.document as documents on mentions.document_id = documents.document_id
left join staging.document as staged on documents.document_id = staged.document_id
where
    mentions.entity_id = $entity_id
    and documents.week_start = $week_start
    and documents.is_canonical
    and not documents.is_spam
    and documents.kind <> 'competitor'
order by is_handy desc, documents.document_id
limit 20
