-- Grain: one row per model in use.
select
    model_version_id,
    task,
    language,
    name,
    revision,
    licence,
    card
from ops.model_version
where is_current
order by task, language, model_version_id
