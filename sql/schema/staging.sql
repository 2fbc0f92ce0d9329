-- The newest version of every document, repaired, redacted and grouped; and the configuration as tables.
create schema if not exists staging;

-- Grain: one row.
create table if not exists staging.project (
    name varchar not null,
    timezone varchar not null,
    own_brand varchar
);

-- Grain: one row per brand of market.toml.
create table if not exists staging.brand (
    brand varchar not null,
    role varchar not null,
    "position" integer not null
);

-- Grain: one row per source of market.toml.
create table if not exists staging.source (
    source varchar not null,
    kind varchar not null,
    is_required boolean not null
);

-- Grain: one row per document_id, its newest version, by prepare_version.
create table if not exists staging.document (
    document_id varchar not null,
    content_hash varchar not null,
    prepare_version varchar not null,
    source varchar not null,
    kind varchar not null,
    brand varchar,
    segment varchar,
    language varchar not null,
    title varchar,
    text varchar not null,
    text_hash varchar not null,
    url varchar,
    published_at timestamp not null,
    is_date_only boolean not null,
    rating decimal(6, 3),
    author_hash varchar,
    redaction_count integer not null,
    is_repaired boolean not null,
    duplicate_key varchar not null,
    spam_reason varchar,
    near_bands ubigint[]
);
comment on column staging.document.text is 'Repaired and redacted text; starts with the title where there is one. All offsets count its code points.';
comment on column staging.document.text_hash is 'SHA-256 of text: enriched rows name the text they were computed from.';
comment on column staging.document.duplicate_key is 'Equal keys are exact copies (see core/dedupe).';
comment on column staging.document.near_bands is 'MinHash bands of a long text: two texts that share one may be near copies; null for others.';

-- Grain: one row per (text_hash, other_hash), the smaller hash first: two texts that were compared.
create table if not exists staging.near_copy (
    text_hash varchar not null,
    other_hash varchar not null,
    is_copy boolean not null,
    jaccard decimal(5, 4),
    containment decimal(5, 4)
);
comment on column staging.near_copy.is_copy is 'Whether the texts are near copies by the rule of core/dedupe.';
comment on column staging.near_copy.jaccard is 'Jaccard similarity of the sets of shingles; null for texts that are no copies.';
comment on column staging.near_copy.containment is 'Share of the smaller set that is in the larger one; null for texts that are no copies.';

-- Grain: one row per document_id.
create table if not exists staging.duplicate (
    document_id varchar not null,
    duplicate_group_id varchar not null,
    is_canonical boolean not null,
    spam_reason varchar
);
comment on column staging.duplicate.spam_reason is 'Rule over the whole set that fired: copied_across_brands; null otherwise.';
