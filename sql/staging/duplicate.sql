-- Grain: one row per document_id.
-- A group holds the copies of one text (the rule: core/dedupe): equal duplicate_key, and keys that near copies join
-- (temporary table near_group). It is named after its earliest document, which is canonical. One long review under
-- many brands or authors is a campaign: its whole group is spam.
with grouped as (

    select
        documents.document_id,
        documents.duplicate_key,
        documents.kind,
        documents.brand,
        documents.author_hash,
        documents.text,
        documents.published_at,
        coalesce(near_group.group_key, documents.duplicate_key) as group_key
    from staging.document as documents
    left join near_group on documents.duplicate_key = near_group.duplicate_key

),

placed as (

    select
        *,
        row_number() over earliest_first as place,
        first_value(duplicate_key) over earliest_first as duplicate_group_id
    from grouped
    window earliest_first as (partition by group_key order by published_at, document_id)

),

suspect as (

    select
        duplicate_group_id,
        min(regexp_replace(text, '[^\p{L}\p{N}]', '', 'g')) as letters
    from placed
    where kind = 'review'
    group by duplicate_group_id
    having count(distinct brand) >= $campaign_brands or count(distinct author_hash) >= $campaign_authors

),

campaign as (

    select duplicate_group_id
    from suspect
    where
        length(letters) + (25 / 12 - 1) * length(regexp_replace(letters, '[^\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]', '', 'g'))
        >= $campaign_letters

)

select
    placed.document_id,
    placed.duplicate_group_id,
    case when campaign.duplicate_group_id is not null then 'copied_across_brands' end as spam_reason,

    placed.place = 1 as is_canonical
from placed
left join campaign on placed.duplicate_group_id = campaign.duplicate_group_id
order by placed.document_id
