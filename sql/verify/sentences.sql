-- Grain: one row per finding of a revision, as analysts read it.
select
    finding_id,
    text_en,
    text_zh,
    query,
    document_ids
from marts.finding
where
    iso_week = $iso_week
    and revision = $revision
order by finding_id
