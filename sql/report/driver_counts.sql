-- Grain: one row per (week, topic): scored documents of the brand by topic, this week and the week before.
select
    week_start = $week_start as is_this_week,
    topic_id,
    count(*) filter (where sentiment = 'positive') as positive,
    count(*) filter (where sentiment = 'negative') as negative,
    count(*) as scored
from marts.document
where
    week_start in ($week_start, $previous_week_start)
    and is_canonical
    and not is_spam
    and kind <> 'competitor'
    and sentiment is not null
    and (
        $brand = '*'
        or brand = $brand
        or (
            brand is null
            and document_id in (select document_id from marts.mention where is_tracked and brand = $brand)
        )
    )
group by all
order by is_this_week, topic_id
