-- Weeks begin on a Monday and carry their ISO name; a document lies at most a day outside its week (time zones).
select concat_ws(' ', 'marts.document', document_id, week_start) as key
from marts.document
where
    isodow(week_start) <> 1
    or iso_week <> strftime(week_start, '%G-W%V')
    or published_at < week_start - interval 1 day
    or published_at >= week_start + interval 8 days

union all

select concat_ws(' ', 'marts.weekly_metric', week_start, iso_week)
from marts.weekly_metric
where
    isodow(week_start) <> 1
    or iso_week <> strftime(week_start, '%G-W%V')
