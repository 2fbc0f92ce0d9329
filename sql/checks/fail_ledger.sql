-- Every batch adds up: received = loaded + updated + duplicate + rejected, and each rejected record is stored.
with stored as (

    select
        batch_id,
        count(*) as stored_count
    from ops.rejected_record
    group by batch_id

)

select concat_ws(' ', batches.batch_id, batches.source) as key
from ops.batch as batches
left join stored on batches.batch_id = stored.batch_id
where
    batches.received_count
    <> batches.loaded_count + batches.updated_count + batches.duplicate_count + batches.rejected_count
    or (batches.status = 'loaded' and batches.rejected_count <> coalesce(stored.stored_count, 0))
