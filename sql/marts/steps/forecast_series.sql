-- Grain: one row per (metric, brand, week_start): the weekly series that are forecast, of customers and press. value is
-- null where there is none or where the week is incomplete. All brands together, our own, and the five most named others.
with others as (

    select brands.brand
    from staging.brand as brands
    cross join staging.project as project
    left join marts.weekly_metric as metrics
        on brands.brand = metrics.brand
        and metrics.metric = 'volume'
        and metrics.kind = '*'
        and metrics.segment = '*'
    group by brands.brand, brands.position, project.own_brand
    order by brands.brand is not distinct from project.own_brand desc, sum(metrics.n) desc, brands.position
    limit 6

)

select
    metric,
    brand,
    week_start,
    case when verdict <> 'excluded' and n > 0 then value::double end as value
from marts.weekly_metric
where
    metric in ('volume', 'nss')
    and kind = '*'
    and segment = '*'
    and (brand = '*' or brand in (select others.brand from others))
order by metric, brand, week_start
