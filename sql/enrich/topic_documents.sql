-- Grain: one row per document_id of the temporary table wanted_document (document_id, week_start, drawn_topic_id).
-- A document may shape topics where customers or the press wrote it and it is neither a copy nor spam.
-- Parameter: embedding_ids, model versions: one encoder's, in each language that it reads.
select
    wanted.document_id,
    wanted.week_start,
    wanted.drawn_topic_id,
    documents.text_hash,
    documents.source,
    coalesce(documents.author_hash, documents.document_id) as author,
    documents.kind in ('review', 'news')
    and documents.spam_reason is null
    and duplicates.spam_reason is null
    and duplicates.is_canonical as may_shape,
    embeddings.vector
from wanted_document as wanted
inner join staging.document as documents on wanted.document_id = documents.document_id
inner join staging.duplicate as duplicates on wanted.document_id = duplicates.document_id
inner join enriched.embedding as embeddings
    on wanted.document_id = embeddings.document_id
    and list_contains($embedding_ids, embeddings.model_version_id)
order by wanted.document_id
