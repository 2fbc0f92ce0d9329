-- Grain: one row per (document_id, content_hash) of competitors' own pages, oldest first; is_newest as staging has it.
-- seen_on: the date that the page gives where it moved on with the version, else the day on which the version was first
-- received; the first version keeps the page's own date.
with versions as (

    select
        documents.*,
        lag(documents.published_at) over page as published_before,
        row_number() over page = 1 as is_first,
        batches.loaded_at
    from raw.document as documents
    left join ops.batch as batches on documents.batch_id = batches.batch_id
    where documents.kind = 'competitor'
    window page as (partition by documents.document_id order by documents.batch_sequence, documents.record_number)

)

select
    versions.* exclude (published_before, is_first, loaded_at),
    staged.text as staged_text,
    staged.title as staged_title,
    staged.language as staged_language,
    staged.content_hash is not null as is_newest,
    case
        when not versions.is_first and versions.published_at <= versions.published_before and versions.loaded_at is not null
            then (versions.loaded_at at time zone 'UTC') at time zone project.timezone
        when versions.is_date_only then versions.published_at
        else (versions.published_at at time zone 'UTC') at time zone project.timezone
    end::date as seen_on
from versions
cross join staging.project as project
left join staging.document as staged
    on versions.document_id = staged.document_id
    and versions.content_hash = staged.content_hash
where exists (
    select known.document_id
    from marts.document as known
    where known.document_id = versions.document_id and not known.is_spam
)
order by versions.document_id, versions.batch_sequence, versions.record_number
