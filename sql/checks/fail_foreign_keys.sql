-- Every identifier points to a row that exists.
select 'marts.mention ' || mentions.document_id as key
from marts.mention as mentions
anti join marts.document as documents on mentions.document_id = documents.document_id

union all

select 'marts.document_aspect ' || aspects.document_id
from marts.document_aspect as aspects
anti join marts.document as documents on aspects.document_id = documents.document_id

union all

select 'marts.comparison ' || comparisons.document_id
from marts.comparison as comparisons
anti join marts.document as documents on comparisons.document_id = documents.document_id

union all

select concat_ws(' ', 'marts.document', documents.document_id, 'topic', documents.topic_id)
from marts.document as documents
anti join marts.topic as topics on documents.topic_id = topics.topic_id
where documents.topic_id is not null

union all

select concat_ws(' ', 'marts.document', documents.document_id, 'model', documents.model_version_id)
from marts.document as documents
anti join ops.model_version as models on documents.model_version_id = models.model_version_id
where documents.model_version_id is not null

union all

select concat_ws(' ', 'marts.topic', topics.topic_id, 'replaced by', topics.replaced_by)
from marts.topic as topics
anti join marts.topic as others on topics.replaced_by = others.topic_id
where topics.replaced_by is not null

union all

select concat_ws(' ', 'marts.topic_event', events.event, events.topic_id, events.other_topic_id)
from marts.topic_event as events
where
    events.topic_id not in (select topic_id from marts.topic)
    or events.other_topic_id not in (select topic_id from marts.topic union all select '*')

union all

select distinct 'marts.weekly_topic topic ' || weekly.topic_id
from marts.weekly_topic as weekly
anti join marts.topic as topics on weekly.topic_id = topics.topic_id

union all

select distinct 'metric ' || weekly.metric
from (
    select metric from marts.weekly_metric
    union
    select metric from marts.weekly_topic
    union
    select metric from marts.weekly_aspect
) as weekly
anti join marts.metric_definition as definitions on weekly.metric = definitions.metric

union all

select concat_ws(' ', 'marts.finding', findings.iso_week, findings.revision, findings.finding_id)
from marts.finding as findings
anti join marts.report as reports
    on findings.iso_week = reports.iso_week
    and findings.revision = reports.revision

union all

select concat_ws(' ', 'marts.quote', quotes.iso_week, quotes.revision, quotes.quote_id)
from marts.quote as quotes
anti join marts.report as reports
    on quotes.iso_week = reports.iso_week
    and quotes.revision = reports.revision

union all

select concat_ws(' ', 'ops.rejected_record batch', rejected.batch_id, rejected.record_number)
from ops.rejected_record as rejected
anti join ops.batch as batches on rejected.batch_id = batches.batch_id
