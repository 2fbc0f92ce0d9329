-- Documents by source and language, with the share on which the sentiment model abstained.
select
    source,
    language,
    count(*) as document_count,
    count(*) filter (where not is_canonical) as copy_count,
    count(*) filter (where is_spam) as spam_count,
    avg((sentiment is null)::integer) as abstention_share
from marts.document
group by source, language
order by source, document_count desc
