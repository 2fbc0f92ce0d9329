-- Grain: one row per (brand, aspect): share of the brand's documents of the week that speak of the aspect, and net
-- sentiment of those that do. The ten most frequent aspects over all tracked brands, in their order.
with shares as (

    select
        brand,
        aspect,
        n,
        k,
        value,
        lo,
        hi,
        verdict
    from marts.weekly_aspect
    where
        week_start = $week_start
        and metric = 'aspect_share'
        and brand <> '*'

),

most_named as (

    select
        aspect,
        sum(k) as document_count
    from shares
    group by aspect
    having sum(k) > 0
    order by document_count desc, aspect
    limit 10

)

select
    shares.brand,
    shares.aspect,
    shares.n,
    shares.k,
    shares.value,
    shares.lo,
    shares.hi,
    shares.verdict,
    sentiment.n as scored_count,
    sentiment.value as net_sentiment,
    sentiment.lo as net_sentiment_lo,
    sentiment.hi as net_sentiment_hi,
    sentiment.verdict as net_sentiment_verdict
from shares
inner join most_named on shares.aspect = most_named.aspect
left join marts.weekly_aspect as sentiment
    on shares.brand = sentiment.brand
    and shares.aspect = sentiment.aspect
    and sentiment.week_start = $week_start
    and sentiment.metric = 'nss'
where shares.k > 0
order by most_named.document_count desc, shares.aspect, shares.brand
