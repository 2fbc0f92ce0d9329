-- Weekly volumes are what a fresh count of marts.document gives, and no week between the first and the last is missing.
with counted as (

    select
        week_start,
        count(*) as raw_count,
        count(*) filter (where is_canonical) as document_count
    from marts.document
    where
        kind <> 'competitor'
        and not is_spam
    group by week_start

),

volumes as (

    select
        week_start,
        max(n) filter (where metric = 'volume_raw') as raw_count,
        max(n) filter (where metric = 'volume') as document_count
    from marts.weekly_metric
    where
        brand = '*'
        and kind = '*'
        and segment = '*'
    group by week_start

)

select concat_ws(' ', 'volume', coalesce(counted.week_start, volumes.week_start)) as key
from counted
full join volumes on counted.week_start = volumes.week_start
where
    volumes.week_start is null
    or coalesce(counted.raw_count, 0) <> volumes.raw_count
    or coalesce(counted.document_count, 0) <> volumes.document_count

union all

select concat_ws(' ', 'weeks of', metric, brand, kind, segment)
from marts.weekly_metric
group by metric, brand, kind, segment
having count(*) <> (
    select date_diff('day', min(week_start), max(week_start)) / 7 + 1 from marts.document
)
