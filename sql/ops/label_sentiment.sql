-- Grain: one row per document_id of a week that counts; the first rows are the ones to label.
-- Of each predicted label (abstentions are one) and third of confidence about the same number comes first, in an
-- order that the week alone decides. Parameters: iso_week; most.
with counted as (

    select
        document_id,
        language,
        text,
        coalesce(sentiment, 'abstained') as predicted,
        sentiment_confidence as confidence
    from marts.document
    where iso_week = $iso_week and is_canonical and not is_spam and kind <> 'competitor' and language <> 'other'

),

banded as (

    select
        *,
        ntile(3) over (partition by predicted order by confidence, document_id) as band
    from counted

),

placed as (

    select
        *,
        row_number() over (partition by predicted, band order by md5($iso_week || document_id)) as place
    from banded

)

select
    'sentiment' as kind,
    document_id as subject,
    language,
    text,
    predicted,
    confidence
from placed
order by place, md5($iso_week || document_id)
limit $most
