-- Grain: one row: whether a model looks for names that nobody listed.
select
    exists (select document_id from marts.mention where not is_tracked)
    or exists (
        select model_version_id
        from ops.model_version
        where
            is_current
            and task = 'mention'
            and name <> 'alias'
    ) as has_name_model
