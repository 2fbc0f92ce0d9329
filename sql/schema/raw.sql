-- What arrived, as it arrived. Append-only: a changed text is another row.
create schema if not exists raw;

-- Grain: one row per (document_id, content_hash).
create table if not exists raw.document (
    document_id varchar not null,
    content_hash varchar not null,
    source varchar not null,
    kind varchar not null,
    source_record_id varchar,
    title varchar,
    text varchar not null,
    url varchar,
    published_at timestamp not null,
    is_date_only boolean not null,
    rating decimal(6, 3),
    brand varchar,
    segment varchar,
    language_hint varchar,
    author_hash varchar,
    batch_id varchar not null,
    batch_sequence bigint not null,
    record_number bigint not null
);
comment on table raw.document is 'Documents as received, all versions; stays in the warehouse (personal data is not redacted here).';
comment on column raw.document.batch_sequence is 'Sequence of the batch that last brought this version: the highest one is the newest version.';
comment on column raw.document.published_at is 'UTC; for is_date_only rows the date itself at midnight, never shifted.';
comment on column raw.document.author_hash is 'Salted hash of the author; the name itself is never stored.';

-- Grain: one row per (source, mapping_hash, uri, content_sha256): files that belong to a batch already in the ledger.
create table if not exists raw.loaded_file (
    source varchar not null,
    mapping_hash varchar not null,
    uri varchar not null,
    content_sha256 varchar not null,
    batch_id varchar not null
);
