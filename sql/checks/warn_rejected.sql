-- More than one record in twenty of a source was rejected.
select concat(source, ' ', sum(rejected_count), ' of ', sum(received_count)) as key
from ops.batch
where status <> 'replaced'
group by source
having sum(rejected_count) > 0.05 * sum(received_count)
order by source
