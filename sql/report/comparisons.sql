-- Grain: one row per (preferred_brand, other_brand): documents of customers and press with a sentence that puts one
-- tracked brand above another, this week and in the twelve weeks up to it. A document counts once a pair.
select
    comparisons.preferred_brand,
    comparisons.other_brand,
    count(distinct comparisons.document_id) filter (where documents.week_start = $week_start) as document_count,
    count(distinct comparisons.document_id) as window_count
from marts.comparison as comparisons
inner join marts.document as documents on comparisons.document_id = documents.document_id
where
    documents.week_start between $week_start::date - interval 77 days and $week_start
    and documents.is_canonical
    and not documents.is_spam
    and documents.kind <> 'competitor'
group by comparisons.preferred_brand, comparisons.other_brand
order by document_count desc, window_count desc, comparisons.preferred_brand, comparisons.other_brand
