-- Grain: one row: pages of a competitor that state a price in the week, and the price that they name as the old one.
select
    count(distinct document_id) as n,
    max(after_amount) as value,
    max(before_amount) as previous
from marts.page_change
where
    week_start = $week_start
    and change_kind = 'price'
    and brand = $brand
    and currency = $segment
    and after_amount = $amount::decimal(18, 2)
