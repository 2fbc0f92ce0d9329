-- Grain: one row per (document_id, start_char, preferred_brand, other_brand).
select
    comparisons.document_id,
    comparisons.preferred_brand,
    comparisons.other_brand,
    comparisons.start_char,
    comparisons.end_char
from enriched.comparison as comparisons
inner join ops.model_version as models
    on comparisons.model_version_id = models.model_version_id
    and models.task = 'target'
    and models.is_current
inner join marts.document as documents on comparisons.document_id = documents.document_id
order by
    comparisons.document_id,
    comparisons.start_char,
    comparisons.preferred_brand,
    comparisons.other_brand
