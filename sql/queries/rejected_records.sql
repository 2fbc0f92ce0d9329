-- Records that could not be used, by source and reason, with a redacted example.
select
    source,
    reason_code,
    count(*) as record_count,
    min(reason) as reason,
    min(uri) as example_uri,
    min(excerpt) as example_excerpt
from ops.rejected_record
group by source, reason_code
order by record_count desc, source, reason_code
