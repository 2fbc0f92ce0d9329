-- Grain: one row per (document_id, start_char, end_char, entity_id).
-- The document's sentiment is the mention's where the document names one tracked brand only: the brand that the
-- source gives it counts as named. In a document of several brands it is how the words around the name speak of it.
-- Names that nobody listed carry no sentiment of their own.
with mentions as (

    select mentions.*
    from enriched.mention as mentions
    inner join ops.model_version as models
        on mentions.model_version_id = models.model_version_id
        and models.task = 'mention'
        and models.is_current

),

judged as (

    select targets.*
    from enriched.target_sentiment as targets
    inner join ops.model_version as models
        on targets.model_version_id = models.model_version_id
        and models.task = 'target'
        and models.is_current

),

named as (

    select document_id, brand from mentions where is_tracked
    union
    select document_id, brand from marts.document where brand is not null

),

named_once as (

    select document_id
    from named
    group by document_id
    having count(*) = 1

)

select
    mentions.document_id,
    mentions.entity_id,
    mentions.entity_name,
    mentions.entity_type,
    mentions.is_tracked,
    mentions.brand,
    mentions.surface,

    mentions.start_char,
    mentions.end_char,

    case
        when not mentions.is_tracked then null
        when named_once.document_id is not null then documents.sentiment
        else judged.sentiment
    end as sentiment,
    case
        when not mentions.is_tracked then null
        when named_once.document_id is not null then documents.sentiment_score
        when judged.sentiment is not null then judged.sentiment_score
    end as sentiment_score,
    mentions.method
from mentions
inner join marts.document as documents on mentions.document_id = documents.document_id
left join named_once on mentions.document_id = named_once.document_id
left join judged
    on mentions.document_id = judged.document_id
    and mentions.start_char = judged.start_char
    and mentions.end_char = judged.end_char
order by mentions.document_id, mentions.start_char, mentions.end_char, mentions.entity_id
