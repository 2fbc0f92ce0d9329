-- Which weeks of a source can be compared. Two temporary tables.

-- Grain: one row per (source, kind, week_start), from the first to the last week of all documents.
-- covered     the source delivered the week.
-- incomplete  it delivered less than 80 % of the median of up to 8 earlier weeks (where that is 20 documents or more),
--             or this is the week in which it began, and it began after the Monday.
-- absent      it has not begun yet, or has long stopped: nothing arrived and nothing was expected any more.
-- A source of fewer than 20 documents a week is always covered: its gaps are chance, and it moves no total by much.
create or replace temp table source_week as
with weeks as (

    select unnest(
        generate_series(min(week_start)::timestamp, max(week_start)::timestamp, interval 7 days)
    )::date as week_start
    from marts.document

),

sources as (

    select
        documents.source,
        documents.kind,
        min(documents.week_start) as first_week,
        max(documents.week_start) as last_week,
        count(*) * 1.0 / (date_diff('day', min(documents.week_start), max(documents.week_start)) / 7 + 1) >= 20
            as is_regular,
        min(
            case
                when staged.is_date_only then staged.published_at
                else (staged.published_at at time zone 'UTC') at time zone project.timezone
            end
        )::date > min(documents.week_start) as is_first_week_partial
    from marts.document as documents
    inner join staging.document as staged on documents.document_id = staged.document_id
    cross join staging.project as project
    group by documents.source, documents.kind

),

received as (

    select
        source,
        kind,
        week_start,
        count(*) as received_count,
        count(*) filter (where not is_canonical) as duplicate_count,
        max(published_at) as newest_published_at
    from marts.document
    group by source, kind, week_start

),

filled as (

    select
        sources.source,
        sources.kind,
        weeks.week_start,
        sources.first_week,
        sources.is_regular,
        sources.is_first_week_partial,
        coalesce(received.received_count, 0) as received_count,
        coalesce(received.duplicate_count, 0) as duplicate_count,
        received.newest_published_at
    from sources
    cross join weeks
    left join received
        on sources.source = received.source
        and sources.kind = received.kind
        and weeks.week_start = received.week_start

),

expected as (

    select
        filled.*,
        median(case when week_start >= first_week then received_count end) over earlier as expected_count,
        max(newest_published_at) over so_far as newest_so_far
    from filled
    window
        earlier as (
            partition by source, kind order by week_start rows between 8 preceding and 1 preceding
        ),
        so_far as (
            partition by source, kind order by week_start rows between unbounded preceding and current row
        )

)

select
    source,
    kind,
    week_start,
    first_week,
    received_count,
    duplicate_count,
    expected_count,
    newest_so_far,
    case
        when not is_regular then 'covered'
        when week_start < first_week then 'absent'
        when week_start = first_week and is_first_week_partial then 'incomplete'
        when week_start = first_week then 'covered'
        when received_count = 0 and expected_count = 0 then 'absent'
        when expected_count >= 20 and received_count < 0.8 * expected_count then 'incomplete'
        else 'covered'
    end as state
from expected;

-- Grain: one row per (source, kind, brand) of tracked brands that the source itself names, with 5 documents a week or
-- more (rarer brands turn up late by chance).
-- first_covered_week: the first whole week: exports stop at so many reviews a brand, so that brands begin on
-- different days.
create or replace temp table brand_coverage as
with local_day as (

    select
        documents.source,
        documents.kind,
        documents.brand,
        documents.week_start,
        case
            when staged.is_date_only then staged.published_at
            else (staged.published_at at time zone 'UTC') at time zone project.timezone
        end::date as published_date
    from marts.document as documents
    inner join staging.document as staged on documents.document_id = staged.document_id
    inner join staging.brand as brands on documents.brand = brands.brand
    cross join staging.project as project

)

select
    source,
    kind,
    brand,
    min(week_start) as first_week,
    case
        when min(published_date) = min(week_start) then min(week_start)
        else min(week_start) + 7
    end as first_covered_week
from local_day
group by source, kind, brand
having count(*) * 1.0 / (date_diff('day', min(week_start), max(week_start)) / 7 + 1) >= 5;
