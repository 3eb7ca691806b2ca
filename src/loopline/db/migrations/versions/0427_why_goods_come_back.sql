-- Returns of a stretch of days.
create index return_by_moment on returns.return (at);

-- From which named lots units went to lines of orders. What lay in no named lot is not in it.
create view stock.published_lots_sent with (security_invoker = true) as
select
    moved.order_id,
    moved.line_id,
    moved.lot_id,
    lot.batch,
    moved.gone as units,
    moved.at
from stock.lot_movement as moved
join stock.lot on lot.id = moved.lot_id
where moved.gone > 0
    and lot.id <> lot.sku_id;
