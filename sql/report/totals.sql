-- Grain: one row: documents of the week. Copies and spam are received and not counted; articles of the press are
-- counted with their copies, and as the stories that they tell.
select
    count(*) filter (where week_start = $week_start and kind <> 'competitor') as received,
    count(*) filter (where week_start = $week_start and kind <> 'competitor' and is_spam) as spam,
    count(*) filter (
        where week_start = $week_start and kind <> 'competitor' and not is_spam and not is_canonical
    ) as duplicates,
    count(*) filter (where week_start = $week_start and kind <> 'competitor' and is_canonical and not is_spam) as counted,
    count(*) filter (
        where week_start = $previous_week_start and kind <> 'competitor' and is_canonical and not is_spam
    ) as counted_previous,
    count(*) filter (where week_start = $week_start and kind = 'competitor' and is_canonical) as competitor_pages,
    count(*) filter (where week_start = $week_start and kind = 'news' and not is_spam) as articles,
    count(distinct story_id) filter (where week_start = $week_start and kind = 'news' and not is_spam) as stories,
    min(week_start) filter (where kind <> 'competitor') as first_week_start
from marts.document
