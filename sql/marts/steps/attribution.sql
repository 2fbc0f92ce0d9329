-- Grain: one row per (document_id, brand), brand '*' standing for any brand or none. Spam is left out, copies are not.
-- belongs: the document is about the brand: the source says so, or names no brand and the text names it.
-- names: the document counts in the brand's share of voice: it belongs to the brand or mentions it.
create or replace temp table attribution as
with documents as (

    select document_id, brand
    from marts.document
    where not is_spam

),

mentioned as (

    select distinct mentions.document_id, mentions.brand
    from marts.mention as mentions
    inner join staging.brand as brands on mentions.brand = brands.brand
    where mentions.is_tracked

),

tracked as (

    select
        documents.document_id,
        brands.brand,
        true as belongs
    from documents
    inner join staging.brand as brands on documents.brand = brands.brand

    union all

    select
        documents.document_id,
        mentioned.brand,
        documents.brand is null as belongs
    from documents
    inner join mentioned on documents.document_id = mentioned.document_id

),

one_row_each as (

    select
        document_id,
        brand,
        bool_or(belongs) as belongs
    from tracked
    group by document_id, brand

)

select
    document_id,
    brand,
    belongs,
    true as names
from one_row_each

union all

select
    documents.document_id,
    '*' as brand,
    true as belongs,
    documents.document_id in (select one_row_each.document_id from one_row_each) as names
from documents;
