-- Grain: one row per change of a competitor's own page in the week: prices first, then plans, launches, claims, what
-- was removed, and pages that are new.
select
    change_id,
    document_id,
    brand,
    source,
    language,
    title,
    url,
    changed_on,
    change_kind,
    before_text,
    after_text,
    before_amount,
    after_amount,
    currency,
    start_char,
    end_char
from marts.page_change
where week_start = $week_start
order by
    list_position(['price', 'plan', 'launch', 'claim', 'removed_text', 'new_page'], change_kind),
    before_amount is null,
    changed_on,
    brand,
    document_id,
    start_char,
    change_id
limit 30
