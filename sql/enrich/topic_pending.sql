-- Grain: one row per document_id of a language that has a vector, but has not been given a topic by a model.
-- Parameters: language (* for all that an encoder reads); embedding_ids and topic_id, model versions.
select
    documents.document_id,
    date_trunc(
        'week',
        case
            when documents.is_date_only then documents.published_at
            else (documents.published_at at time zone 'UTC') at time zone project.timezone
        end
    )::date as week_start
from staging.document as documents
cross join staging.project as project
semi join enriched.progress as encoded
    on documents.document_id = encoded.document_id
    and list_contains($embedding_ids, encoded.model_version_id)
    and documents.text_hash = encoded.text_hash
anti join enriched.progress as progress
    on documents.document_id = progress.document_id
    and progress.model_version_id = $topic_id
    and documents.text_hash = progress.text_hash
where (documents.language = $language or ($language = '*' and documents.language <> 'other'))
order by week_start, documents.document_id
