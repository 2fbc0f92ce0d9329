-- Grain: one row per (iso_week, source), from the source's first week on; a source that never delivered has one row,
-- for the last week. Reads the temporary table source_week.
with rejected as (

    select
        source,
        count(*) as rejected_count
    from ops.rejected_record
    group by source

),

delivered as (

    select
        week_start,
        source,
        arg_max(kind, received_count) as kind,
        sum(expected_count) as expected_count,
        sum(received_count)::bigint as received_count,
        sum(duplicate_count)::bigint as duplicate_count,
        max(newest_so_far) as newest_published_at,
        min(first_week) as first_week,
        max(missing_days) as missing_days,
        arg_max(reason, received_count) as incomplete_reason
    from source_week
    where week_start >= first_week
    group by week_start, source

),

never_delivered as (

    select
        weeks.week_start,
        sources.source,
        sources.kind
    from staging.source as sources
    cross join (select max(week_start) as week_start from source_week) as weeks
    where
        sources.source not in (select source from delivered)
        and weeks.week_start is not null

),

combined as (

    select * from delivered

    union all by name

    select
        week_start,
        source,
        kind,
        null as expected_count,
        0 as received_count,
        0 as duplicate_count,
        null as newest_published_at,
        null as first_week,
        null as missing_days,
        'silent' as incomplete_reason
    from never_delivered

)

select
    strftime(combined.week_start, '%G-W%V') as iso_week,
    combined.week_start,
    combined.source,
    combined.kind,

    round(combined.expected_count)::bigint as expected_count,
    combined.received_count,
    combined.duplicate_count,
    coalesce(rejected.rejected_count, 0) as rejected_count,
    combined.received_count / nullif(round(combined.expected_count), 0) as coverage,

    combined.newest_published_at,
    case
        when combined.first_week is null then 'silent'
        when combined.week_start = combined.first_week then 'new'
        when combined.received_count = 0 and combined.expected_count > 0 then 'silent'
        when
            combined.received_count = 0
            and combined.newest_published_at < combined.week_start - interval 8 weeks then 'silent'
        when combined.expected_count >= 20 and combined.received_count < 0.8 * combined.expected_count then 'low'
        else 'ok'
    end as status,
    combined.missing_days,
    combined.incomplete_reason
from combined
left join rejected on combined.source = rejected.source
order by combined.week_start, combined.source
