-- Grain: one row per language: how far sentiment agreed with stars in the 4 weeks up to this one, and in the 12 before.
-- has_dropped: Newcombe's interval of the difference (1998, method 10) lies below 0, with 30 documents or more in each.
with periods as (

    select
        language,
        coalesce(sum(rated_count) filter (where is_recent), 0)::bigint as rated,
        coalesce(sum(n) filter (where is_recent), 0)::bigint as n,
        coalesce(sum(k) filter (where is_recent), 0)::bigint as k,
        coalesce(sum(n) filter (where not is_recent), 0)::bigint as n_before,
        coalesce(sum(k) filter (where not is_recent), 0)::bigint as k_before
    from (
        select
            *,
            week_start > $week_start::date - interval 28 days as is_recent
        from marts.rating_agreement
        where
            language <> '*'
            and week_start <= $week_start
            and week_start > $week_start::date - interval 112 days
    ) as weeks
    group by language

)

select
    language,
    rated,
    n,
    k,
    k / n as value,
    wilson_lo(k, n) as lo,
    wilson_hi(k, n) as hi,
    n_before,
    k_before / nullif(n_before, 0) as value_before,
    n >= 30
    and n_before >= 30
    and coalesce(
        k / n - k_before / nullif(n_before, 0)
        + sqrt((wilson_hi(k, n) - k / n) ** 2 + (k_before / nullif(n_before, 0) - wilson_lo(k_before, n_before)) ** 2)
        < 0,
        false
    ) as has_dropped
from periods
where n > 0
order by language
