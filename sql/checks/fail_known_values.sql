-- Languages, kinds, sentiments, topic languages and verdicts are of the documented sets.
select concat_ws(' ', 'marts.document', document_id, language, kind, sentiment) as key
from marts.document
where
    language not in ('en', 'zh', 'other')
    or kind not in ('review', 'news', 'competitor')
    or sentiment not in ('negative', 'neutral', 'positive', 'mixed')
    or (
        language = 'other'
        and (sentiment is not null or topic_id is not null)
        and duplicate_group_id not in (
            select named.duplicate_group_id
            from ops.current_correction as corrections
            inner join marts.document as named on corrections.subject = named.document_id
        )
    )

union all

select concat_ws(' ', 'marts.mention', document_id, start_char, sentiment)
from marts.mention
where sentiment not in ('negative', 'neutral', 'positive', 'mixed')

union all

select concat_ws(' ', 'marts.document_aspect', document_id, aspect, sentiment, method)
from marts.document_aspect
where
    sentiment not in ('negative', 'neutral', 'positive')
    or method not in ('words', 'meaning')

union all

select concat_ws(' ', 'marts.topic', topic_id, language)
from marts.topic
where language not in ('en', 'zh')

union all

select concat_ws(' ', 'verdict', metric, brand, iso_week, verdict)
from (
    select metric, brand, iso_week, verdict from marts.weekly_metric
    union all
    select metric, brand, iso_week, verdict from marts.weekly_topic
    union all
    select metric, brand, iso_week, verdict from marts.weekly_aspect
)
where
    verdict not in (
        'signal_up', 'signal_down', 'watch_up', 'watch_down',
        'no_clear_change', 'too_few', 'baseline_building', 'excluded'
    )

union all

select concat_ws(' ', 'slope_verdict', metric, brand, iso_week, slope_verdict)
from (
    select metric, brand, iso_week, slope_verdict from marts.weekly_metric
    union all
    select metric, brand, iso_week, slope_verdict from marts.weekly_topic
    union all
    select metric, brand, iso_week, slope_verdict from marts.weekly_aspect
)
where slope_verdict not in ('signal_up', 'signal_down', 'no_clear_change', 'too_few', 'baseline_building', 'excluded')
