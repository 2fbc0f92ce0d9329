-- More than a fifth of a source's documents are in languages that no model reads.
select concat(source, ' ', round(100 * avg((language = 'other')::integer)), ' % of ', count(*)) as key
from marts.document
group by source
having
    avg((language = 'other')::integer) > 0.2
    and count(*) >= 30
order by source
