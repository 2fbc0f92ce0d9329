-- Remove what models said of documents, for the pairs of document and model in the temporary table `replaced`.
delete from enriched.embedding as old
using replaced
where old.document_id = replaced.document_id and old.model_version_id = replaced.model_version_id;

delete from enriched.sentiment as old
using replaced
where old.document_id = replaced.document_id and old.model_version_id = replaced.model_version_id;

delete from enriched.mention as old
using replaced
where old.document_id = replaced.document_id and old.model_version_id = replaced.model_version_id;

delete from enriched.document_aspect as old
using replaced
where old.document_id = replaced.document_id and old.model_version_id = replaced.model_version_id;

delete from enriched.target_sentiment as old
using replaced
where old.document_id = replaced.document_id and old.model_version_id = replaced.model_version_id;

delete from enriched.comparison as old
using replaced
where old.document_id = replaced.document_id and old.model_version_id = replaced.model_version_id;

delete from enriched.story as old
using replaced
where old.document_id = replaced.document_id and old.model_version_id = replaced.model_version_id;

delete from enriched.document_topic as old
using replaced
where old.document_id = replaced.document_id and old.model_version_id = replaced.model_version_id;

delete from enriched.progress as old
using replaced
where old.document_id = replaced.document_id and old.model_version_id = replaced.model_version_id;
