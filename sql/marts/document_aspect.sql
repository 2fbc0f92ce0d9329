-- Grain: one row per (document_id, aspect, start_char).
with aspects as (

    select found.*
    from enriched.document_aspect as found
    inner join ops.model_version as models
        on found.model_version_id = models.model_version_id
        and models.task = 'aspect'
        and models.is_current

)

select
    aspects.document_id,
    aspects.aspect,

    judged.sentiment,
    case when judged.sentiment is not null then judged.sentiment_score end as sentiment_score,

    aspects.start_char,
    aspects.end_char,
    aspects.clause_start_char,
    aspects.clause_end_char,
    aspects.method
from aspects
inner join marts.document as documents on aspects.document_id = documents.document_id
left join enriched.target_sentiment as judged
    on aspects.document_id = judged.document_id
    and aspects.model_version_id = judged.model_version_id
    and aspects.start_char = judged.start_char
    and aspects.end_char = judged.end_char
order by aspects.document_id, aspects.aspect, aspects.start_char
