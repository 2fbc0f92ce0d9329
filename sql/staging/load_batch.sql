-- Grain: one row per (document_id, content_hash) of the temporary table incoming_document: what becomes of a version.
-- A version that the warehouse does not have is loaded (its document is new) or updated. One that it has is a
-- duplicate, unless a newer version stands in the way: then the document has come back to it, which is an update, too.
with version as (

    select *
    from incoming_document
    qualify row_number() over (partition by document_id, content_hash order by record_number desc) = 1

),

known as (

    select
        document_id,
        content_hash,
        row_number() over (partition by document_id order by batch_sequence desc, record_number desc) = 1 as is_newest
    from raw.document
    where document_id in (select document_id from version)

),

compared as (

    select
        version.*,
        same.document_id is not null as is_known,
        newest.content_hash as newest_hash,
        row_number() over (partition by version.document_id order by version.record_number) = 1 as is_first,
        row_number() over (partition by version.document_id order by version.record_number desc) = 1 as is_last,
        bool_or(same.document_id is null) over (partition by version.document_id) as has_new_version
    from version
    left join known as same
        on version.document_id = same.document_id
        and version.content_hash = same.content_hash
    left join known as newest
        on version.document_id = newest.document_id
        and newest.is_newest

)

select
    * exclude (newest_hash, is_first, is_last, has_new_version),
    case
        when not is_known and newest_hash is null and is_first then 'loaded'
        when not is_known then 'updated'
        when is_last and newest_hash <> content_hash then 'updated'
        else 'duplicate'
    end as outcome,
    is_known and is_last and (newest_hash <> content_hash or has_new_version) as is_brought_back
from compared
