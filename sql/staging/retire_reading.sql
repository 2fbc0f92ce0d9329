-- Grain: none; statements. Contents that are read again by another mapping (temporary table incoming_file) leave their
-- earlier reading behind. What that brought and this reading does not give again (temporary table incoming_document)
-- must go, or it would count twice: without a record id, a document's identity comes from what was read.
create or replace temp table replaced_batch as
select distinct files.batch_id
from raw.loaded_file as files
semi join incoming_file as incoming
    on files.source = incoming.source
    and files.content_sha256 = incoming.content_sha256
    and files.mapping_hash <> incoming.mapping_hash;

delete from raw.loaded_file
using incoming_file as incoming
where
    loaded_file.source = incoming.source
    and loaded_file.content_sha256 = incoming.content_sha256
    and loaded_file.mapping_hash <> incoming.mapping_hash;

delete from replaced_batch
where batch_id in (select batch_id from raw.loaded_file);

create or replace temp table retired_document as
select distinct document_id
from raw.document
where
    batch_id in (select batch_id from replaced_batch)
    and document_id not in (select document_id from incoming_document);

delete from raw.document
where
    batch_id in (select batch_id from replaced_batch)
    and document_id in (select document_id from retired_document);

delete from retired_document where document_id in (select document_id from raw.document);

delete from staging.document where document_id in (select document_id from retired_document);
delete from staging.duplicate where document_id in (select document_id from retired_document);
delete from enriched.progress where document_id in (select document_id from retired_document);
delete from enriched.embedding where document_id in (select document_id from retired_document);
delete from enriched.sentiment where document_id in (select document_id from retired_document);
delete from enriched.mention where document_id in (select document_id from retired_document);
delete from enriched.document_aspect where document_id in (select document_id from retired_document);
delete from enriched.target_sentiment where document_id in (select document_id from retired_document);
delete from enriched.comparison where document_id in (select document_id from retired_document);
delete from enriched.story where document_id in (select document_id from retired_document);
delete from enriched.document_topic where document_id in (select document_id from retired_document);

delete from ops.rejected_record where batch_id in (select batch_id from replaced_batch);
update ops.batch set status = 'replaced' where batch_id in (select batch_id from replaced_batch);
