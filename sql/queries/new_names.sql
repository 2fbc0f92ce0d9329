-- Names that market.toml does not list, with the number of documents that name them and when they were first seen.
select
    mentions.entity_name,
    mentions.entity_type,
    count(distinct mentions.document_id) as document_count,
    min(documents.iso_week) as first_week,
    max(documents.iso_week) as last_week
from marts.mention as mentions
inner join marts.document as documents on mentions.document_id = documents.document_id
where
    not mentions.is_tracked
    and documents.is_canonical
    and not documents.is_spam
group by mentions.entity_name, mentions.entity_type
order by document_count desc, mentions.entity_name
