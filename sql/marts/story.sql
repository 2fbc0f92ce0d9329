-- Grain: one row per story_id: what the press told, copies included, spam left out.
with articles as (

    select
        document_id,
        story_id,
        language,
        title,
        text,
        source,
        url,
        brand,
        duplicate_group_id,
        published_at,
        week_start,
        iso_week,
        row_number() over (partition by story_id order by published_at, document_id) as place
    from marts.document
    where story_id is not null and not is_spam

),

named as (

    select
        articles.story_id,
        mentions.brand
    from articles
    inner join marts.mention as mentions on articles.document_id = mentions.document_id
    where mentions.is_tracked

    union

    select
        articles.story_id,
        articles.brand
    from articles
    inner join staging.brand as brands on articles.brand = brands.brand

),

brands as (

    select
        story_id,
        list(brand order by brand) as brands
    from named
    group by story_id

),

local_day as (

    select
        articles.document_id,
        case
            when documents.is_date_only then documents.published_at
            else (documents.published_at at time zone 'UTC') at time zone project.timezone
        end::date as day
    from articles
    inner join staging.document as documents on articles.document_id = documents.document_id
    cross join staging.project as project

)

select
    articles.story_id,
    min(articles.language) as language,
    max(articles.document_id) filter (where articles.place = 1) as document_id,
    max(coalesce(articles.title, left(articles.text, 120))) filter (where articles.place = 1) as headline,
    coalesce(any_value(brands.brands), []) as brands,

    min(local_day.day) as first_date,
    max(local_day.day) as last_date,
    min(articles.iso_week) as first_week,
    max(articles.iso_week) as last_week,

    count(*) as article_count,
    count(distinct articles.duplicate_group_id) as text_count,
    count(distinct coalesce(regexp_extract(articles.url, '^https?://([^/:]+)', 1), articles.source)) as source_count
from articles
inner join local_day on articles.document_id = local_day.document_id
left join brands on articles.story_id = brands.story_id
group by articles.story_id
order by articles.story_id
