-- Grain: one row per version of a document as it arrived: the batch that brought it, its place there, its hash.
select
    received.document_id,
    received.content_hash,
    received.record_number,
    batches.batch_id,
    batches.uri,
    batches.content_sha256,
    batches.loaded_at,
    received.batch_sequence = max(received.batch_sequence) over (partition by received.document_id) as is_newest
from raw.document as received
left join ops.batch as batches on received.batch_id = batches.batch_id
where received.document_id in (select unnest($document_ids))
order by received.document_id, received.batch_sequence
