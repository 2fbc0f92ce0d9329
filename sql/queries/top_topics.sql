-- Topics of the last week by number of documents, with share, change and net sentiment.
select
    shares.iso_week,
    topics.topic_id,
    coalesce(topics.label_en, topics.label_zh) as label,
    topics.language,
    shares.k as document_count,
    shares.value as share,
    shares.previous as previous_share,
    shares.verdict,
    sentiment.n as scored_count,
    sentiment.value as nss
from marts.weekly_topic as shares
inner join marts.topic as topics on shares.topic_id = topics.topic_id
left join marts.weekly_topic as sentiment
    on shares.week_start = sentiment.week_start
    and shares.brand = sentiment.brand
    and shares.topic_id = sentiment.topic_id
    and sentiment.metric = 'nss'
where
    shares.week_start = (select max(week_start) from marts.weekly_topic)
    and shares.metric = 'topic_share'
    and shares.brand = '*'
order by shares.k desc, topics.topic_id
