-- The audit schema: what ran, what arrived, what was refused, which model scored it.
create schema if not exists ops;

-- Grain: one row per run of the weekly flow.
create table if not exists ops.run (
    run_id varchar not null,
    command varchar not null,
    started_at timestamp not null,
    finished_at timestamp,
    status varchar not null,
    first_week varchar,
    last_week varchar,
    config_hash varchar not null,
    program_version varchar not null,
    message varchar
);
comment on table ops.run is 'One row per run of the weekly flow.';
comment on column ops.run.run_id is 'Identifier of the run, shown in the report.';
comment on column ops.run.command is 'The command line that started the run.';
comment on column ops.run.started_at is 'Start of the run (UTC).';
comment on column ops.run.finished_at is 'End of the run (UTC); null while it runs or when it was killed.';
comment on column ops.run.status is 'running, published, refused (a data test failed) or failed.';
comment on column ops.run.first_week is 'First ISO week that the run reports, such as 2026-W47.';
comment on column ops.run.last_week is 'Last ISO week that the run reports.';
comment on column ops.run.config_hash is 'SHA-256 of the effective configuration.';
comment on column ops.run.program_version is 'Version of Market Brief that ran.';
comment on column ops.run.message is 'Why the run was refused or failed; null otherwise.';

-- Grain: one row per batch (one file, feed response, or group of pages) that was read to its end.
create table if not exists ops.batch (
    batch_id varchar not null,
    batch_sequence bigint not null,
    run_id varchar not null,
    source varchar not null,
    uri varchar not null,
    content_sha256 varchar not null,
    mapping_hash varchar not null,
    received_count bigint not null,
    loaded_count bigint not null,
    updated_count bigint not null,
    duplicate_count bigint not null,
    rejected_count bigint not null,
    status varchar not null,
    loaded_at timestamp not null
);
comment on table ops.batch is 'Ledger of ingest: one row per batch; received = loaded + updated + duplicate + rejected.';
comment on column ops.batch.batch_id is 'Hash of source, mapping and content: the same content is loaded once.';
comment on column ops.batch.batch_sequence is 'Order in which batches were loaded, from 1.';
comment on column ops.batch.run_id is 'The run that loaded the batch.';
comment on column ops.batch.source is 'Name of the source in market.toml.';
comment on column ops.batch.uri is 'File, member of an archive, or address that the batch was read from.';
comment on column ops.batch.content_sha256 is 'SHA-256 of the bytes that were read.';
comment on column ops.batch.mapping_hash is 'Hash of the source''s column mapping: a changed mapping reads the content again.';
comment on column ops.batch.received_count is 'Records found in the batch.';
comment on column ops.batch.loaded_count is 'Records that were new documents.';
comment on column ops.batch.updated_count is 'Records that were new versions of known documents.';
comment on column ops.batch.duplicate_count is 'Records already known, with the same content.';
comment on column ops.batch.rejected_count is 'Records stored in ops.rejected_record instead.';
comment on column ops.batch.status is 'loaded, unreadable (the whole batch was refused), or replaced (its content was read again by another mapping).';
comment on column ops.batch.loaded_at is 'When the batch was committed (UTC).';

-- Grain: one row per (batch_id, record_number).
create table if not exists ops.rejected_record (
    batch_id varchar not null,
    record_number bigint not null,
    source varchar not null,
    uri varchar not null,
    reason_code varchar not null,
    reason varchar not null,
    raw_bytes blob,
    excerpt varchar
);
comment on table ops.rejected_record is 'Records that could not be used, with the reason: nothing vanishes.';
comment on column ops.rejected_record.batch_id is 'Batch that held the record.';
comment on column ops.rejected_record.record_number is 'Position of the record in its batch, from 1.';
comment on column ops.rejected_record.source is 'Name of the source.';
comment on column ops.rejected_record.uri is 'File or address that held the record.';
comment on column ops.rejected_record.reason_code is 'Short code of the reason, such as no_date.';
comment on column ops.rejected_record.reason is 'What is wrong, in a sentence.';
comment on column ops.rejected_record.raw_bytes is 'The record as it came, at most 8 KiB (warehouse only, never in the snapshot).';
comment on column ops.rejected_record.excerpt is 'Redacted beginning of the record, at most 200 characters.';

-- Grain: one row per (iso_week, source).
create table if not exists ops.source_health (
    iso_week varchar not null,
    week_start date not null,
    source varchar not null,
    kind varchar not null,
    expected_count bigint,
    received_count bigint not null,
    duplicate_count bigint not null,
    rejected_count bigint not null,
    coverage decimal(9, 4),
    newest_published_at timestamp,
    status varchar not null,
    missing_days integer,
    incomplete_reason varchar
);
comment on table ops.source_health is 'Per week and source: what was expected, what arrived, how fresh it is.';
comment on column ops.source_health.iso_week is 'ISO week, such as 2026-W47.';
comment on column ops.source_health.week_start is 'Monday of the week in the project''s time zone.';
comment on column ops.source_health.source is 'Name of the source.';
comment on column ops.source_health.kind is 'review, news or competitor.';
comment on column ops.source_health.expected_count is 'Median of the weekly documents over up to 8 earlier weeks; null with no earlier week.';
comment on column ops.source_health.received_count is 'Documents published in the week.';
comment on column ops.source_health.duplicate_count is 'Documents of the week that copy another one.';
comment on column ops.source_health.rejected_count is 'Rejected records of the source over all batches so far (a rejected record has no week).';
comment on column ops.source_health.coverage is 'received / expected; null with nothing expected.';
comment on column ops.source_health.newest_published_at is 'Newest publication time up to the end of the week (UTC).';
comment on column ops.source_health.status is 'ok, low (under 80 % of expected), silent (none where some were expected) or new.';
comment on column ops.source_health.missing_days is 'Empty days of a week that its number of documents and the source''s usual weekdays would leave empty in fewer than one week in ten thousand; null where there is no such hole.';
comment on column ops.source_health.incomplete_reason is 'Why the week is left out of comparisons: first_week, silent, missing_days, under_half or few_weeks; null where it is compared (a low week with documents on all its days is a fall, not a gap).';

