-- Grain: one row per document behind a number of the report; the surest first. matching_count: how many there are.
select
    document_id,
    source,
    kind,
    brand,
    language,
    published_at,
    sentiment,
    topic_id,
    model_version_id,
    url,
    text,
    count(*) over () as matching_count
from marts.document
where
    iso_week = $iso_week
    and ($source is not null or (is_canonical and not is_spam and kind <> 'competitor'))
    and ($source is null or source = $source)
    and ($kind = '*' or kind = $kind)
    and ($topic_id is null or topic_id = $topic_id)
    and ($aspect is null or document_id in (select document_id from marts.document_aspect where aspect = $aspect))
    and ($sentiment is null or sentiment = $sentiment)
    and (not $is_rated or rating is not null)
    and (
        $brand = '*'
        or brand = $brand
        or (
            (brand is null or $is_naming)
            and document_id in (select document_id from marts.mention where is_tracked and brand = $brand)
        )
    )
order by sentiment_confidence desc nulls last, document_id
limit 50
