-- Every table holds its key once.
select 'marts.document ' || document_id as key
from marts.document
group by document_id
having count(*) > 1

union all

select concat_ws(' ', 'marts.mention', document_id, start_char, end_char, entity_id)
from marts.mention
group by document_id, start_char, end_char, entity_id
having count(*) > 1

union all

select concat_ws(' ', 'marts.document_aspect', document_id, aspect, start_char)
from marts.document_aspect
group by document_id, aspect, start_char
having count(*) > 1

union all

select concat_ws(' ', 'marts.comparison', document_id, start_char, preferred_brand, other_brand)
from marts.comparison
group by document_id, start_char, preferred_brand, other_brand
having count(*) > 1

union all

select 'marts.topic ' || topic_id
from marts.topic
group by topic_id
having count(*) > 1

union all

select 'marts.story ' || story_id
from marts.story
group by story_id
having count(*) > 1

union all

select 'ops.correction ' || correction_id
from ops.correction
group by correction_id
having count(*) > 1

union all

select concat_ws(' ', 'marts.topic_event', week_start, event, topic_id, other_topic_id, cause)
from marts.topic_event
group by week_start, event, topic_id, other_topic_id, cause
having count(*) > 1

union all

select concat_ws(' ', 'marts.weekly_metric', week_start, metric, brand, kind, segment)
from marts.weekly_metric
group by week_start, metric, brand, kind, segment
having count(*) > 1

union all

select concat_ws(' ', 'marts.weekly_topic', week_start, metric, brand, topic_id)
from marts.weekly_topic
group by week_start, metric, brand, topic_id
having count(*) > 1

union all

select concat_ws(' ', 'marts.weekly_aspect', week_start, metric, brand, aspect)
from marts.weekly_aspect
group by week_start, metric, brand, aspect
having count(*) > 1

union all

select concat_ws(' ', 'marts.report', iso_week, revision)
from marts.report
group by iso_week, revision
having count(*) > 1

union all

select concat_ws(' ', 'marts.finding', iso_week, revision, finding_id)
from marts.finding
group by iso_week, revision, finding_id
having count(*) > 1

union all

select concat_ws(' ', 'marts.quote', iso_week, revision, quote_id)
from marts.quote
group by iso_week, revision, quote_id
having count(*) > 1

union all

select 'marts.metric_definition ' || metric
from marts.metric_definition
group by metric
having count(*) > 1

union all

select 'ops.run ' || run_id
from ops.run
group by run_id
having count(*) > 1

union all

select 'ops.batch ' || batch_id
from ops.batch
group by batch_id
having count(*) > 1

union all

select concat_ws(' ', 'ops.rejected_record', batch_id, record_number)
from ops.rejected_record
group by batch_id, record_number
having count(*) > 1

union all

select concat_ws(' ', 'ops.brand_coverage', source, kind, brand)
from ops.brand_coverage
group by source, kind, brand
having count(*) > 1

union all

select concat_ws(' ', 'marts.forecast', week_start, metric, brand, kind)
from marts.forecast
group by week_start, metric, brand, kind
having count(*) > 1

union all

select concat_ws(' ', 'marts.page_change', change_id)
from marts.page_change
group by change_id
having count(*) > 1

union all

select concat_ws(' ', 'ops.source_health', iso_week, source)
from ops.source_health
group by iso_week, source
having count(*) > 1

union all

select concat_ws(' ', 'marts.rating_agreement', week_start, language)
from marts.rating_agreement
group by week_start, language
having count(*) > 1

union all

select 'ops.model_version ' || model_version_id
from ops.model_version
group by model_version_id
having count(*) > 1
