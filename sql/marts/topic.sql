-- Grain: one row per topic_id.
-- Topics of earlier refits stay: first_week and last_week are null where no document points to them any more.
with weeks as (

    select
        topic_id,
        min(iso_week) as first_week,
        max(iso_week) as last_week
    from marts.document
    where topic_id is not null
    group by topic_id

)

select
    topics.topic_id,
    topics.language,
    topics.label_en,
    topics.label_zh,
    topics.keywords,
    weeks.first_week,
    weeks.last_week,
    cast(null as varchar) as replaced_by
from enriched.topic as topics
left join weeks on topics.topic_id = weeks.topic_id
order by topics.topic_id
