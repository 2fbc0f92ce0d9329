-- Sentiment agrees less with the stars than before: the models or the sources have changed, so look at the newest texts.
-- The last 4 weeks against the 12 before, by language, each with 30 documents or more; a drop is one whose Newcombe
-- interval (1998, method 10: from two Wilson intervals) leaves out 0.
with periods as (

    select
        language,
        sum(n) filter (where is_recent)::bigint as n,
        sum(k) filter (where is_recent)::bigint as k,
        sum(n) filter (where not is_recent)::bigint as n_before,
        sum(k) filter (where not is_recent)::bigint as k_before
    from (
        select
            language,
            n,
            k,
            week_start > max(week_start) over () - interval 28 days as is_recent
        from marts.rating_agreement
        where language <> '*'
        qualify week_start > max(week_start) over () - interval 112 days
    ) as weeks
    group by language
    having
        n >= 30
        and n_before >= 30

)

select
    concat(
        language, ' ', round(100.0 * k / n, 1), ' % of ', n, ' in the last 4 weeks, before that ',
        round(100.0 * k_before / n_before, 1), ' % of ', n_before
    ) as key
from periods
where
    k / n - k_before / n_before
    + sqrt((wilson_hi(k, n) - k / n) ** 2 + (k_before / n_before - wilson_lo(k_before, n_before)) ** 2) < 0
order by language
