-- Grain: one row per document_id of a language that counts and is written by customers or the press.
-- The ids are hashes, so that the first ones in their order are a random sample.
-- Parameters: language; most, how many rows at most.
select
    documents.document_id,
    documents.text
from staging.document as documents
inner join staging.duplicate as duplicates on documents.document_id = duplicates.document_id
where
    documents.language = $language
    and documents.kind in ('review', 'news')
    and documents.spam_reason is null
    and duplicates.spam_reason is null
    and duplicates.is_canonical
order by documents.document_id
limit $most
