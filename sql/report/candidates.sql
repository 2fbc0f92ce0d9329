-- Grain: one row per document that may be quoted, best first: nearest to the topic's centre where a topic is given,
-- else surest of its sentiment. Long enough to say something, short enough to be read, before the others.
with assigned as (

    select
        document_id,
        max(similarity) as similarity
    from enriched.document_topic
    where topic_id = $topic_id
    group by document_id

)

select
    documents.document_id,
    documents.source,
    documents.language,
    documents.title,
    documents.text,
    documents.url,
    documents.sentiment,
    documents.topic_id,
    staged.author_hash,
    case
        when coalesce(staged.is_date_only, false) then documents.published_at
        else (documents.published_at at time zone 'UTC') at time zone $timezone
    end::date as published_date
from marts.document as documents
left join staging.document as staged on documents.document_id = staged.document_id
left join assigned on documents.document_id = assigned.document_id
where
    documents.week_start = $week_start
    and documents.is_canonical
    and not documents.is_spam
    and documents.kind <> 'competitor'
    and ($topic_id is null or documents.topic_id = $topic_id)
    and ($sentiment is null or documents.sentiment = $sentiment)
    and (
        $brand = '*'
        or documents.brand = $brand
        or (
            documents.brand is null
            and documents.document_id in (select document_id from marts.mention where is_tracked and brand = $brand)
        )
    )
order by
    assigned.similarity desc nulls last,
    length(documents.text) between 40 and 400 desc,
    documents.sentiment_confidence desc nulls last,
    documents.document_id
limit 40
