-- Grain: one row per span of a week that was called a name; the first rows are the ones to label.
-- Of each type and method about the same number comes first. Parameters: iso_week; most.
with named as (

    select
        mentions.document_id || ':' || mentions.start_char || ':' || mentions.end_char as subject,
        any_value(documents.language) as language,
        any_value(documents.text) as text,
        any_value(mentions.surface) as surface,
        min(mentions.entity_type) as predicted,
        min(mentions.method) as method
    from marts.mention as mentions
    inner join marts.document as documents on mentions.document_id = documents.document_id
    where documents.iso_week = $iso_week and documents.is_canonical and not documents.is_spam
    group by mentions.document_id, mentions.start_char, mentions.end_char

),

placed as (

    select
        *,
        row_number() over (partition by predicted, method order by md5($iso_week || subject)) as place
    from named

)

select
    'entity' as kind,
    subject,
    language,
    text,
    surface,
    predicted,
    null::decimal(6, 4) as confidence
from placed
order by place, md5($iso_week || subject)
limit $most
