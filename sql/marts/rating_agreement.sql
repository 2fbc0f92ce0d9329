-- Grain: one row per (week_start, language): how far sentiment agrees with the stars that customers gave.
-- language '*': English and Chinese together. Counted: what the metrics count (no later copies, no spam), in a language
-- that a model reads, with 1-2 or 4-5 stars. Sources whose ratings go beyond 5 have another scale, and are left out.
with documents as (

    select
        week_start,
        iso_week,
        language,
        rating >= 4 as is_praised,
        sentiment in ('negative', 'positive') as is_taken,
        sentiment = 'positive' as is_positive
    from marts.document
    where
        is_canonical
        and not is_spam
        and language in ('en', 'zh')
        and (rating >= 4 or rating <= 2)
    qualify max(rating) over (partition by source) <= 5

),

counted as (

    select
        week_start,
        iso_week,
        coalesce(language, '*') as language,
        count(*) as rated_count,
        count(*) filter (where is_taken) as n,
        count(*) filter (where is_taken and is_positive = is_praised) as k
    from documents
    group by grouping sets ((week_start, iso_week, language), (week_start, iso_week))

)

select
    week_start,
    iso_week,
    language,
    rated_count,
    n,
    k,
    (k / nullif(n, 0))::decimal(9, 6) as value,
    wilson_lo(k, n)::decimal(9, 6) as lo,
    wilson_hi(k, n)::decimal(9, 6) as hi,
    (n / rated_count)::decimal(9, 6) as coverage
from counted
