-- Questions that analysts ask often, as table macros: from weekly('Aurora').
-- A bare name in the conditions is the macro's argument; columns always carry their table's name.

-- weekly(brand): one row per (week, metric) of a brand ('*' for all), all kinds and segments together.
create or replace macro weekly(brand) as table
    select
        metrics.week_start,
        metrics.iso_week,
        metrics.metric,
        metrics.n,
        metrics.k,
        metrics.value,
        metrics.lo,
        metrics.hi,
        metrics.previous,
        metrics.baseline,
        metrics.delta,
        metrics.delta_lo,
        metrics.delta_hi,
        metrics.q_value,
        metrics.verdict
    from marts.weekly_metric as metrics
    where
        metrics.brand = brand
        and metrics.kind = '*'
        and metrics.segment = '*'
    order by metrics.week_start, metrics.metric;

-- compare(a, b): one row per (week, metric) with two brands side by side, all kinds and segments together.
create or replace macro compare(a, b) as table
    select
        left_side.week_start,
        left_side.iso_week,
        left_side.metric,
        left_side.n as n_a,
        left_side.value as value_a,
        left_side.lo as lo_a,
        left_side.hi as hi_a,
        left_side.verdict as verdict_a,
        right_side.n as n_b,
        right_side.value as value_b,
        right_side.lo as lo_b,
        right_side.hi as hi_b,
        right_side.verdict as verdict_b,
        left_side.value - right_side.value as difference
    from marts.weekly_metric as left_side
    inner join marts.weekly_metric as right_side
        on left_side.week_start = right_side.week_start
        and left_side.metric = right_side.metric
        and left_side.kind = right_side.kind
        and left_side.segment = right_side.segment
    where
        left_side.brand = a
        and right_side.brand = b
        and left_side.kind = '*'
        and left_side.segment = '*'
    order by left_side.week_start, left_side.metric;

-- quotes(brand, topic): one row per document of a brand ('*' for all) and topic (its id or label), newest first;
-- copies, spam and competitors' own texts are left out.
create or replace macro quotes(brand, topic) as table
    with asked as (

        select
            brand as asked_brand,
            topic as asked_topic

    ),

    naming as (

        select distinct mentions.document_id
        from marts.mention as mentions
        inner join asked on mentions.brand = asked.asked_brand

    )

    select
        documents.document_id,
        documents.source,
        documents.published_at,
        documents.language,
        documents.sentiment,
        documents.sentiment_confidence,
        documents.url,
        documents.text
    from marts.document as documents
    inner join marts.topic as topics on documents.topic_id = topics.topic_id
    cross join asked
    left join naming on documents.document_id = naming.document_id
    where
        asked.asked_topic in (topics.topic_id, topics.label_en, topics.label_zh)
        and documents.is_canonical
        and not documents.is_spam
        and documents.kind <> 'competitor'
        and (
            asked.asked_brand = '*'
            or documents.brand = asked.asked_brand
            or (documents.brand is null and naming.document_id is not null)
        )
    order by documents.published_at desc, documents.document_id;

-- search_text(q): one row per document whose text contains q, letter case aside, newest first; copies are left out.
create or replace macro search_text(q) as table
    select
        documents.document_id,
        documents.source,
        documents.brand,
        documents.published_at,
        documents.language,
        documents.sentiment,
        documents.topic_id,
        documents.url,
        documents.text
    from marts.document as documents
    where
        contains(lower(documents.text), lower(q))
        and documents.is_canonical
    order by documents.published_at desc, documents.document_id;

-- lineage(finding_id): one row per document behind a finding of a report, in each revision that says it.
create or replace macro lineage(finding_id) as table
    select
        findings.iso_week,
        findings.revision,
        findings.finding_id,
        findings.text_en,
        findings.text_zh,
        findings.query,
        documents.document_id,
        documents.source,
        documents.published_at,
        documents.model_version_id,
        documents.url,
        documents.text
    from marts.finding as findings
    left join lateral (select unnest(findings.document_ids) as document_id) as evidence on true
    left join marts.document as documents on evidence.document_id = documents.document_id
    where findings.finding_id = finding_id
    order by findings.iso_week, findings.revision, documents.document_id;
