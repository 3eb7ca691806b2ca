-- name: preorders
-- The pre-orders that stand, of some SKUs (null: of all), what ships first, first. Locks nothing.
select
    id,
    sku_id,
    allowance,
    per_order,
    per_member,
    opens_at,
    closes_at,
    ships_on,
    stated_at,
    changed_at,
    changed_by,
    closed_at
from orders.preorder
where ended_at is null
    and (%(sku_ids)s::uuid[] is null or sku_id = any (%(sku_ids)s::uuid[]))
order by ships_on, id

-- name: lock_preorders
-- The pre-orders that stand of some SKUs. Locks their rows by SKU: whoever sells by one, or changes it, has it alone.
select
    id,
    sku_id,
    allowance,
    per_order,
    per_member,
    opens_at,
    closes_at,
    ships_on,
    stated_at,
    changed_at,
    changed_by,
    closed_at
from orders.preorder
where ended_at is null
    and sku_id = any (%(sku_ids)s::uuid[])
order by sku_id
for no key update

-- name: sold_ahead
-- What was sold by pre-orders and not given back: what waits for goods, and what has them. Locks nothing.
select
    preorder_id,
    sum(waiting) as waiting,
    sum(covered) as covered
from orders.preordered
where preorder_id = any (%(preorder_ids)s::uuid[])
group by preorder_id
order by preorder_id

-- name: bought_ahead
-- How many units members bought by pre-orders, and did not give back. Locks nothing.
select
    preorder_id,
    member_id,
    sum(units - given_back) as units
from orders.preordered
where preorder_id = any (%(preorder_ids)s::uuid[])
    and member_id = any (%(member_ids)s::uuid[])
group by preorder_id, member_id
order by preorder_id, member_id

-- name: write_preordered
-- Write what lines of new orders buy ahead: all of it waits. Locks the rows it makes.
insert into orders.preordered (order_id, line_id, preorder_id, sku_id, member_id, units, waiting, paid_at)
select order_id, line_id, preorder_id, sku_id, member_id, units, units, paid_at
from unnest(
    %(order_ids)s::uuid[],
    %(line_ids)s::uuid[],
    %(preorder_ids)s::uuid[],
    %(sku_ids)s::uuid[],
    %(member_ids)s::uuid[],
    %(units)s::integer[],
    %(paid_at)s::timestamptz[]
) as bought (order_id, line_id, preorder_id, sku_id, member_id, units, paid_at)

-- name: follow_lines
-- Of units that left the parked ones of lines: those cancelled are given back, the others have their goods, as far as what
-- lines bought ahead waits. The caller holds the orders' rows; locks the rows it writes.
update orders.preordered as ahead
set
    waiting = ahead.waiting - least(gone.units, ahead.waiting),
    given_back = ahead.given_back + least(gone.units, gone.cancelled, ahead.waiting),
    covered = ahead.covered + least(gone.units, ahead.waiting) - least(gone.units, gone.cancelled, ahead.waiting)
from unnest(
    %(order_ids)s::uuid[],
    %(line_ids)s::uuid[],
    %(units)s::integer[],
    %(cancelled)s::integer[]
) as gone (order_id, line_id, units, cancelled)
where ahead.order_id = gone.order_id
    and ahead.line_id = gone.line_id
    and ahead.waiting > 0

-- name: state_preorders
-- Write pre-orders, or what they are from now on where one of the SKU stands, open again if it was closed. The caller holds those
-- rows; locks the rows it makes.
insert into orders.preorder as standing (
    id, sku_id, allowance, allowance_most, per_order, per_member, opens_at, closes_at, ships_on, stated_at, changed_at, changed_by
)
select
    id,
    sku_id,
    allowance,
    allowance,
    per_order,
    per_member,
    opens_at,
    closes_at,
    ships_on,
    %(now)s::timestamptz,
    %(now)s::timestamptz,
    changed_by
from unnest(
    %(ids)s::uuid[],
    %(sku_ids)s::uuid[],
    %(allowances)s::integer[],
    %(per_order)s::integer[],
    %(per_member)s::integer[],
    %(opens_at)s::timestamptz[],
    %(closes_at)s::timestamptz[],
    %(ships_on)s::date[],
    %(by)s::text[]
) as given (id, sku_id, allowance, per_order, per_member, opens_at, closes_at, ships_on, changed_by)
order by sku_id
on conflict (sku_id) where ended_at is null do update
set
    allowance = excluded.allowance,
    allowance_most = greatest(standing.allowance_most, excluded.allowance),
    per_order = excluded.per_order,
    per_member = excluded.per_member,
    opens_at = excluded.opens_at,
    closes_at = excluded.closes_at,
    ships_on = excluded.ships_on,
    changed_at = excluded.changed_at,
    changed_by = excluded.changed_by,
    closed_at = null

-- name: close_preorders
-- Let nothing more be sold by pre-orders. The caller holds their rows.
update orders.preorder
set
    closed_at = %(now)s::timestamptz,
    changed_at = %(now)s::timestamptz,
    changed_by = %(by)s::text
where id = any (%(ids)s::uuid[])
    and closed_at is null

-- name: lock_over
-- The pre-orders by which nothing more is sold, and nobody waits. Locks their rows by SKU.
select id
from orders.preorder as over
where ended_at is null
    and (closed_at is not null or closes_at <= %(now)s::timestamptz)
    and not exists (
        select
        from orders.preordered as ahead
        where ahead.preorder_id = over.id
            and ahead.waiting > 0
    )
order by sku_id
for no key update

-- name: end_preorders
-- End pre-orders by which nobody waits, still. The caller holds their rows.
update orders.preorder as over
set ended_at = %(now)s::timestamptz
where over.id = any (%(ids)s::uuid[])
    and not exists (
        select
        from orders.preordered as ahead
        where ahead.preorder_id = over.id
            and ahead.waiting > 0
    )
