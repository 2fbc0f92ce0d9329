-- Grain: one row per document_id of the news of a language that stories from $first_day on depend on: all news from
-- that day on (story is null: to be told), all articles of the stories that had one in the $window_days before, and
-- the news of $background_days before, which show what is said in every week.
-- Parameters: language; first_day; window_days; background_days; story_id and embedding_id, model versions (embedding_id '' for none).
with news as (

    select
        documents.document_id,
        documents.text_hash,
        documents.duplicate_key,
        documents.title,
        documents.text,
        documents.published_at,
        case
            when documents.is_date_only then documents.published_at
            else (documents.published_at at time zone 'UTC') at time zone project.timezone
        end::date as day
    from staging.document as documents
    cross join staging.project as project
    where documents.kind = 'news' and documents.language = $language

),

told as (

    select
        news.document_id,
        stories.story_id,
        news.day
    from news
    inner join enriched.story as stories
        on news.document_id = stories.document_id
        and stories.model_version_id = $story_id
    where news.day < $first_day

),

open_story as (

    select distinct story_id
    from told
    where day >= $first_day::date - $window_days::integer

)

select
    news.document_id,
    news.text_hash,
    news.duplicate_key,
    news.title,
    news.text,
    news.published_at,
    news.day,
    told.story_id,
    embeddings.vector
from news
left join told on news.document_id = told.document_id
left join enriched.embedding as embeddings
    on news.document_id = embeddings.document_id
    and embeddings.model_version_id = $embedding_id
where
    (
        news.day >= $first_day
        or told.story_id in (select open_story.story_id from open_story)
        or (told.story_id is not null and news.day >= $first_day::date - $background_days::integer)
    )
    and ($embedding_id = '' or embeddings.document_id is not null)
order by news.day, news.published_at, news.document_id
