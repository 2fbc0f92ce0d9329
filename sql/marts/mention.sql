-- Grain: one row per (document_id, start_char, end_char, entity_id).
-- The document's sentiment is the mention's where the document names one tracked brand only: the brand that the
-- source gives it counts as named. In a document of several brands it is how the words around the name speak of it.
-- Where a tracked brand and a name that nobody listed claim one place, the brand has it. Names that nobody listed carry
-- no sentiment of their own. What a person corrected wins: a span gets its type, a span that is no name goes, and a name
-- that was missed comes, as the entity that is written so elsewhere if there is one.
with corrected as (

    select
        split_part(subject, ':', 1) as document_id,
        split_part(subject, ':', 2)::integer as start_char,
        split_part(subject, ':', 3)::integer as end_char,
        value as entity_type
    from ops.current_correction
    where kind = 'entity'

),

found as (

    select mentions.*
    from enriched.mention as mentions
    inner join ops.model_version as models
        on mentions.model_version_id = models.model_version_id
        and models.task = 'mention'
        and models.is_current
    where
        mentions.is_tracked
        or not exists (
            select tracked.document_id
            from enriched.mention as tracked
            inner join ops.model_version as tracked_models
                on tracked.model_version_id = tracked_models.model_version_id
                and tracked_models.task = 'mention'
                and tracked_models.is_current
            where
                tracked.is_tracked
                and tracked.document_id = mentions.document_id
                and tracked.start_char < mentions.end_char
                and mentions.start_char < tracked.end_char
        )

),

known as (

    select
        lower(surface) as surface,
        arg_min(struct_pack(entity_id, entity_name, is_tracked, brand), (not is_tracked, entity_id)) as entity
    from found
    group by lower(surface)

),

missed as (

    select
        corrected.document_id,
        corrected.start_char,
        corrected.end_char,
        corrected.entity_type,
        substring(
            documents.text, corrected.start_char + 1, corrected.end_char - corrected.start_char
        ) as surface
    from corrected
    inner join marts.document as documents on corrected.document_id = documents.document_id
    anti join found
        on corrected.document_id = found.document_id
        and corrected.start_char = found.start_char
        and corrected.end_char = found.end_char
    where corrected.entity_type <> 'none' and corrected.end_char <= length(documents.text)

),

mentions as (

    select
        found.document_id,
        found.entity_id,
        found.entity_name,
        coalesce(corrected.entity_type, found.entity_type) as entity_type,
        found.is_tracked,
        found.brand,
        found.surface,
        found.start_char,
        found.end_char,
        found.method
    from found
    left join corrected
        on found.document_id = corrected.document_id
        and found.start_char = corrected.start_char
        and found.end_char = corrected.end_char
    where corrected.entity_type is null or corrected.entity_type <> 'none'

    union all

    select
        missed.document_id,
        coalesce(known.entity.entity_id, 'name-' || md5(lower(missed.surface))[1:16]) as entity_id,
        coalesce(known.entity.entity_name, missed.surface) as entity_name,
        missed.entity_type,
        coalesce(known.entity.is_tracked, false) as is_tracked,
        known.entity.brand,
        missed.surface,
        missed.start_char,
        missed.end_char,
        'correction' as method
    from missed
    left join known on lower(missed.surface) = known.surface

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
