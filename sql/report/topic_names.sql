-- Grain: one row per topic_id.
select
    topic_id,
    language,
    coalesce(label_en, label_zh) as label,
    keywords,
    first_week
from marts.topic
order by topic_id
