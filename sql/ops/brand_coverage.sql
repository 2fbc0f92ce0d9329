-- Grain: one row per (source, brand): from when to when a source has documents of a tracked brand that it names itself.
-- Reads the temporary table brand_span. An export that stops at so many documents a brand shows by two brands or more
-- with exactly as many in one batch, and none with more.
with batch_counts as (

    select
        source,
        kind,
        batch_id,
        brand,
        count(*) as document_count
    from raw.document
    where brand is not null
    group by all

),

caps as (

    select
        source,
        kind,
        batch_id,
        document_count as capped_at
    from batch_counts
    where document_count >= 100
    group by source, kind, batch_id, document_count
    having count(*) >= 2
    qualify row_number() over (partition by source, kind, batch_id order by document_count desc) = 1

),

largest as (

    select
        batch_id,
        max(document_count) as document_count
    from batch_counts
    group by batch_id

)

select
    spans.source,
    spans.kind,
    spans.brand,
    spans.document_count,
    spans.first_date,
    spans.last_date,
    strftime(spans.first_covered_week, '%G-W%V') as first_covered_week,
    max(caps.capped_at) as capped_at
from brand_span as spans
left join batch_counts
    on spans.source = batch_counts.source
    and spans.kind = batch_counts.kind
    and spans.brand = batch_counts.brand
left join caps
    on batch_counts.source = caps.source
    and batch_counts.kind = caps.kind
    and batch_counts.batch_id = caps.batch_id
    and batch_counts.document_count = caps.capped_at
    and caps.capped_at = (select largest.document_count from largest where largest.batch_id = caps.batch_id)
group by
    spans.source,
    spans.kind,
    spans.brand,
    spans.document_count,
    spans.first_date,
    spans.last_date,
    spans.first_covered_week
order by spans.source, spans.kind, spans.brand
