-- Grain: one row per document_id of a chunk and language that has a vector, but has not been given a topic by a model.
-- Parameters: chunk, the first hex digit of document_id; language; embedding_id and topic_id, model versions.
select
    documents.document_id,
    documents.text_hash,
    embeddings.vector
from staging.document as documents
inner join enriched.embedding as embeddings
    on documents.document_id = embeddings.document_id
    and embeddings.model_version_id = $embedding_id
anti join enriched.progress as progress
    on documents.document_id = progress.document_id
    and progress.model_version_id = $topic_id
    and documents.text_hash = progress.text_hash
where
    starts_with(documents.document_id, $chunk)
    and documents.language = $language
order by documents.document_id
