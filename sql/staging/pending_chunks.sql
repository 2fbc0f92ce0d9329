-- Grain: one row per chunk of at most $chunk_rows documents that staging/pending.sql will find, in order of their ids.
with newest as (

    select
        document_id,
        content_hash
    from raw.document
    qualify row_number() over (partition by document_id order by batch_sequence desc, record_number desc) = 1

),

pending as (

    select
        newest.document_id,
        (row_number() over (order by newest.document_id) - 1) // $chunk_rows as chunk
    from newest
    anti join staging.document as documents
        on newest.document_id = documents.document_id
        and newest.content_hash = documents.content_hash
        and documents.prepare_version = $prepare_version

)

select
    min(document_id) as first_id,
    max(document_id) as last_id
from pending
group by chunk
order by chunk
