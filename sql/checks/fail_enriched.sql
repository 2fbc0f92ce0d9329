-- Every document was seen by the current models of its language, with the text that it has now.
select concat_ws(' ', models.task, documents.document_id) as key
from staging.document as documents
inner join ops.model_version as models
    on models.is_current
    and models.task in ('embedding', 'sentiment', 'mention', 'aspect', 'target')
    and models.language in (documents.language, '*')
anti join enriched.progress as progress
    on documents.document_id = progress.document_id
    and documents.text_hash = progress.text_hash
    and models.model_version_id = progress.model_version_id

union all

select 'sentiment row ' || documents.document_id
from staging.document as documents
inner join ops.model_version as models
    on models.is_current
    and models.task = 'sentiment'
    and models.language = documents.language
anti join enriched.sentiment as sentiment
    on documents.document_id = sentiment.document_id
    and models.model_version_id = sentiment.model_version_id
