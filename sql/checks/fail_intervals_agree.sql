-- Intervals of shares are the Wilson intervals that the macros give.
with shares as (

    select iso_week, metric, brand, kind || ' ' || segment as part, n, k, lo, hi
    from marts.weekly_metric
    where metric in ('negative_share', 'positive_share', 'share_of_voice', 'share_of_voice_raw', 'share_of_voice_stories', 'abstention_share')

    union all

    select iso_week, metric, brand, topic_id as part, n, k, lo, hi
    from marts.weekly_topic
    where metric = 'topic_share'

)

select concat_ws(' ', iso_week, metric, brand, part) as key
from shares
where
    abs(lo - wilson_lo(k, n)) > 0.00001
    or abs(hi - wilson_hi(k, n)) > 0.00001
