-- Grain: one row per tracked brand: its share of voice, net sentiment and most frequent topic in the week.
with measures as (

    select
        brand,
        metric,
        n,
        k,
        value,
        lo,
        hi,
        delta,
        delta_lo,
        delta_hi,
        verdict
    from marts.weekly_metric
    where
        week_start = $week_start
        and brand <> '*'
        and kind = '*'
        and segment = '*'

),

top_topic as (

    select
        brand,
        topic_id,
        k
    from marts.weekly_topic
    where
        week_start = $week_start
        and metric = 'topic_share'
        and brand <> '*'
        and k > 0
    qualify row_number() over (partition by brand order by k desc, topic_id) = 1

),

top_aspect as (

    select
        brand,
        aspect,
        k
    from marts.weekly_aspect
    where
        week_start = $week_start
        and metric = 'aspect_share'
        and brand <> '*'
        and k > 0
    qualify row_number() over (partition by brand order by k desc, aspect) = 1

)

select
    voice.brand,
    voice.k as mention_count,
    voice.n as naming_count,
    voice.value as share_of_voice,
    sentiment.n as scored_count,
    sentiment.value as net_sentiment,
    sentiment.delta as net_sentiment_change,
    sentiment.delta_lo as net_sentiment_change_lo,
    sentiment.delta_hi as net_sentiment_change_hi,
    sentiment.verdict as net_sentiment_verdict,
    negative.value as negative_share,
    rating.n as rating_count,
    rating.value as mean_rating,
    top_topic.topic_id as top_topic_id,
    top_topic.k as top_topic_count,
    top_aspect.aspect as top_aspect,
    top_aspect.k as top_aspect_count
from measures as voice
left join measures as sentiment on voice.brand = sentiment.brand and sentiment.metric = 'nss'
left join measures as negative on voice.brand = negative.brand and negative.metric = 'negative_share'
left join measures as rating on voice.brand = rating.brand and rating.metric = 'mean_rating'
left join top_topic on voice.brand = top_topic.brand
left join top_aspect on voice.brand = top_aspect.brand
where voice.metric = 'share_of_voice'
order by voice.k desc, voice.brand
