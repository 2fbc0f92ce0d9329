-- Grain: one row per document behind a finding of a revision, as the macro lineage tells it.
select
    lines.document_id,
    lines.source,
    documents.kind,
    documents.brand,
    documents.language,
    lines.published_at,
    documents.sentiment,
    documents.topic_id,
    lines.model_version_id,
    lines.url,
    lines.text,
    count(*) over () as matching_count
from lineage($finding_id) as lines
left join marts.document as documents on lines.document_id = documents.document_id
where
    lines.iso_week = $iso_week
    and lines.revision = $revision
    and lines.document_id is not null
order by documents.sentiment_confidence desc nulls last, lines.document_id
