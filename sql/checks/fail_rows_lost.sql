-- No document is lost or invented between raw, staging and marts, nor spam or copies dropped.
select 'not in staging ' || raw_ids.document_id as key
from (select distinct document_id from raw.document) as raw_ids
anti join staging.document as staged on raw_ids.document_id = staged.document_id

union all

select 'not in marts ' || staged.document_id
from staging.document as staged
anti join marts.document as documents on staged.document_id = documents.document_id

union all

select 'not in raw ' || documents.document_id
from marts.document as documents
anti join raw.document as raw_documents on documents.document_id = raw_documents.document_id

union all

select 'staged twice ' || document_id
from staging.document
group by document_id
having count(*) > 1
