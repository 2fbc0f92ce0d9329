-- The text between a mention's offsets is the mention: offsets count code points from 0, end exclusive.
select concat_ws(' ', mentions.document_id, mentions.start_char, mentions.end_char) as key
from marts.mention as mentions
inner join marts.document as documents on mentions.document_id = documents.document_id
where
    mentions.start_char < 0
    or mentions.end_char <= mentions.start_char
    or substring(documents.text, mentions.start_char + 1, mentions.end_char - mentions.start_char) <> mentions.surface

union all

select concat_ws(' ', 'aspect', aspects.document_id, aspects.start_char, aspects.end_char)
from marts.document_aspect as aspects
inner join marts.document as documents on aspects.document_id = documents.document_id
where
    aspects.start_char < 0
    or aspects.end_char <= aspects.start_char
    or aspects.end_char > length(documents.text)
    or aspects.clause_start_char > aspects.start_char
    or aspects.clause_end_char < aspects.end_char
    or aspects.clause_end_char > length(documents.text)

union all

select concat_ws(' ', 'comparison', comparisons.document_id, comparisons.start_char, comparisons.end_char)
from marts.comparison as comparisons
inner join marts.document as documents on comparisons.document_id = documents.document_id
where
    comparisons.start_char < 0
    or comparisons.end_char <= comparisons.start_char
    or comparisons.end_char > length(documents.text)

union all

select concat_ws(' ', 'page_change', changes.change_id)
from marts.page_change as changes
inner join marts.document as documents on changes.document_id = documents.document_id
where
    changes.is_newest
    and changes.after_text is not null
    and substr(documents.text, changes.start_char + 1, changes.end_char - changes.start_char) <> changes.after_text
