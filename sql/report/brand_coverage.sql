-- Grain: one row per (source, kind, brand) where a source does not cover its brands alike in the 26 weeks up to this one:
-- a brand begins after the week in which others are there, stops before it, or the export stops at so many documents.
with spans as (

    select
        *,
        min(first_date) over source as source_first_date,
        max(last_date) over source as source_last_date
    from ops.brand_coverage
    where first_date < $week_start::date + 7
    window source as (partition by source, kind)

)

select
    source,
    kind,
    brand,
    document_count,
    first_date,
    last_date,
    first_covered_week,
    capped_at
from spans
where
    capped_at is not null
    or (first_date >= source_first_date + 7 and first_date > $week_start::date - 182)
    or (last_date < $week_start and last_date < source_last_date - 7)
order by source, kind, brand
