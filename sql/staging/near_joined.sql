-- Grain: one row per pair of duplicate keys whose texts are near copies, of the temporary table near_candidate.
select distinct
    candidates.duplicate_key,
    candidates.other_key
from near_candidate as candidates
inner join staging.near_copy as known
    on candidates.text_hash = known.text_hash
    and candidates.other_hash = known.other_hash
    and known.is_copy
order by candidates.duplicate_key, candidates.other_key
