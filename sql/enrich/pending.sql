-- Grain: one row per document_id of a chunk that a current model has not seen with its present text.
-- Parameter: chunk, the first hex digit of document_id ('' for all).
with wanted as (

    select
        documents.document_id,
        documents.text_hash,
        models.model_version_id
    from staging.document as documents
    inner join ops.model_version as models
        on models.is_current
        and models.task in ('embedding', 'sentiment', 'mention', 'aspect', 'target')
        and models.language in (documents.language, '*')
    where starts_with(documents.document_id, $chunk)

),

missing as (

    select
        wanted.document_id,
        list(wanted.model_version_id order by wanted.model_version_id) as model_version_ids
    from wanted
    anti join enriched.progress as progress
        on wanted.document_id = progress.document_id
        and wanted.model_version_id = progress.model_version_id
        and wanted.text_hash = progress.text_hash
    group by wanted.document_id

)

select
    documents.document_id,
    documents.language,
    documents.text,
    documents.text_hash,
    missing.model_version_ids
from missing
inner join staging.document as documents on missing.document_id = documents.document_id
order by documents.document_id
