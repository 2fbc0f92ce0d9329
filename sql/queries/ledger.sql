-- The ledger of ingest: one row per batch; received = loaded + updated + duplicate + rejected.
select
    batch_sequence,
    source,
    uri,
    received_count,
    loaded_count,
    updated_count,
    duplicate_count,
    rejected_count,
    status,
    run_id,
    loaded_at
from ops.batch
order by batch_sequence