-- Grain: one row per (source, kind, brand).
create table if not exists ops.brand_coverage (
    source varchar not null,
    kind varchar not null,
    brand varchar not null,
    document_count bigint not null,
    first_date date not null,
    last_date date not null,
    first_covered_week varchar not null,
    capped_at bigint
);
comment on table ops.brand_coverage is 'From when to when a source has documents of a tracked brand that it names itself (5 a week or more). Grain: one row per (source, kind, brand).';
comment on column ops.brand_coverage.source is 'Name of the source in market.toml.';
comment on column ops.brand_coverage.kind is 'review, news or competitor.';
comment on column ops.brand_coverage.brand is 'The brand.';
comment on column ops.brand_coverage.document_count is 'Documents of the brand, copies and spam included.';
comment on column ops.brand_coverage.first_date is 'Day of the first one, in the project''s time zone.';
comment on column ops.brand_coverage.last_date is 'Day of the last one.';
comment on column ops.brand_coverage.first_covered_week is 'First ISO week that is covered from its Monday on: comparisons of the brand begin there.';
comment on column ops.brand_coverage.capped_at is 'Documents a brand at which the source''s export stops: two brands or more have exactly as many in one batch; null where that is not so.';

-- Grain: one row per model_version_id.
create table if not exists ops.model_version (
    model_version_id varchar not null,
    task varchar not null,
    language varchar not null,
    name varchar not null,
    revision varchar not null,
    "precision" varchar not null,
    licence varchar not null,
    content_sha256 varchar not null,
    is_current boolean not null,
    card varchar not null,
    registered_at timestamp not null
);
comment on table ops.model_version is 'Registered models: every enriched row names one.';
comment on column ops.model_version.model_version_id is 'task-language-name@revision+precision.';
comment on column ops.model_version.task is 'embedding, sentiment, mention or topic.';
comment on column ops.model_version.language is 'en, zh, or * for all.';
comment on column ops.model_version.name is 'Name of the model.';
comment on column ops.model_version.revision is 'Revision: first 12 characters of the hash over its files.';
comment on column ops.model_version.precision is 'Numeric precision: fp32, bf16, or exact for rules.';
comment on column ops.model_version.licence is 'Licence of the weights; research-only where a training set has no clear licence.';
comment on column ops.model_version.content_sha256 is 'SHA-256 over the model''s files.';
comment on column ops.model_version.is_current is 'True for the version that the marts read.';
comment on column ops.model_version.card is 'The model card as JSON: training sets, metrics, limits.';
comment on column ops.model_version.registered_at is 'When this warehouse first saw the version (UTC).';

-- Grain: one row per correction_id. Append-only: of the rows with one (kind, subject, language) the newest wins.
create table if not exists ops.correction (
    correction_id varchar not null,
    correction_sequence bigint not null,
    kind varchar not null,
    subject varchar not null,
    value varchar not null,
    language varchar,
    note varchar,
    made_at timestamp not null
);
comment on table ops.correction is 'What people corrected by `marketbrief correct`: rows that win over models in every later run. Append-only; of the rows with one (kind, subject, language) the newest wins. Grain: one row per correction_id.';
comment on column ops.correction.correction_id is 'Hash of kind, subject, language, value and sequence.';
comment on column ops.correction.correction_sequence is 'Order in which corrections were taken in, from 1: the highest one of (kind, subject, language) wins.';
comment on column ops.correction.kind is 'sentiment, entity, spam, topic (all of a document), topic_rename, topic_merge, topic_split, topic_pin or topic_hide.';
comment on column ops.correction.subject is 'document_id (sentiment, spam, topic), document_id:start:end (entity) or topic_id.';
comment on column ops.correction.value is 'What is right: a sentiment, an entity type or none, spam or not_spam, a document''s topic_id or none, a topic''s name, the topic_id to merge into, keywords to split off, yes or no.';
comment on column ops.correction.language is 'en or zh for topic_rename; null elsewhere.';
comment on column ops.correction.note is 'Why, in the corrector''s words; null where nothing was said.';
comment on column ops.correction.made_at is 'When the correction was taken in (UTC).';

-- Grain: one row per (kind, subject, language): the corrections in force.
create or replace view ops.current_correction as
select
    correction_id,
    correction_sequence,
    kind,
    subject,
    value,
    language,
    note,
    made_at
from ops.correction
qualify row_number() over (partition by kind, subject, language order by correction_sequence desc) = 1;
comment on view ops.current_correction is 'Corrections in force: the newest row of each (kind, subject, language).';
comment on column ops.current_correction.correction_id is 'As in ops.correction.';
comment on column ops.current_correction.correction_sequence is 'As in ops.correction.';
comment on column ops.current_correction.kind is 'As in ops.correction.';
comment on column ops.current_correction.subject is 'As in ops.correction.';
comment on column ops.current_correction.value is 'As in ops.correction.';
comment on column ops.current_correction.language is 'As in ops.correction.';
comment on column ops.current_correction.note is 'As in ops.correction.';
comment on column ops.current_correction.made_at is 'As in ops.correction.';
