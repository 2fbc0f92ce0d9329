-- Grain: one row per verdict: how many measures of the week have it. Measures are the metrics of each brand and of all
-- brands (kinds and segments taken together), and the share of each topic and aspect.
with measures as (

    select verdict
    from marts.weekly_metric
    where
        week_start = $week_start
        and kind = '*'
        and segment = '*'
        and metric not in (
            'volume_raw', 'story_volume', 'share_of_voice_raw', 'share_of_voice_stories', 'abstention_share'
        )

    union all

    select verdict
    from marts.weekly_topic
    where
        week_start = $week_start
        and metric = 'topic_share'

    union all

    select verdict
    from marts.weekly_aspect
    where
        week_start = $week_start
        and metric = 'aspect_share'

)

select
    verdict,
    count(*) as measure_count
from measures
group by verdict
order by verdict
