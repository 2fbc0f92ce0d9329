-- Grain: one row: a fingerprint of all that weekly facts are computed from: every document with what the models said of
-- it, tracked names, topics, and the ledger of batches. Equal fingerprints: the report's SQL must give equal numbers.
with documents as (

    select
        count(*) as document_count,
        bit_xor(md5_number_lower(concat_ws(
            chr(31), document_id, md5(text), kind, source, brand, segment, week_start, rating, is_canonical, is_spam, story_id,
            sentiment, sentiment_score, topic_id, model_version_id
        ))) as fingerprint
    from marts.document

),

mentions as (

    select bit_xor(md5_number_lower(concat_ws(chr(31), document_id, entity_id, entity_type, start_char, end_char, sentiment))) as fingerprint
    from marts.mention

),

topics as (

    select bit_xor(md5_number_lower(concat_ws(chr(31), topic_id, label_en, label_zh, first_week, is_hidden))) as fingerprint
    from marts.topic

),

parts as (

    select bit_xor(md5_number_lower(key)) as fingerprint
    from (
        select concat_ws(chr(31), 'aspect', document_id, aspect, start_char, sentiment) as key
        from marts.document_aspect
        union all
        select concat_ws(chr(31), 'comparison', document_id, preferred_brand, other_brand, start_char)
        from marts.comparison
        union all
        select concat_ws(chr(31), 'page_change', change_id, changed_on)
        from marts.page_change
    )

),

batches as (

    select bit_xor(md5_number_lower(concat_ws(chr(31), batch_id, status, received_count, rejected_count))) as fingerprint
    from ops.batch

)

select concat_ws(
    '-',
    documents.document_count,
    md5(concat_ws(
        '-', documents.fingerprint, mentions.fingerprint, topics.fingerprint, parts.fingerprint, batches.fingerprint
    ))
) as fingerprint
from documents
cross join mentions
cross join topics
cross join parts
cross join batches
