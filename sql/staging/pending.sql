-- Grain: one row per document_id whose newest version has no row in staging.document by the current prepare_version.
-- The newest version is the one that the latest batch brought last.
with newest as (

    select *
    from raw.document
    where document_id between $first_id and $last_id
    qualify row_number() over (partition by document_id order by batch_sequence desc, record_number desc) = 1

)

select
    newest.document_id,
    newest.content_hash,
    newest.source,
    newest.kind,
    newest.brand,
    newest.segment,
    newest.language_hint,
    newest.title,
    newest.text,
    newest.url,
    newest.author_hash,

    newest.published_at,
    newest.is_date_only,
    newest.rating,

    documents.document_id is not null as is_replaced
from newest
left join staging.document as documents on newest.document_id = documents.document_id
where
    documents.document_id is null
    or documents.content_hash <> newest.content_hash
    or documents.prepare_version <> $prepare_version
order by newest.document_id
