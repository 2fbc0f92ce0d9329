-- Grain: one row per source: records received and rejected over all batches so far.
select
    source,
    sum(received_count)::bigint as received,
    sum(rejected_count)::bigint as rejected
from ops.batch
where status <> 'replaced'
group by source
order by source
