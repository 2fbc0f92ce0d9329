-- Grain: one row per topic: share of the brand's documents (* for all) in the week, and their net sentiment.
select
    share.topic_id,
    coalesce(topics.label_en, topics.label_zh) as label,
    share.k as topic_count,
    share.n as document_count,
    share.value as topic_share,
    share.lo,
    share.hi,
    share.baseline,
    share.delta,
    share.delta_lo,
    share.delta_hi,
    share.verdict,
    sentiment.n as scored_count,
    sentiment.value as net_sentiment
from marts.weekly_topic as share
inner join marts.topic as topics on share.topic_id = topics.topic_id
left join marts.weekly_topic as sentiment
    on share.topic_id = sentiment.topic_id
    and share.brand = sentiment.brand
    and share.week_start = sentiment.week_start
    and sentiment.metric = 'nss'
where
    share.week_start = $week_start
    and share.metric = 'topic_share'
    and share.brand = $brand
    and share.k > 0
    and not coalesce(topics.is_hidden, false)
order by share.k desc, share.topic_id
