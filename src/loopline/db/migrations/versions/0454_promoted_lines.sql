-- Lines from whose list price promotions took something off: that price is ours, too. A line's place in the derivation is
-- its place among the lines of its order. Ask for it by orders: it looks into the derivation of each.
create view orders.published_promoted_lines with (security_invoker = true) as
select
    quote.order_id,
    placed.line_id
from orders.quote as quote
cross join lateral (
    select
        line.line_id,
        row_number() over (order by line.line_id) as place
    from orders.line as line
    where line.order_id = quote.order_id
) as placed
where quote.derivation @? '$.lines[*].discounts'
    and (quote.derivation -> 'lines' -> (placed.place::integer - 1)) ? 'discounts';
