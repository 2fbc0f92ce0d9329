-- What analysts read. Rebuilt from staging and enriched by sql/marts/*.sql; report, finding and quote are appended.
create schema if not exists marts;

-- Grain: one row per document_id.
create table if not exists marts.document (
    document_id varchar not null,
    source varchar not null,
    kind varchar not null,
    brand varchar,
    segment varchar,
    language varchar not null,
    title varchar,
    text varchar not null,
    url varchar,
    published_at timestamp not null,
    week_start date not null,
    iso_week varchar not null,
    rating decimal(6, 3),
    duplicate_group_id varchar not null,
    is_canonical boolean not null,
    story_id varchar,
    is_spam boolean not null,
    spam_reason varchar,
    sentiment varchar,
    sentiment_score decimal(6, 4),
    sentiment_confidence decimal(6, 4),
    topic_id varchar,
    model_version_id varchar
);
comment on table marts.document is 'Documents, newest version, with everything the models said. Grain: one row per document_id.';
comment on column marts.document.document_id is 'Hash of source and record id (or of the content where there is no trustworthy id).';
comment on column marts.document.source is 'Name of the source in market.toml.';
comment on column marts.document.kind is 'review, news or competitor.';
comment on column marts.document.brand is 'Brand that the source itself names; null where it names none.';
comment on column marts.document.segment is 'Grouping that the user mapped, such as a region.';
comment on column marts.document.language is 'en, zh or other.';
comment on column marts.document.title is 'Title, repaired and redacted.';
comment on column marts.document.text is 'Repaired and redacted text; starts with the title where there is one.';
comment on column marts.document.url is 'Address of the document; http or https only.';
comment on column marts.document.published_at is 'Publication time (UTC).';
comment on column marts.document.week_start is 'Monday of the ISO week in the project''s time zone.';
comment on column marts.document.iso_week is 'ISO week, such as 2026-W47.';
comment on column marts.document.rating is 'Rating as given, usually 1-5 stars.';
comment on column marts.document.duplicate_group_id is 'Documents with the same id are copies of one text.';
comment on column marts.document.is_canonical is 'True for the earliest document of its duplicate group; metrics count only these.';
comment on column marts.document.story_id is 'News documents with the same id tell the same story, of marts.story; null for other kinds.';
comment on column marts.document.is_spam is 'True where a spam rule fired; metrics leave these out.';
comment on column marts.document.spam_reason is 'Which spam rule fired; corrected where a person said so.';
comment on column marts.document.sentiment is 'negative, neutral, positive or mixed; null when the model abstained.';
comment on column marts.document.sentiment_score is 'P(positive) - P(negative), in [-1, 1]; -1, 0 or 1 where a person corrected it; null when the model abstained.';
comment on column marts.document.sentiment_confidence is 'Calibrated probability of the named class, 0-1.';
comment on column marts.document.topic_id is 'Topic of marts.topic; null where none is near enough.';
comment on column marts.document.model_version_id is 'Version of the sentiment model that scored the document.';

-- Grain: one row per (document_id, start_char, end_char, entity_id).
create table if not exists marts.mention (
    document_id varchar not null,
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
comment on table marts.mention is 'Names found in documents. Grain: one row per (document_id, start_char, end_char, entity_id).';
comment on column marts.mention.document_id is 'The document.';
comment on column marts.mention.entity_id is 'Stable identifier of the entity.';
comment on column marts.mention.entity_name is 'Name of the entity: the brand''s configured name where it is tracked.';
comment on column marts.mention.entity_type is 'brand, organisation or product.';
comment on column marts.mention.is_tracked is 'True where market.toml lists the brand.';
comment on column marts.mention.brand is 'Configured brand; null for names nobody listed.';
comment on column marts.mention.surface is 'The name as written.';
comment on column marts.mention.start_char is 'First code point in marts.document.text, from 0.';
comment on column marts.mention.end_char is 'End code point, exclusive.';
comment on column marts.mention.sentiment is 'Sentiment towards the entity: the document''s where it names one brand only, else of the words around the name; null when abstained, and for names that nobody listed.';
comment on column marts.mention.sentiment_score is 'As for sentiment, in [-1, 1].';
comment on column marts.mention.method is 'alias (configured name), ner (found by a model) or correction (named by a person).';

-- Grain: one row per (document_id, aspect, start_char).
create table if not exists marts.document_aspect (
    document_id varchar not null,
    aspect varchar not null,
    sentiment varchar,
    sentiment_score decimal(6, 4),
    start_char integer not null,
    end_char integer not null,
    clause_start_char integer,
    clause_end_char integer,
    method varchar
);
comment on table marts.document_aspect is 'What a document speaks of, and how. Grain: one row per (document_id, aspect, start_char).';
comment on column marts.document_aspect.document_id is 'The document.';
comment on column marts.document_aspect.aspect is 'Aspect of the taxonomy.';
comment on column marts.document_aspect.sentiment is 'negative, neutral or positive towards the aspect at this place, or null when abstained.';
comment on column marts.document_aspect.sentiment_score is 'P(positive) - P(negative) towards the aspect at this place, in [-1, 1]; null when abstained.';
comment on column marts.document_aspect.start_char is 'First code point of the words that speak of the aspect, in marts.document.text, from 0.';
comment on column marts.document_aspect.end_char is 'End code point of these words, exclusive.';
comment on column marts.document_aspect.clause_start_char is 'First code point of the clause that the words stand in: the evidence to read.';
comment on column marts.document_aspect.clause_end_char is 'End code point of the clause, exclusive.';
comment on column marts.document_aspect.method is 'How it was found: words (listed in the taxonomy), or meaning (the clause holds none of them; the span is the whole clause).';

-- Grain: one row per (document_id, start_char, preferred_brand, other_brand).
create table if not exists marts.comparison (
    document_id varchar not null,
    preferred_brand varchar not null,
    other_brand varchar not null,
    start_char integer not null,
    end_char integer not null
);
comment on table marts.comparison is 'Sentences that put one tracked brand above another. Grain: one row per (document_id, start_char, preferred_brand, other_brand).';
comment on column marts.comparison.document_id is 'The document; its week, source and kind are in marts.document.';
comment on column marts.comparison.preferred_brand is 'The brand that comes off better.';
comment on column marts.comparison.other_brand is 'The brand that comes off worse.';
comment on column marts.comparison.start_char is 'First code point of the sentence in marts.document.text, from 0.';
comment on column marts.comparison.end_char is 'End code point of the sentence, exclusive.';

-- Grain: one row per change_id.
create table if not exists marts.page_change (
    change_id varchar not null,
    iso_week varchar not null,
    week_start date not null,
    changed_on date not null,
    document_id varchar not null,
    source varchar not null,
    brand varchar,
    language varchar not null,
    title varchar,
    url varchar,
    change_kind varchar not null,
    before_text varchar,
    after_text varchar,
    before_amount decimal(18, 2),
    after_amount decimal(18, 2),
    currency varchar,
    start_char integer,
    end_char integer,
    is_newest boolean not null
);
comment on table marts.page_change is 'What competitors'' own pages announced or changed, sentence by sentence. Grain: one row per change_id.';
comment on column marts.page_change.change_id is 'Hash of the page, its version, the kind and the place.';
comment on column marts.page_change.iso_week is 'ISO week of changed_on.';
comment on column marts.page_change.week_start is 'Monday of that week.';
comment on column marts.page_change.changed_on is 'Day of the version: the date that the page gives where that moved on, else the day on which it was first received.';
comment on column marts.page_change.document_id is 'The page.';
comment on column marts.page_change.source is 'Name of the source in market.toml.';
comment on column marts.page_change.brand is 'Brand of the page.';
comment on column marts.page_change.language is 'en, zh or other.';
comment on column marts.page_change.title is 'Title of the version.';
comment on column marts.page_change.url is 'Address of the page.';
comment on column marts.page_change.change_kind is 'price, plan, launch, claim, new_page or removed_text.';
comment on column marts.page_change.before_text is 'The sentence as the version before had it; null where it is new, or the page is.';
comment on column marts.page_change.after_text is 'The sentence as it stands now; null where it was removed.';
comment on column marts.page_change.before_amount is 'Price before, in units of currency; null where the page does not say.';
comment on column marts.page_change.after_amount is 'Price now, in units of currency.';
comment on column marts.page_change.currency is 'EUR, USD, GBP or CNY.';
comment on column marts.page_change.start_char is 'First code point of after_text in the version''s text, from 0; that is marts.document.text where is_newest.';
comment on column marts.page_change.end_char is 'End code point, exclusive.';
comment on column marts.page_change.is_newest is 'True where the version is the one that marts.document shows.';

-- Grain: one row per topic_id.
create table if not exists marts.topic (
    topic_id varchar not null,
    language varchar not null,
    label_en varchar,
    label_zh varchar,
    keywords varchar[] not null,
    first_week varchar,
    last_week varchar,
    replaced_by varchar,
    status varchar,
    document_count bigint,
    is_pinned boolean,
    is_hidden boolean,
    label_en_model_version_id varchar,
    label_zh_model_version_id varchar
);
comment on table marts.topic is 'Topics with a stable identity. Grain: one row per topic_id.';
comment on column marts.topic.topic_id is 'Stable identifier.';
comment on column marts.topic.language is 'en or zh: of its documents; of most of them when it was named, where one encoder reads both.';
comment on column marts.topic.label_en is 'Label in English, from its English documents; null where it has none or too few and nobody named it.';
comment on column marts.topic.label_zh is 'Label in Chinese, from its Chinese documents; null where it has none or too few and nobody named it.';
comment on column marts.topic.label_en_model_version_id is 'Model that worded label_en anew; null where the offline label or a person''s stands.';
comment on column marts.topic.label_zh_model_version_id is 'Model that worded label_zh anew; null where the offline label or a person''s stands.';
comment on column marts.topic.keywords is 'Most telling words, by c-TF-IDF, in its language.';
comment on column marts.topic.first_week is 'First ISO week with a document of the topic.';
comment on column marts.topic.last_week is 'Last ISO week with a document of the topic.';
comment on column marts.topic.replaced_by is 'Topic that took this one''s place; null while it lives.';
comment on column marts.topic.status is 'live, dead (no document for some weeks), merged, or split_off (made by a correction).';
comment on column marts.topic.document_count is 'Documents of the topic, copies and spam included.';
comment on column marts.topic.is_pinned is 'True where a person keeps it: it neither dies nor merges.';
comment on column marts.topic.is_hidden is 'True where a person left it out of the reports'' lists; it still counts.';

-- Grain: one row per (week_start, event, topic_id, other_topic_id, cause).
create table if not exists marts.topic_event (
    week_start date not null,
    iso_week varchar not null,
    event varchar not null,
    topic_id varchar not null,
    other_topic_id varchar not null,
    language varchar not null,
    cause varchar not null,
    similarity decimal(6, 4),
    document_count integer not null,
    author_count integer not null,
    document_ids varchar[] not null,
    expected_count decimal(12, 2)
);
comment on table marts.topic_event is 'What happened to topics, with its evidence. Grain: one row per (week_start, event, topic_id, other_topic_id, cause).';
comment on column marts.topic_event.week_start is 'Monday of the week in which it was found.';
comment on column marts.topic_event.iso_week is 'ISO week, such as 2026-W47.';
comment on column marts.topic_event.event is 'birth, split (topic_id came out of other_topic_id), merge (topic_id went into other_topic_id), death or revival.';
comment on column marts.topic_event.topic_id is 'The topic that it happened to.';
comment on column marts.topic_event.other_topic_id is 'The other topic of a split or merge, the topic that most of a burst came from; * for none.';
comment on column marts.topic_event.language is 'en or zh; * where one registry holds the topics of both.';
comment on column marts.topic_event.cause is 'documents, burst (many in one week that the weeks before hardly knew), growth (all topics looked for anew while the project is young), model (vectors or configuration changed) or correction.';
comment on column marts.topic_event.similarity is 'Cosine to the nearest known topic (birth), between both (split, merge), to the topic (revival); with cause growth or model, the share of documents in common.';
comment on column marts.topic_event.document_count is 'Documents that it rests on; for a death, those that the topic had.';
comment on column marts.topic_event.author_count is 'Authors of these documents.';
comment on column marts.topic_event.document_ids is 'Examples: those nearest to the topic''s centre, at most 3.';
comment on column marts.topic_event.expected_count is 'Of a burst: the documents of the same brand (or of all) that the eight weeks before would have brought in its week; null for others.';

-- Grain: one row per story_id.
create table if not exists marts.story (
    story_id varchar not null,
    language varchar not null,
    document_id varchar not null,
    headline varchar not null,
    brands varchar[] not null,
    first_date date not null,
    last_date date not null,
    first_week varchar not null,
    last_week varchar not null,
    article_count bigint not null,
    text_count bigint not null,
    source_count bigint not null
);
comment on table marts.story is 'Stories that the news told: articles on one event within days, copies included. Grain: one row per story_id.';
comment on column marts.story.story_id is 'Stable identifier, as in marts.document.story_id.';
comment on column marts.story.language is 'en, zh or other.';
comment on column marts.story.document_id is 'The story''s canonical article: the earliest one.';
comment on column marts.story.headline is 'Title of the canonical article; the beginning of its text where it has none.';
comment on column marts.story.brands is 'Tracked brands that its articles name or belong to.';
comment on column marts.story.first_date is 'Day of its first article, in the project''s time zone.';
comment on column marts.story.last_date is 'Day of its last article, in the project''s time zone.';
comment on column marts.story.first_week is 'ISO week of its first article.';
comment on column marts.story.last_week is 'ISO week of its last article.';
comment on column marts.story.article_count is 'Articles, copies counted each; spam is left out.';
comment on column marts.story.text_count is 'Articles, copies of one text counted once.';
comment on column marts.story.source_count is 'Publishers: hosts of the articles'' addresses, or sources where there is no address.';

-- Grain: one row per (week_start, metric, brand, kind, segment).
create table if not exists marts.weekly_metric (
    week_start date not null,
    iso_week varchar not null,
    metric varchar not null,
    brand varchar not null,
    kind varchar not null,
    segment varchar not null,
    n bigint not null,
    k decimal(18, 4),
    value decimal(18, 6),
    lo decimal(18, 6),
    hi decimal(18, 6),
    previous decimal(18, 6),
    baseline decimal(18, 6),
    delta decimal(18, 6),
    delta_lo decimal(18, 6),
    delta_hi decimal(18, 6),
    q_value decimal(9, 6),
    verdict varchar not null,
    slope decimal(18, 6),
    slope_lo decimal(18, 6),
    slope_hi decimal(18, 6),
    slope_start decimal(18, 6),
    slope_n bigint,
    slope_q_value decimal(9, 6),
    slope_verdict varchar
);
comment on table marts.weekly_metric is 'Weekly facts per brand, kind and segment. Grain: one row per (week_start, metric, brand, kind, segment).';
comment on column marts.weekly_metric.week_start is 'Monday of the week in the project''s time zone.';
comment on column marts.weekly_metric.iso_week is 'ISO week, such as 2026-W47.';
comment on column marts.weekly_metric.metric is 'Name in marts.metric_definition.';
comment on column marts.weekly_metric.brand is 'Tracked brand, or * for all.';
comment on column marts.weekly_metric.kind is 'review, news, competitor, or * for all.';
comment on column marts.weekly_metric.segment is 'Segment, or * for all.';
comment on column marts.weekly_metric.n is 'Denominator: documents (for share_of_voice, documents naming any tracked brand).';
comment on column marts.weekly_metric.k is 'Numerator: counted documents (positive minus negative for nss and nsr, sum of stars for mean_rating); null where there is none.';
comment on column marts.weekly_metric.value is 'The metric: a fraction 0-1, nss and nsr in [-1, 1], stars for mean_rating, documents for volume; null when n < 30 (except volume).';
comment on column marts.weekly_metric.lo is 'Lower end of the 95 % interval of value.';
comment on column marts.weekly_metric.hi is 'Upper end of the 95 % interval of value.';
comment on column marts.weekly_metric.previous is 'value of the week before, over the sources that delivered both weeks whole; null where there is none or n < 30.';
comment on column marts.weekly_metric.baseline is 'Pooled value of up to 8 earlier weeks (of the last 26) over the same sources; null where there is none.';
comment on column marts.weekly_metric.delta is 'value - previous; null where one is missing.';
comment on column marts.weekly_metric.delta_lo is 'Lower end of the 95 % interval of delta (Newcombe for proportions).';
comment on column marts.weekly_metric.delta_hi is 'Upper end of the 95 % interval of delta.';
comment on column marts.weekly_metric.q_value is 'Benjamini-Hochberg q-value of the change against the baseline, over all rows tested that week; null where not tested.';
comment on column marts.weekly_metric.verdict is 'signal_up, signal_down, watch_up, watch_down, no_clear_change, too_few, baseline_building or excluded.';
comment on column marts.weekly_metric.slope is 'Change a week of the line fitted to the comparable ones of the 12 weeks up to this one; null with fewer than 10.';
comment on column marts.weekly_metric.slope_lo is 'Lower end of the 95 % interval of slope.';
comment on column marts.weekly_metric.slope_hi is 'Upper end of the 95 % interval of slope.';
comment on column marts.weekly_metric.slope_start is 'The line''s value 11 weeks before this one; its value now is slope_start + 11 * slope.';
comment on column marts.weekly_metric.slope_n is 'Documents of the weeks that the line is fitted to.';
comment on column marts.weekly_metric.slope_q_value is 'Benjamini-Hochberg q-value of the slope, over all slopes tested that week; null where not tested.';
comment on column marts.weekly_metric.slope_verdict is 'signal_up, signal_down, no_clear_change, too_few, baseline_building or excluded, of the slope.';

-- Grain: one row per (week_start, metric, brand, topic_id).
create table if not exists marts.weekly_topic (
    week_start date not null,
    iso_week varchar not null,
    metric varchar not null,
    brand varchar not null,
    topic_id varchar not null,
    n bigint not null,
    k decimal(18, 4),
    value decimal(18, 6),
    lo decimal(18, 6),
    hi decimal(18, 6),
    previous decimal(18, 6),
    baseline decimal(18, 6),
    delta decimal(18, 6),
    delta_lo decimal(18, 6),
    delta_hi decimal(18, 6),
    q_value decimal(9, 6),
    verdict varchar not null,
    slope decimal(18, 6),
    slope_lo decimal(18, 6),
    slope_hi decimal(18, 6),
    slope_start decimal(18, 6),
    slope_n bigint,
    slope_q_value decimal(9, 6),
    slope_verdict varchar
);
comment on table marts.weekly_topic is 'Weekly facts per brand and topic: metric topic_share (share of the brand''s documents) and nss. Grain: one row per (week_start, metric, brand, topic_id).';
comment on column marts.weekly_topic.week_start is 'Monday of the week in the project''s time zone.';
comment on column marts.weekly_topic.iso_week is 'ISO week, such as 2026-W47.';
comment on column marts.weekly_topic.metric is 'topic_share or nss.';
comment on column marts.weekly_topic.brand is 'Tracked brand, or * for all.';
comment on column marts.weekly_topic.topic_id is 'Topic of marts.topic.';
comment on column marts.weekly_topic.n is 'Denominator: documents (for share_of_voice, documents naming any tracked brand).';
comment on column marts.weekly_topic.k is 'Numerator: counted documents (positive minus negative for nss and nsr, sum of stars for mean_rating); null where there is none.';
comment on column marts.weekly_topic.value is 'The metric: a fraction 0-1, nss and nsr in [-1, 1], stars for mean_rating, documents for volume; null when n < 30 (except volume).';
comment on column marts.weekly_topic.lo is 'Lower end of the 95 % interval of value.';
comment on column marts.weekly_topic.hi is 'Upper end of the 95 % interval of value.';
comment on column marts.weekly_topic.previous is 'value of the week before, over the sources that delivered both weeks whole; null where there is none or n < 30.';
comment on column marts.weekly_topic.baseline is 'Pooled value of up to 8 earlier weeks (of the last 26) over the same sources; null where there is none.';
comment on column marts.weekly_topic.delta is 'value - previous; null where one is missing.';
comment on column marts.weekly_topic.delta_lo is 'Lower end of the 95 % interval of delta (Newcombe for proportions).';
comment on column marts.weekly_topic.delta_hi is 'Upper end of the 95 % interval of delta.';
comment on column marts.weekly_topic.q_value is 'Benjamini-Hochberg q-value of the change against the baseline, over all rows tested that week; null where not tested.';
comment on column marts.weekly_topic.verdict is 'signal_up, signal_down, watch_up, watch_down, no_clear_change, too_few, baseline_building or excluded.';
comment on column marts.weekly_topic.slope is 'Change a week of the line fitted to the comparable ones of the 12 weeks up to this one; null with fewer than 10.';
comment on column marts.weekly_topic.slope_lo is 'Lower end of the 95 % interval of slope.';
comment on column marts.weekly_topic.slope_hi is 'Upper end of the 95 % interval of slope.';
comment on column marts.weekly_topic.slope_start is 'The line''s value 11 weeks before this one; its value now is slope_start + 11 * slope.';
comment on column marts.weekly_topic.slope_n is 'Documents of the weeks that the line is fitted to.';
comment on column marts.weekly_topic.slope_q_value is 'Benjamini-Hochberg q-value of the slope, over all slopes tested that week; null where not tested.';
comment on column marts.weekly_topic.slope_verdict is 'signal_up, signal_down, no_clear_change, too_few, baseline_building or excluded, of the slope.';

-- Grain: one row per (week_start, metric, brand, aspect).
create table if not exists marts.weekly_aspect (
    week_start date not null,
    iso_week varchar not null,
    metric varchar not null,
    brand varchar not null,
    aspect varchar not null,
    n bigint not null,
    k decimal(18, 4),
    value decimal(18, 6),
    lo decimal(18, 6),
    hi decimal(18, 6),
    previous decimal(18, 6),
    baseline decimal(18, 6),
    delta decimal(18, 6),
    delta_lo decimal(18, 6),
    delta_hi decimal(18, 6),
    q_value decimal(9, 6),
    verdict varchar not null,
    slope decimal(18, 6),
    slope_lo decimal(18, 6),
    slope_hi decimal(18, 6),
    slope_start decimal(18, 6),
    slope_n bigint,
    slope_q_value decimal(9, 6),
    slope_verdict varchar
);
comment on table marts.weekly_aspect is 'Weekly facts per brand and aspect. Grain: one row per (week_start, metric, brand, aspect).';
comment on column marts.weekly_aspect.week_start is 'Monday of the week in the project''s time zone.';
comment on column marts.weekly_aspect.iso_week is 'ISO week, such as 2026-W47.';
comment on column marts.weekly_aspect.metric is 'aspect_share or nss.';
comment on column marts.weekly_aspect.brand is 'Tracked brand, or * for all.';
comment on column marts.weekly_aspect.aspect is 'Aspect of the taxonomy.';
comment on column marts.weekly_aspect.n is 'Denominator: documents (for share_of_voice, documents naming any tracked brand).';
comment on column marts.weekly_aspect.k is 'Numerator: counted documents (positive minus negative for nss and nsr, sum of stars for mean_rating); null where there is none.';
comment on column marts.weekly_aspect.value is 'The metric: a fraction 0-1, nss and nsr in [-1, 1], stars for mean_rating, documents for volume; null when n < 30 (except volume).';
comment on column marts.weekly_aspect.lo is 'Lower end of the 95 % interval of value.';
comment on column marts.weekly_aspect.hi is 'Upper end of the 95 % interval of value.';
comment on column marts.weekly_aspect.previous is 'value of the week before, over the sources that delivered both weeks whole; null where there is none or n < 30.';
comment on column marts.weekly_aspect.baseline is 'Pooled value of up to 8 earlier weeks (of the last 26) over the same sources; null where there is none.';
comment on column marts.weekly_aspect.delta is 'value - previous; null where one is missing.';
comment on column marts.weekly_aspect.delta_lo is 'Lower end of the 95 % interval of delta (Newcombe for proportions).';
comment on column marts.weekly_aspect.delta_hi is 'Upper end of the 95 % interval of delta.';
comment on column marts.weekly_aspect.q_value is 'Benjamini-Hochberg q-value of the change against the baseline, over all rows tested that week; null where not tested.';
comment on column marts.weekly_aspect.verdict is 'signal_up, signal_down, watch_up, watch_down, no_clear_change, too_few, baseline_building or excluded.';
comment on column marts.weekly_aspect.slope is 'Change a week of the line fitted to the comparable ones of the 12 weeks up to this one; null with fewer than 10.';
comment on column marts.weekly_aspect.slope_lo is 'Lower end of the 95 % interval of slope.';
comment on column marts.weekly_aspect.slope_hi is 'Upper end of the 95 % interval of slope.';
comment on column marts.weekly_aspect.slope_start is 'The line''s value 11 weeks before this one; its value now is slope_start + 11 * slope.';
comment on column marts.weekly_aspect.slope_n is 'Documents of the weeks that the line is fitted to.';
comment on column marts.weekly_aspect.slope_q_value is 'Benjamini-Hochberg q-value of the slope, over all slopes tested that week; null where not tested.';
comment on column marts.weekly_aspect.slope_verdict is 'signal_up, signal_down, no_clear_change, too_few, baseline_building or excluded, of the slope.';

-- Grain: one row per (week_start, metric, brand, kind).
create table if not exists marts.forecast (
    week_start date not null,
    iso_week varchar not null,
    target_week varchar not null,
    metric varchar not null,
    brand varchar not null,
    kind varchar not null,
    value decimal(18, 6) not null,
    lo decimal(18, 6),
    hi decimal(18, 6),
    model varchar not null,
    backtest_weeks integer not null,
    mae decimal(18, 6),
    mae_last decimal(18, 6),
    mae_mean8 decimal(18, 6),
    mae_seasonal decimal(18, 6),
    coverage decimal(9, 4),
    coverage_weeks integer not null,
    is_shown boolean not null
);
comment on table marts.forecast is 'What was to be expected of the week after each week, by what was known then, and how such forecasts had done. Grain: one row per (week_start, metric, brand, kind).';
comment on column marts.forecast.week_start is 'Monday of the newest week that the forecast knows.';
comment on column marts.forecast.iso_week is 'The newest week that the forecast knows.';
comment on column marts.forecast.target_week is 'The week that is forecast: the one after it.';
comment on column marts.forecast.metric is 'volume or nss.';
comment on column marts.forecast.brand is 'Tracked brand, or * for all.';
comment on column marts.forecast.kind is '*: customers and press.';
comment on column marts.forecast.value is 'Expected value, in the units of marts.weekly_metric.';
comment on column marts.forecast.lo is 'Lower end of the 80 % interval; null with too few earlier errors.';
comment on column marts.forecast.hi is 'Upper end of the 80 % interval.';
comment on column marts.forecast.model is 'ses (simple exponential smoothing), damped (damped trend) or theta: the one with the smallest error up to then.';
comment on column marts.forecast.backtest_weeks is 'Earlier weeks (of the last 52) over which the errors are counted; each was forecast without knowing it.';
comment on column marts.forecast.mae is 'Mean absolute error of the forecasts of these weeks.';
comment on column marts.forecast.mae_last is 'The same for the last value as a forecast.';
comment on column marts.forecast.mae_mean8 is 'The same for the mean of the last 8 weeks.';
comment on column marts.forecast.mae_seasonal is 'The same for the value a year before; null with fewer than 104 weeks.';
comment on column marts.forecast.coverage is 'Share of coverage_weeks whose value lay in the interval that was given for them.';
comment on column marts.forecast.coverage_weeks is 'Earlier weeks that had an interval.';
comment on column marts.forecast.is_shown is 'True where mae is below every other over 12 weeks or more, and coverage is 0.6 or more: only then the report shows the forecast.';

-- Grain: one row per (iso_week, revision).
create table if not exists marts.report (
    iso_week varchar not null,
    revision integer not null,
    run_id varchar not null,
    published_at timestamp not null,
    content_hash varchar not null,
    reason varchar not null,
    payload varchar not null
);
comment on table marts.report is 'Published revisions of weekly reports; never edited. Grain: one row per (iso_week, revision).';
comment on column marts.report.iso_week is 'ISO week of the report.';
comment on column marts.report.revision is 'Revision, from 1.';
comment on column marts.report.run_id is 'The run that made it.';
comment on column marts.report.published_at is 'When it was published (UTC).';
comment on column marts.report.content_hash is 'SHA-256 over the revision''s content, without run id and times.';
comment on column marts.report.reason is 'Why the revision exists: first, late_data, model_changed, config_changed, corrections or recomputed.';
comment on column marts.report.payload is 'The whole report as JSON: every rendering is made from it.';

-- Grain: one row per (iso_week, revision, finding_id).
create table if not exists marts.finding (
    iso_week varchar not null,
    revision integer not null,
    finding_id varchar not null,
    rank integer not null,
    text_en varchar not null,
    text_zh varchar not null,
    query varchar not null,
    document_ids varchar[] not null
);
comment on table marts.finding is 'The sentences that reports say. Grain: one row per (iso_week, revision, finding_id).';
comment on column marts.finding.iso_week is 'ISO week of the report.';
comment on column marts.finding.revision is 'Revision of the report.';
comment on column marts.finding.finding_id is 'Identifier of the finding, unique in the revision.';
comment on column marts.finding.rank is 'Place among the key findings, from 1.';
comment on column marts.finding.text_en is 'The sentence in English.';
comment on column marts.finding.text_zh is 'The sentence in Chinese.';
comment on column marts.finding.query is 'SQL that reproduces the numbers of the sentence.';
comment on column marts.finding.document_ids is 'Documents behind the sentence (at most 50).';

-- Grain: one row per (iso_week, revision, quote_id).
create table if not exists marts.quote (
    iso_week varchar not null,
    revision integer not null,
    quote_id varchar not null,
    document_id varchar not null,
    topic_id varchar,
    text varchar not null,
    start_char integer not null,
    end_char integer not null
);
comment on table marts.quote is 'The quotes that reports show. Grain: one row per (iso_week, revision, quote_id).';
comment on column marts.quote.iso_week is 'ISO week of the report.';
comment on column marts.quote.revision is 'Revision of the report.';
comment on column marts.quote.quote_id is 'Identifier of the quote, unique in the revision.';
comment on column marts.quote.document_id is 'The quoted document.';
comment on column marts.quote.topic_id is 'Topic that the quote stands for.';
comment on column marts.quote.text is 'The quoted text.';
comment on column marts.quote.start_char is 'First code point in marts.document.text, from 0.';
comment on column marts.quote.end_char is 'End code point, exclusive.';

-- Grain: one row per (week_start, language).
create table if not exists marts.rating_agreement (
    week_start date not null,
    iso_week varchar not null,
    language varchar not null,
    rated_count bigint not null,
    n bigint not null,
    k bigint not null,
    value decimal(9, 6),
    lo decimal(9, 6),
    hi decimal(9, 6),
    coverage decimal(9, 6)
);
comment on table marts.rating_agreement is 'How far sentiment agrees with the stars that customers gave. Grain: one row per (week_start, language).';
comment on column marts.rating_agreement.week_start is 'Monday of the week in the project''s time zone.';
comment on column marts.rating_agreement.iso_week is 'ISO week, such as 2026-W47.';
comment on column marts.rating_agreement.language is 'en or zh, or * for both.';
comment on column marts.rating_agreement.rated_count is 'Counted documents with 1-2 or 4-5 stars, from sources whose ratings end at 5.';
comment on column marts.rating_agreement.n is 'Of these, the documents that the model calls negative or positive.';
comment on column marts.rating_agreement.k is 'Of n, those in which 1-2 stars are called negative and 4-5 stars positive.';
comment on column marts.rating_agreement.value is 'k / n, a fraction 0-1; null where n is 0. Stars and words disagree in some reviews: this is no accuracy.';
comment on column marts.rating_agreement.lo is 'Lower end of the 95 % interval of value (Wilson).';
comment on column marts.rating_agreement.hi is 'Upper end of the 95 % interval of value.';
comment on column marts.rating_agreement.coverage is 'n / rated_count, a fraction 0-1.';

-- Grain: one row per metric.
create table if not exists marts.metric_definition (
    metric varchar not null,
    label_en varchar not null,
    label_zh varchar not null,
    unit varchar not null,
    formula varchar,
    source varchar,
    numerator varchar not null,
    denominator varchar not null,
    interval_method varchar not null,
    description_en varchar not null,
    description_zh varchar not null
);
comment on table marts.metric_definition is 'What each metric is. Grain: one row per metric.';
comment on column marts.metric_definition.metric is 'Name, as in marts.weekly_metric.';
comment on column marts.metric_definition.label_en is 'Label in English.';
comment on column marts.metric_definition.label_zh is 'Label in Chinese.';
comment on column marts.metric_definition.unit is 'documents, fraction, points or stars.';
comment on column marts.metric_definition.formula is 'The value from what is counted.';
comment on column marts.metric_definition.source is 'Table and columns that the counts come from.';
comment on column marts.metric_definition.numerator is 'What k counts.';
comment on column marts.metric_definition.denominator is 'What n counts.';
comment on column marts.metric_definition.interval_method is 'How lo and hi are computed.';
comment on column marts.metric_definition.description_en is 'Definition in English.';
comment on column marts.metric_definition.description_zh is 'Definition in Chinese.';
