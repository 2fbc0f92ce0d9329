-- Grain: one row per document_id of a week, customers and press, copies left out; the first rows are the ones to label.
-- Half of the rows are what the rules call spam, by reason, as far as there is any. Parameters: iso_week; most.
with placed as (

    select
        document_id,
        language,
        text,
        coalesce(spam_reason, 'not_spam') as predicted,
        row_number() over (partition by spam_reason order by md5($iso_week || document_id)) as place,
        row_number() over (partition by is_spam order by md5($iso_week || document_id)) as place_of_verdict
    from marts.document
    where iso_week = $iso_week and is_canonical and kind <> 'competitor'

)

select
    'spam' as kind,
    document_id as subject,
    language,
    text,
    predicted,
    null::decimal(6, 4) as confidence
from placed
order by place_of_verdict, place, md5($iso_week || document_id)
limit $most
