-- Grain: one row per metric.
select
    metric,
    unit,
    label_en,
    label_zh,
    description_en,
    description_zh
from marts.metric_definition
order by metric
