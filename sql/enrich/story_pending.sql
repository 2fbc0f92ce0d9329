-- Grain: one row: the first day (in the project's time zone) of a news document of a language whose story is not told
-- yet by a model version with its present text; null where there is none. An English one needs its vector first.
-- Parameters: language; story_id and embedding_id, model versions (embedding_id '' where vectors are not stored).
select min(
    case
        when documents.is_date_only then documents.published_at
        else (documents.published_at at time zone 'UTC') at time zone project.timezone
    end
)::date as first_day
from staging.document as documents
cross join staging.project as project
anti join enriched.progress as progress
    on documents.document_id = progress.document_id
    and documents.text_hash = progress.text_hash
    and progress.model_version_id = $story_id
where
    documents.kind = 'news'
    and documents.language = $language
    and (
        $embedding_id = ''
        or documents.document_id in (
            select embeddings.document_id
            from enriched.embedding as embeddings
            where embeddings.model_version_id = $embedding_id
        )
    )
