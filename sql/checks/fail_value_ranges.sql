-- Shares lie in 0-1, net sentiment in -1 to 1, values inside their interval, and delta is value - previous.
with weekly as (

    select * exclude (kind, segment), kind || ' ' || segment as part from marts.weekly_metric
    union all by name
    select * exclude (topic_id), topic_id as part from marts.weekly_topic
    union all by name
    select * exclude (aspect), aspect as part from marts.weekly_aspect

)

select concat_ws(' ', weekly.iso_week, weekly.metric, weekly.brand, weekly.part) as key
from weekly
inner join marts.metric_definition as definitions on weekly.metric = definitions.metric
where
    (definitions.unit = 'fraction' and (weekly.lo < 0 or weekly.hi > 1 or weekly.k < 0 or weekly.k > weekly.n))
    or (definitions.unit = 'points' and (weekly.lo < -1 or weekly.hi > 1 or abs(weekly.k) > weekly.n))
    or (definitions.unit = 'documents' and (weekly.value <> weekly.n or weekly.lo < 0))
    or weekly.lo > weekly.value + 0.000002
    or weekly.hi < weekly.value - 0.000002
    or weekly.delta_lo > weekly.delta + 0.000002
    or weekly.delta_hi < weekly.delta - 0.000002
    or abs(weekly.delta - (weekly.value - weekly.previous)) > 0.000002
    or weekly.q_value < 0
    or weekly.q_value > 1
    or (weekly.n < 30 and definitions.unit <> 'documents' and weekly.value is not null)
    or (weekly.n < 30 and weekly.verdict not in ('too_few', 'excluded'))

union all

select 'marts.document ' || document_id
from marts.document
where
    abs(sentiment_score) > 1
    or sentiment_confidence not between 0 and 1
    or (sentiment is null) <> (sentiment_score is null)
