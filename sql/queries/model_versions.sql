-- Models that scored the documents, with licence and number of documents (sentiment models).
select
    models.model_version_id,
    models.task,
    models.language,
    models.licence,
    models.is_current,
    count(documents.document_id) as document_count
from ops.model_version as models
left join marts.document as documents on models.model_version_id = documents.model_version_id
group by
    models.model_version_id,
    models.task,
    models.language,
    models.licence,
    models.is_current
order by models.task, models.language, models.model_version_id
