-- name: add_price_ask
-- Ask for a price; the same number again stays as it is.
insert into orders.price_ask (
    id, till_id, site_id, sku_id, units, currency, before_minor, unit_minor, reason, asked_by, asked_at
)
values (
    %(id)s::uuid,
    %(till_id)s::uuid,
    %(site_id)s::uuid,
    %(sku_id)s::uuid,
    %(units)s::integer,
    %(currency)s::text,
    %(before_minor)s::bigint,
    %(unit_minor)s::bigint,
    %(reason)s::text,
    %(asked_by)s::uuid,
    %(now)s::timestamptz
)
on conflict on constraint price_ask_pkey do nothing

-- name: price_asks_by_id
-- What was asked for at these sites, as it stands. Locks nothing.
select
    id, till_id, site_id, sku_id, units, currency, before_minor, unit_minor, reason, asked_by, asked_at, withdrawn_at,
    decided_by, decided_at, is_approved, note, order_id
from orders.price_ask
where id = any(%(ask_ids)s::uuid[])
    and (%(everything)s::boolean or site_id = any(%(site_ids)s::uuid[]))
order by id

-- name: open_price_asks
-- What was asked for since a moment at these sites and waits for a word, the first asked first. Locks nothing.
select
    id, till_id, site_id, sku_id, units, currency, before_minor, unit_minor, reason, asked_by, asked_at, withdrawn_at,
    decided_by, decided_at, is_approved, note, order_id
from orders.price_ask
where decided_at is null
    and withdrawn_at is null
    and asked_at >= %(since)s::timestamptz
    and (%(everything)s::boolean or site_id = any(%(site_ids)s::uuid[]))
order by asked_at, id
limit %(at_most)s::integer

-- name: withdraw_price_ask
-- Wait no more for what nobody decided on at these sites; locks its row.
update orders.price_ask
set withdrawn_at = %(now)s::timestamptz
where id = %(ask_id)s::uuid
    and decided_at is null
    and withdrawn_at is null
    and (%(everything)s::boolean or site_id = any(%(site_ids)s::uuid[]))

-- name: lock_price_ask
-- What was asked for at these sites; locks its row.
select
    id, till_id, site_id, sku_id, units, currency, before_minor, unit_minor, reason, asked_by, asked_at, withdrawn_at,
    decided_by, decided_at, is_approved, note, order_id
from orders.price_ask
where id = %(ask_id)s::uuid
    and (%(everything)s::boolean or site_id = any(%(site_ids)s::uuid[]))
for update

-- name: lock_price_asks
-- What was asked for, for sales that use it; locks the rows in the order of their ids.
select
    id, till_id, site_id, sku_id, units, currency, before_minor, unit_minor, reason, asked_by, asked_at, withdrawn_at,
    decided_by, decided_at, is_approved, note, order_id
from orders.price_ask
where id = any(%(ask_ids)s::uuid[])
order by id
for update

-- name: decide_price_ask
-- Keep the word on a price that was asked for; the caller has its row.
update orders.price_ask
set
    decided_by = %(by)s::uuid,
    decided_at = %(now)s::timestamptz,
    is_approved = %(is_approved)s::boolean,
    note = %(note)s::text
where id = %(ask_id)s::uuid

-- name: use_price_asks
-- Use up what was approved: it is good for one line of one sale. The caller has the rows.
update orders.price_ask as ask
set order_id = used.order_id
from unnest(%(ask_ids)s::uuid[], %(order_ids)s::uuid[]) as used (ask_id, order_id)
where ask.id = used.ask_id

-- name: keep_price_changes
-- Keep which lines were sold for less, in the transaction that writes them.
insert into orders.price_change (
    line_id, order_id, site_id, sku_id, units, currency, before_minor, unit_minor, standing, reason, changed_by,
    changed_at, approved_by, ask_id, recorded_at
)
select
    line_id, order_id, site_id, sku_id, units, currency, before_minor, unit_minor, standing, reason, changed_by,
    changed_at, approved_by, ask_id, %(now)s::timestamptz
from unnest(
    %(line_ids)s::uuid[],
    %(order_ids)s::uuid[],
    %(site_ids)s::uuid[],
    %(sku_ids)s::uuid[],
    %(units)s::integer[],
    %(currencies)s::text[],
    %(befores_minor)s::bigint[],
    %(units_minor)s::bigint[],
    %(standings)s::text[],
    %(reasons)s::text[],
    %(changed_by)s::uuid[],
    %(changed_at)s::timestamptz[],
    %(approved_by)s::uuid[],
    %(ask_ids)s::uuid[]
) as changed (
    line_id, order_id, site_id, sku_id, units, currency, before_minor, unit_minor, standing, reason, changed_by,
    changed_at, approved_by, ask_id
)
order by line_id

-- name: price_changes_page
-- A page of the lines of these sites that were sold for less in a time, the latest first, with the numbers of their orders
-- and what was sold. Locks nothing.
select
    change.line_id,
    change.order_id,
    change.site_id,
    change.sku_id,
    change.units,
    change.currency,
    change.before_minor,
    change.unit_minor,
    change.standing,
    change.reason,
    change.changed_by,
    change.changed_at,
    change.approved_by,
    change.ask_id,
    head.number as running_number,
    line.code
from orders.price_change as change
join orders.order as head on head.id = change.order_id
join orders.line as line on line.order_id = change.order_id and line.line_id = change.line_id
where change.changed_at >= %(start)s::timestamptz
    and change.changed_at < %(end)s::timestamptz
    and (%(everything)s::boolean or change.site_id = any(%(site_ids)s::uuid[]))
    and (%(standing)s::text is null or change.standing = %(standing)s::text)
    and (
        %(before_at)s::timestamptz is null
        or (change.changed_at, change.line_id) < (%(before_at)s::timestamptz, %(before_line_id)s::uuid)
    )
order by change.changed_at desc, change.line_id desc
limit %(at_most)s::integer

-- name: price_sums
-- What each person gave away at each of these sites in a time, who gave most first; without what a till had read earlier.
-- Locks nothing.
select
    site_id,
    changed_by,
    currency,
    count(*) as lines,
    count(*) filter (where standing = 'approved') as approved,
    count(*) filter (where standing = 'not_allowed') as not_allowed,
    sum((before_minor - unit_minor) * units)::bigint as given_minor
from orders.price_change
where changed_at >= %(start)s::timestamptz
    and changed_at < %(end)s::timestamptz
    and (%(everything)s::boolean or site_id = any(%(site_ids)s::uuid[]))
    and standing <> 'read_earlier'
group by site_id, changed_by, currency
order by given_minor desc, site_id, changed_by, currency

-- name: price_changes_of_order
-- The lines of an order that were sold for less, in the order they were written. Locks nothing.
select
    line_id, order_id, site_id, sku_id, units, currency, before_minor, unit_minor, standing, reason, changed_by,
    changed_at, approved_by, ask_id
from orders.price_change
where order_id = %(order_id)s::uuid
order by line_id
