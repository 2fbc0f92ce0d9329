-- More than a third of a language's documents belong to no topic.
select concat(language, ' ', round(100 * avg((topic_id is null)::integer)), ' % of ', count(*)) as key
from marts.document
where language <> 'other'
group by language
having
    avg((topic_id is null)::integer) > 0.34
    and count(*) >= 100
order by language
