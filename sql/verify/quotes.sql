-- Grain: one row per quote of a revision, as analysts read it.
select
    quote_id,
    document_id,
    text,
    start_char,
    end_char
from marts.quote
where
    iso_week = $iso_week
    and revision = $revision
order by quote_id
