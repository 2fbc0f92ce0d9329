-- What models say of documents. Every row names the model version and the text it was computed from.
create schema if not exists enriched;

-- Grain: one row per (document_id, model_version_id): the model has seen the text with this hash.
create table if not exists enriched.progress (
    document_id varchar not null,
    model_version_id varchar not null,
    text_hash varchar not null
);

-- Grain: one row per (document_id, model_version_id).
create table if not exists enriched.embedding (
    document_id varchar not null,
    model_version_id varchar not null,
    vector float[] not null,
    token_count integer not null,
    coverage decimal(5, 4) not null
);

-- Grain: one row per (document_id, model_version_id). sentiment is null where the model abstained.
create table if not exists enriched.sentiment (
    document_id varchar not null,
    model_version_id varchar not null,
    sentiment varchar,
    sentiment_score decimal(6, 4),
    sentiment_confidence decimal(6, 4),
    p_negative decimal(6, 4),
    p_neutral decimal(6, 4),
    p_positive decimal(6, 4)
);

-- Grain: one row per (document_id, model_version_id, start_char, end_char, entity_id).
create table if not exists enriched.mention (
    document_id varchar not null,
    model_version_id varchar not null,
    entity_id varchar not null,
    entity_name varchar not null,
    entity_type varchar not null,
    is_tracked boolean not null,
    brand varchar,
    surface varchar not null,
    start_char integer not null,
    end_char integer not null,
    sentiment varchar,
    sentiment_score decimal(6, 4),
    method varchar not null
);

-- Grain: one row per (document_id, model_version_id, aspect, start_char). The words that speak of an aspect, and the
-- clause they stand in. How it is judged stands in target_sentiment, under the same span.
create table if not exists enriched.document_aspect (
    document_id varchar not null,
    model_version_id varchar not null,
    aspect varchar not null,
    start_char integer not null,
    end_char integer not null,
    clause_start_char integer,
    clause_end_char integer,
    method varchar
);

-- Grain: one row per (document_id, model_version_id, start_char, end_char): how a document speaks of the thing that a
-- span names, be it a brand or an aspect. sentiment is null where the model abstained.
create table if not exists enriched.target_sentiment (
    document_id varchar not null,
    model_version_id varchar not null,
    start_char integer not null,
    end_char integer not null,
    sentiment varchar,
    sentiment_score decimal(6, 4),
    sentiment_confidence decimal(6, 4)
);

-- Grain: one row per (document_id, model_version_id, start_char, preferred_brand, other_brand): a sentence that puts
-- one tracked brand above another. start_char and end_char are the sentence's.
create table if not exists enriched.comparison (
    document_id varchar not null,
    model_version_id varchar not null,
    preferred_brand varchar not null,
    other_brand varchar not null,
    start_char integer not null,
    end_char integer not null
);

-- Grain: one row per (document_id, model_version_id). topic_id is null where no topic is near enough.
create table if not exists enriched.document_topic (
    document_id varchar not null,
    model_version_id varchar not null,
    topic_id varchar,
    similarity decimal(6, 4),
    drawn_topic_id varchar
);
comment on column enriched.document_topic.topic_id is 'Topic after merges and corrections; null where the document fits nowhere.';
comment on column enriched.document_topic.similarity is 'Cosine to the centre that drew the document, or to the nearest one where none did.';
comment on column enriched.document_topic.drawn_topic_id is 'Topic whose centre drew the document, before merges and corrections.';

-- Grain: one row per topic_id: every topic that ever was, with what the next week needs to know of it.
create table if not exists enriched.topic (
    topic_id varchar not null,
    model_version_id varchar not null,
    language varchar not null,
    label_en varchar,
    label_zh varchar,
    keywords varchar[] not null,
    centroid float[] not null,
    centre double[],
    threshold double,
    cohesion double,
    born_week date,
    last_week date,
    document_count integer,
    named_count integer,
    status varchar,
    replaced_by varchar,
    shown_as varchar,
    founding_ids varchar[],
    keyword_language varchar
);
comment on column enriched.topic.centroid is 'The centre as a unit vector, for reading.';
comment on column enriched.topic.centre is 'Exact sum of the vectors of the documents that shaped the topic; empty where it draws no more.';
comment on column enriched.topic.threshold is 'Cosine to the centre that a document needs.';
comment on column enriched.topic.cohesion is 'Root of the mean cosine between two of the founding documents.';
comment on column enriched.topic.document_count is 'Documents that shaped the topic.';
comment on column enriched.topic.named_count is 'document_count when the label was written.';
comment on column enriched.topic.status is 'live, dead (no document for some weeks), merged, or split_off (made by a correction, without a centre).';
comment on column enriched.topic.replaced_by is 'Topic that this one was found to have become; null otherwise.';
comment on column enriched.topic.shown_as is 'Topic that its documents count for, after merges and corrections; itself where nothing was merged.';
comment on column enriched.topic.keyword_language is 'Language that most of its documents were in when it was named: that of its keywords.';
comment on column enriched.topic.founding_ids is 'Of a part that a correction split off by vectors: the documents whose mean is its centre, nearest first; empty or null for others.';

-- Grain: one row per (topic_id, language): what a language model made of a topic's label, since it was named last.
create table if not exists enriched.polished_label (
    topic_id varchar not null,
    language varchar not null,
    model_version_id varchar not null,
    offline_label varchar not null,
    label varchar,
    refusal varchar
);
comment on column enriched.polished_label.model_version_id is 'The model that was asked.';
comment on column enriched.polished_label.offline_label is 'Label as it was found without that model.';
comment on column enriched.polished_label.label is 'Its label, where it may stand; null where the offline label stands.';
comment on column enriched.polished_label.refusal is 'Why it may not stand: lines, long, script, brand, phrase, negation, invented or twin; null where it may.';

-- Grain: one row per (language, model_version_id): how far a language's topics have come.
create table if not exists enriched.topic_registry (
    language varchar not null,
    model_version_id varchar not null,
    through_week date,
    document_count integer not null,
    fitted_count integer not null
);
comment on column enriched.topic_registry.through_week is 'Monday of the newest week taken in.';
comment on column enriched.topic_registry.document_count is 'Documents that could shape topics so far.';
comment on column enriched.topic_registry.fitted_count is 'Of these, documents in the last search for all topics.';

-- Grain: one row per (week_start, event, topic_id, other_topic_id, cause).
create table if not exists enriched.topic_event (
    language varchar not null,
    week_start date not null,
    event varchar not null,
    topic_id varchar not null,
    other_topic_id varchar,
    similarity decimal(6, 4),
    document_count integer not null,
    author_count integer not null,
    document_ids varchar[] not null,
    cause varchar not null,
    expected_count decimal(12, 2)
);
comment on column enriched.topic_event.cause is 'documents, burst (many in one week), growth (all topics looked for anew in a young project), model (vectors or configuration changed) or correction.';
comment on column enriched.topic_event.expected_count is 'Of a burst: the documents that the eight weeks before would have brought; null for others.';

-- Grain: one row per (document_id, model_version_id): the story of a news document.
create table if not exists enriched.story (
    document_id varchar not null,
    model_version_id varchar not null,
    story_id varchar not null,
    similarity decimal(6, 4)
);
comment on column enriched.story.similarity is 'Similarity to the story that the document joined; null for the one that founded it.';
