-- Negative reviews of the last week, the surest first (at most 100).
select
    document_id,
    source,
    brand,
    published_at,
    language,
    rating,
    sentiment_confidence,
    topic_id,
    url,
    text
from marts.document
where
    week_start = (select max(week_start) from marts.document)
    and kind = 'review'
    and sentiment = 'negative'
    and is_canonical
    and not is_spam
order by sentiment_confidence desc, document_id
limit 100
