-- Grain: one row per (document_id, model_version_id) of a chunk that was computed from a text that has changed since.
-- Parameter: chunk, the first hex digit of document_id ('' for all).
select
    progress.document_id,
    progress.model_version_id
from enriched.progress as progress
inner join staging.document as documents on progress.document_id = documents.document_id
where
    starts_with(progress.document_id, $chunk)
    and progress.text_hash <> documents.text_hash
