-- Each group of copies has exactly one document that counts.
select duplicate_group_id as key
from marts.document
group by duplicate_group_id
having count(*) filter (where is_canonical) <> 1
