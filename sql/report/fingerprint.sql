-- Grain: one row: a fingerprint of the documents that the week's report draws on (26 weeks back, for baselines).
select
    count(*)::varchar || '-' || md5(coalesce(string_agg(document_id || md5(text), '' order by document_id), '')) as fingerprint
from marts.document
where week_start between $week_start::date - interval 182 days and $week_start
