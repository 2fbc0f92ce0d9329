-- Grain: one row per pair of texts of one kind that share a MinHash band, the smaller hash first: near copies, maybe.
-- Texts stand for all their exact copies. A band that many texts share is compared with its 20 earliest ones only, so
-- that the pairs grow with the documents, not with their square. Signatures are read, never computed again.
with texts as (

    select
        kind,
        duplicate_key,
        min(text_hash) as text_hash,
        arg_min(near_bands, text_hash) as near_bands,
        min(published_at) as first_at
    from staging.document
    where near_bands is not null
    group by kind, duplicate_key

),

bands as (

    select
        kind,
        duplicate_key,
        text_hash,
        first_at,
        unnest(near_bands) as band
    from texts

),

shared as (

    select kind, band
    from bands
    group by kind, band
    having count(*) > 1

),

placed as (

    select
        bands.*,
        row_number() over (partition by bands.kind, bands.band order by bands.first_at, bands.text_hash) as place
    from bands
    semi join shared
        on bands.kind = shared.kind
        and bands.band = shared.band

)

select distinct
    least(earlier.text_hash, later.text_hash) as text_hash,
    greatest(earlier.text_hash, later.text_hash) as other_hash,
    earlier.duplicate_key,
    later.duplicate_key as other_key
from placed as earlier
inner join placed as later
    on earlier.kind = later.kind
    and earlier.band = later.band
    and earlier.place < later.place
    and earlier.place <= 20
