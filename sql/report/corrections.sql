-- Grain: one row: a fingerprint of the corrections that bear on the week's report: those of documents that it draws on
-- (26 weeks back, for baselines) and of topics; empty where there are none.
select coalesce(md5(string_agg(corrections.correction_id, '' order by corrections.correction_id)), '') as fingerprint
from ops.current_correction as corrections
left join marts.document as documents on split_part(corrections.subject, ':', 1) = documents.document_id
where
    documents.document_id is null
    or documents.week_start between $week_start::date - interval 182 days and $week_start
