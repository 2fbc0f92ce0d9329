-- Grain: one row per pair of texts of the temporary table near_candidate that was never compared.
with texts as (

    select
        text_hash,
        any_value(text) as text
    from staging.document
    group by text_hash

)

select distinct
    candidates.text_hash,
    candidates.other_hash,
    texts.text,
    others.text as other_text
from near_candidate as candidates
anti join staging.near_copy as known
    on candidates.text_hash = known.text_hash
    and candidates.other_hash = known.other_hash
inner join texts on candidates.text_hash = texts.text_hash
inner join texts as others on candidates.other_hash = others.text_hash
order by candidates.text_hash, candidates.other_hash
