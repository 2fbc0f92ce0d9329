-- Documents are dated more than a day after they were loaded.
select concat(documents.source, ' ', count(*), ' documents') as key
from marts.document as documents
where documents.published_at > (select max(loaded_at) from ops.batch) + interval 1 day
group by documents.source
order by documents.source
