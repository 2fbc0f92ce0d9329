-- Which weeks can be compared. Temporary tables: source_week, brand_week and brand_span.
--
-- A week is left out where something is missing from it, not where little was written. What is missing shows in its
-- days: a day without a document is a hole where a day of that name usually brings enough that, with as many documents
-- as the week has, fewer than one week in ten thousand would leave it (and the other empty days) empty by chance. A week
-- 30 % below its median with documents on all its days is a fall of volume. Two signs need no days: a week without any
-- document, and one below half of the median (an export that is cut short thins all days out).

-- Grain: one row per (source, kind, brand, week_start, weekday 1-7 in the project's time zone); brand as the source says.
create or replace temp table source_day as
select
    documents.source,
    documents.kind,
    documents.brand,
    documents.week_start,
    isodow(
        case
            when staged.is_date_only then staged.published_at
            else (staged.published_at at time zone 'UTC') at time zone project.timezone
        end
    ) as weekday,
    count(*) as document_count
from marts.document as documents
inner join staging.document as staged on documents.document_id = staged.document_id
cross join staging.project as project
group by all;

-- Grain: one row per (source, kind, week_start, weekday): documents, and the weekday's share over up to 8 earlier weeks
-- (one document more on each day, so that few documents make no day certain).
create or replace temp table source_weekday as
with weeks as (

    select unnest(
        generate_series(min(week_start)::timestamp, max(week_start)::timestamp, interval 7 days)
    )::date as week_start
    from marts.document

),

counted as (

    select
        sources.source,
        sources.kind,
        weeks.week_start,
        days.weekday,
        coalesce(sum(source_day.document_count), 0) as document_count
    from (select distinct source, kind from source_day) as sources
    cross join weeks
    cross join (select unnest(range(1, 8)) as weekday) as days
    left join source_day
        on sources.source = source_day.source
        and sources.kind = source_day.kind
        and weeks.week_start = source_day.week_start
        and days.weekday = source_day.weekday
    group by all

),

earlier as (

    select
        counted.*,
        sum(document_count) over (
            partition by source, kind, weekday order by week_start rows between 8 preceding and 1 preceding
        ) as earlier_count
    from counted

)

select
    source,
    kind,
    week_start,
    weekday,
    document_count,
    (earlier_count + 1) / (sum(earlier_count) over (partition by source, kind, week_start) + 7) as usual_share
from earlier;

-- Grain: one row per (source, kind, week_start), from the first to the last week of all documents.
-- covered     the source delivered the week.
-- incomplete  something is missing; reason says what:
--             first_week     it began in this week, after the Monday
--             silent         no document, where some were expected
--             missing_days   empty days that are holes (see above)
--             under_half     less than half of the median of up to 8 earlier weeks (where that is 20 documents or more)
--             few_weeks      below 80 % of that median, and fewer than 4 earlier weeks to know the usual days from
-- absent      it has not begun yet, or has long stopped: nothing arrived and nothing was expected any more.
-- A source of fewer than 20 documents a week, over its life and over the 8 weeks before, is always covered: its gaps are
-- chance, and it moves no total by much.
create or replace temp table source_week as
with weeks as (

    select distinct week_start
    from source_weekday

),

sources as (

    select
        source,
        kind,
        min(week_start) as first_week,
        sum(document_count) * 1.0 / (date_diff('day', min(week_start), max(week_start)) / 7 + 1) >= 20 as is_regular,
        min(week_start + weekday::integer - 1) > min(week_start) as is_first_week_partial
    from source_day
    group by source, kind

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

holes as (

    select
        source,
        kind,
        week_start,
        count(*) filter (where document_count = 0) as empty_days,
        sum(document_count)
        * ln(greatest(1e-9, 1 - coalesce(sum(usual_share) filter (where document_count = 0), 0))) < ln(0.0001) as has_hole
    from source_weekday
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
        count(nullif(received_count, 0)) over earlier as earlier_weeks,
        max(newest_published_at) over so_far as newest_so_far
    from filled
    window
        earlier as (
            partition by source, kind order by week_start rows between 8 preceding and 1 preceding
        ),
        so_far as (
            partition by source, kind order by week_start rows between unbounded preceding and current row
        )

),

reasoned as (

    select
        expected.*,
        coalesce(holes.has_hole, false) and expected.earlier_weeks >= 4
        and (expected.is_regular or expected.expected_count >= 20) as has_hole,
        holes.empty_days,
        case
            when expected.week_start < expected.first_week then null
            when not expected.is_regular and coalesce(expected.expected_count, 0) < 20 then null
            when expected.week_start = expected.first_week then if(expected.is_first_week_partial, 'first_week', null)
            when expected.received_count = 0 then if(expected.expected_count > 0, 'silent', null)
            when holes.has_hole and expected.earlier_weeks >= 4 then 'missing_days'
            when expected.expected_count >= 20 and expected.received_count < 0.5 * expected.expected_count then 'under_half'
            when
                expected.expected_count >= 20
                and expected.received_count < 0.8 * expected.expected_count
                and expected.earlier_weeks < 4 then 'few_weeks'
        end as reason
    from expected
    left join holes
        on expected.source = holes.source
        and expected.kind = holes.kind
        and expected.week_start = holes.week_start

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
    case when has_hole and received_count > 0 then empty_days end as missing_days,
    reason,
    case
        when reason is not null then 'incomplete'
        when is_regular and week_start < first_week then 'absent'
        when is_regular and received_count = 0 and expected_count = 0 then 'absent'
        else 'covered'
    end as state
from reasoned;

-- Grain: one row per (source, kind, brand) of tracked brands that the source itself names, with 5 documents a week or
-- more (rarer brands turn up late by chance).
-- first_covered_week: the first whole week: exports stop at so many reviews a brand, so that brands begin on
-- different days.
create or replace temp table brand_span as
select
    source_day.source,
    source_day.kind,
    source_day.brand,
    min(source_day.week_start) as first_week,
    max(source_day.week_start) as last_week,
    min(source_day.week_start + source_day.weekday::integer - 1) as first_date,
    max(source_day.week_start + source_day.weekday::integer - 1) as last_date,
    sum(source_day.document_count)::bigint as document_count,
    case
        when min(source_day.week_start + source_day.weekday::integer - 1) = min(source_day.week_start)
            then min(source_day.week_start)
        else min(source_day.week_start) + 7
    end as first_covered_week
from source_day
inner join staging.brand as brands on source_day.brand = brands.brand
group by source_day.source, source_day.kind, source_day.brand
having
    sum(source_day.document_count) * 1.0
    / (date_diff('day', min(source_day.week_start), max(source_day.week_start)) / 7 + 1) >= 5;

-- Grain: one row per (source, kind, brand, week_start) of the brands of brand_span.
-- before      the source's documents of the brand have not begun.
-- incomplete  the week in which they begin, after the Monday; or a week without any, where 5 or more were expected;
--             or one with a hole in its days, by the source's usual weekdays (of 20 documents or more expected).
-- covered     otherwise. after: they have long stopped.
create or replace temp table brand_week as
with filled as (

    select
        brand_span.source,
        brand_span.kind,
        brand_span.brand,
        source_weekday.week_start,
        brand_span.first_week,
        brand_span.last_week,
        brand_span.first_covered_week,
        coalesce(sum(source_day.document_count), 0) as received_count,
        coalesce(sum(source_weekday.usual_share) filter (where source_day.document_count is null), 0) as empty_share
    from brand_span
    inner join source_weekday
        on brand_span.source = source_weekday.source
        and brand_span.kind = source_weekday.kind
    left join source_day
        on brand_span.source = source_day.source
        and brand_span.kind = source_day.kind
        and brand_span.brand = source_day.brand
        and source_weekday.week_start = source_day.week_start
        and source_weekday.weekday = source_day.weekday
    group by all

),

expected as (

    select
        filled.*,
        median(case when week_start >= first_week then received_count end) over earlier as expected_count,
        count(nullif(received_count, 0)) over earlier as earlier_weeks
    from filled
    window earlier as (
        partition by source, kind, brand order by week_start rows between 8 preceding and 1 preceding
    )

)

select
    source,
    kind,
    brand,
    week_start,
    case
        when week_start < first_week then 'before'
        when week_start < first_covered_week then 'incomplete'
        when received_count = 0 and expected_count >= 5 then 'incomplete'
        when received_count = 0 and week_start > last_week then 'after'
        when
            received_count > 0
            and expected_count >= 20
            and earlier_weeks >= 4
            and received_count * ln(greatest(1e-9, 1 - empty_share)) < ln(0.0001) then 'incomplete'
        else 'covered'
    end as state
from expected;
