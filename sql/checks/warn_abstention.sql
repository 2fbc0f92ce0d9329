-- The sentiment model abstained on more than a quarter of a language's documents.
select concat(language, ' ', round(100 * avg((sentiment is null)::integer)), ' % of ', count(*)) as key
from marts.document
where language <> 'other'
group by language
having
    avg((sentiment is null)::integer) > 0.25
    and count(*) >= 30
order by language
