-- Grain: one row per (document_id, aspect, start_char).
select
    aspects.document_id,
    aspects.aspect,
    aspects.sentiment,
    aspects.start_char,
    aspects.end_char
from enriched.document_aspect as aspects
inner join ops.model_version as models
    on aspects.model_version_id = models.model_version_id
    and models.task = 'aspect'
    and models.is_current
inner join marts.document as documents on aspects.document_id = documents.document_id
order by aspects.document_id, aspects.aspect, aspects.start_char
