-- Grain: one row per document_id.
-- A group holds exact copies (equal duplicate_key); its earliest document is canonical. Copies of a news story share
-- its story_id. One long review under many brands or authors is a campaign: its whole group is spam.
with canonical as (

    select
        document_id,
        row_number() over (partition by duplicate_key order by published_at, document_id) = 1 as is_canonical
    from staging.document

),

suspect as (

    select
        duplicate_key,
        min(regexp_replace(text, '[^\p{L}\p{N}]', '', 'g')) as letters
    from staging.document
    where kind = 'review'
    group by duplicate_key
    having count(distinct brand) >= $campaign_brands or count(distinct author_hash) >= $campaign_authors

),

campaign as (

    select duplicate_key
    from suspect
    where
        length(letters) + (25 / 12 - 1) * length(regexp_replace(letters, '[^\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]', '', 'g'))
        >= $campaign_letters

)

select
    documents.document_id,
    documents.duplicate_key as duplicate_group_id,
    case when documents.kind = 'news' then documents.duplicate_key end as story_id,
    case when campaign.duplicate_key is not null then 'copied_across_brands' end as spam_reason,

    canonical.is_canonical
from staging.document as documents
inner join canonical on documents.document_id = canonical.document_id
left join campaign on documents.duplicate_key = campaign.duplicate_key
order by documents.document_id
