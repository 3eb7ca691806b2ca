-- name: insert_known
-- Claim numbers, in their order, for the orders they will be. A number claimed by a transaction under way waits for its
-- end; a number already taken is left as it is and not returned. Locks the rows it makes.
insert into orders.known (channel, external_number, content_hash, order_id, placed_at, known_at)
select
    channel,
    external_number,
    content_hash,
    order_id,
    placed_at,
    %(now)s::timestamptz
from unnest(
    %(channels)s::text[],
    %(external_numbers)s::text[],
    %(content_hashes)s::bytea[],
    %(order_ids)s::uuid[],
    %(placed_at)s::timestamptz[]
) as claim (channel, external_number, content_hash, order_id, placed_at)
order by channel collate "C", external_number collate "C"
on conflict (channel, external_number) do nothing
returning channel, external_number

-- name: known_numbers
-- The orders that numbers are already. Locks nothing.
select
    known.channel,
    known.external_number,
    known.content_hash,
    known.order_id
from unnest(%(channels)s::text[], %(external_numbers)s::text[]) as asked (channel, external_number)
join orders.known as known
    on known.channel = asked.channel
    and known.external_number = asked.external_number

-- name: taken_order_ids
-- Which ids are already orders. Locks nothing.
select id
from orders.order
where id = any (%(order_ids)s::uuid[])
order by id

-- name: delete_known
-- Give numbers back that were claimed in this transaction and became no order: only where no order was written.
-- Locks the rows it deletes.
delete from orders.known as known
using unnest(%(channels)s::text[], %(external_numbers)s::text[], %(order_ids)s::uuid[])
    as claim (channel, external_number, order_id)
where known.channel = claim.channel
    and known.external_number = claim.external_number
    and known.order_id = claim.order_id
    and not exists (
        select
        from orders.order as head
        where head.id = claim.order_id
            and head.channel = claim.channel
            and head.external_number = claim.external_number
    )

-- name: keep_conflicts
-- Keep contents that came under a taken number, once per content, in the order of their numbers. Locks the rows it
-- makes or counts up.
insert into orders.conflict as kept (
    id, channel, external_number, order_id, content_hash, content, first_seen_at, last_seen_at, times
)
select
    id,
    channel,
    external_number,
    order_id,
    content_hash,
    content::jsonb,
    %(now)s::timestamptz,
    %(now)s::timestamptz,
    times
from unnest(
    %(ids)s::uuid[],
    %(channels)s::text[],
    %(external_numbers)s::text[],
    %(order_ids)s::uuid[],
    %(content_hashes)s::bytea[],
    %(contents)s::text[],
    %(times)s::integer[]
) as seen (id, channel, external_number, order_id, content_hash, content, times)
order by channel collate "C", external_number collate "C", content_hash
on conflict (channel, external_number, content_hash) do update
set
    times = kept.times + excluded.times,
    last_seen_at = greatest(kept.last_seen_at, excluded.last_seen_at)

-- name: number_orders
-- Take running numbers for orders to be written, and note those that wait to be paid. Numbers of orders that are not
-- written after all stay unused. Locks the rows it makes.
with noted as (
    insert into orders.unpaid (order_id, member_id, address, device, pay_until)
    select order_id, member_id, address, device, pay_until
    from unnest(
        %(order_ids)s::uuid[],
        %(member_ids)s::uuid[],
        %(addresses)s::uuid[],
        %(devices)s::uuid[],
        %(pay_until)s::timestamptz[]
    ) as waiting (order_id, member_id, address, device, pay_until)
)
select nextval('orders.order_number')
from generate_series(1, %(count)s::integer)

-- name: copy_orders
-- Write order heads. Locks only the rows it makes.
copy orders.order (
    id, number, channel, external_number, kind, placed_at, written_at, changed_at, member_id, site_id,
    seller_entity_id, currency, country, delivery, longitude, latitude, on_shortage, hold_minutes, pay_until,
    guide_id, dealer_id, streamer_id, amount_minor, tax_minor, units, parked, held, allocated, handed_over, cancelled, returned, lost
) from stdin

-- name: copy_quotes
-- Write how prices came about. Locks only the rows it makes.
copy orders.quote (order_id, derivation) from stdin

-- name: copy_lines
-- Write lines. Locks only the rows it makes.
copy orders.line (
    order_id, line_id, seller_entity_id, sku_id, unit_minor, amount_minor, tax_minor, list_unit_minor,
    tax_rate_basis_points, units, parked, held, allocated, handed_over, cancelled, kind, code
) from stdin

-- name: lock_orders
-- Lock orders by id. Who holds an order's row may change its lines: all changes of counters come this way.
select id
from orders.order
where id = any (%(order_ids)s::uuid[])
    and id between %(first_id)s::uuid and %(last_id)s::uuid
order by id
for no key update

-- name: line_units
-- The counters of lines; the caller holds their orders' rows.
select
    line.order_id,
    line.line_id,
    line.kind,
    line.units,
    line.parked,
    line.held,
    line.allocated,
    line.handed_over,
    line.cancelled,
    line.returned,
    line.lost
from unnest(%(order_ids)s::uuid[], %(line_ids)s::uuid[]) as asked (order_id, line_id)
join orders.line as line
    on line.order_id = asked.order_id
    and line.line_id = asked.line_id
where line.order_id between %(first_id)s::uuid and %(last_id)s::uuid

-- name: change_lines
-- Add deltas to lines' counters; the named constraints of the table guard the equations. The caller holds the orders'
-- rows; locks the line rows.
update orders.line as line
set
    parked = line.parked + change.parked,
    held = line.held + change.held,
    allocated = line.allocated + change.allocated,
    handed_over = line.handed_over + change.handed_over,
    cancelled = line.cancelled + change.cancelled,
    returned = line.returned + change.returned,
    lost = line.lost + change.lost
from unnest(
    %(order_ids)s::uuid[],
    %(line_ids)s::uuid[],
    %(parked)s::integer[],
    %(held)s::integer[],
    %(allocated)s::integer[],
    %(handed_over)s::integer[],
    %(cancelled)s::integer[],
    %(returned)s::integer[],
    %(lost)s::integer[]
) as change (order_id, line_id, parked, held, allocated, handed_over, cancelled, returned, lost)
where line.order_id = change.order_id
    and line.line_id = change.line_id
    and line.order_id between %(first_id)s::uuid and %(last_id)s::uuid

-- name: change_orders
-- Add the same deltas, summed over goods, to the orders' heads; work ends where nothing is allocated any more, the wait
-- for a site where nothing is held or something new is, and the wait to be paid where nothing is left to wait for. The
-- caller holds the orders' rows.
with changed as (
    update orders.order as head
    set
        parked = head.parked + change.parked,
        held = head.held + change.held,
        allocated = head.allocated + change.allocated,
        handed_over = head.handed_over + change.handed_over,
        cancelled = head.cancelled + change.cancelled,
        returned = head.returned + change.returned,
        lost = head.lost + change.lost,
        in_work_since = case when head.allocated + change.allocated = 0 then null else head.in_work_since end,
        source_after = case
            when change.held > 0 or head.held + change.held = 0 then null
            else head.source_after
        end,
        source_waits_for = case
            when change.held > 0 or head.held + change.held = 0 then null
            else head.source_waits_for
        end,
        changed_at = greatest(head.changed_at, %(now)s::timestamptz)
    from unnest(
        %(order_ids)s::uuid[],
        %(parked)s::bigint[],
        %(held)s::bigint[],
        %(allocated)s::bigint[],
        %(handed_over)s::bigint[],
        %(cancelled)s::bigint[],
        %(returned)s::bigint[],
        %(lost)s::bigint[]
    ) as change (order_id, parked, held, allocated, handed_over, cancelled, returned, lost)
    where head.id = change.order_id
        and head.id between %(first_id)s::uuid and %(last_id)s::uuid
    returning head.id, head.parked + head.held + head.allocated as waiting
), ended as (
    delete from orders.unpaid as unpaid
    using changed
    where unpaid.order_id = changed.id
        and changed.waiting = 0
        and not %(ran_out)s::boolean
), lapsed as (
    update orders.unpaid as unpaid
    set lapsed_at = %(now)s::timestamptz
    from changed
    where unpaid.order_id = changed.id
        and changed.waiting = 0
        and %(ran_out)s::boolean
)
select count(*) from changed

-- name: put_off
-- Source what orders hold after a moment, and say what it waits for. The caller holds the orders' rows.
update orders.order as head
set
    source_after = given.source_after,
    source_waits_for = given.waits_for
from unnest(
    %(order_ids)s::uuid[],
    %(source_after)s::timestamptz[],
    %(waits_for)s::text[]
) as given (order_id, source_after, waits_for)
where head.id = given.order_id
    and head.id between %(first_id)s::uuid and %(last_id)s::uuid
    and head.held > 0

-- name: wake_up
-- Source orders that wait for something as soon as can be, those that waited longest first. Passes over rows that others
-- hold: they come by themselves.
with waiting as (
    select id
    from orders.order
    where source_after > %(now)s::timestamptz
        and source_waits_for = %(waits_for)s::text
    order by source_after, id
    limit %(limit)s::integer
    for update skip locked
)
update orders.order as head
set source_after = %(now)s::timestamptz
from waiting
where head.id = waiting.id

-- name: wake_orders
-- Source some orders as soon as can be, of those that wait for something. The caller holds the orders' rows.
update orders.order as head
set source_after = %(now)s::timestamptz
where head.id = any(%(order_ids)s::uuid[])
    and head.source_after > %(now)s::timestamptz
    and head.held > 0
returning head.id

-- name: wake_for_goods
-- Source orders that hold some SKUs and wait for a site that has or can send them, as soon as can be, those that waited
-- longest first. Passes over rows that others hold: they come by themselves.
with waiting as (
    select head.id
    from orders.order as head
    where head.source_after > %(now)s::timestamptz
        and head.source_waits_for = any(%(waits_for)s::text[])
        and exists (
            select
            from orders.line
            where line.order_id = head.id
                and line.sku_id = any(%(sku_ids)s::uuid[])
                and line.held > 0
        )
    order by head.source_after, head.id
    limit %(limit)s::integer
    for update of head skip locked
)
update orders.order as head
set source_after = %(now)s::timestamptz
from waiting
where head.id = waiting.id

-- name: set_in_work
-- Note that work on orders has begun, where something is allocated and nobody noted it before. The caller holds the
-- orders' rows.
update orders.order as head
set
    in_work_since = %(now)s::timestamptz,
    changed_at = greatest(head.changed_at, %(now)s::timestamptz)
where head.id = any (%(order_ids)s::uuid[])
    and head.id between %(first_id)s::uuid and %(last_id)s::uuid
    and head.allocated > 0
    and head.in_work_since is null
returning head.id

-- name: set_paid
-- Note that orders wait for no payment any more; whoever paid is known for it, and what was sold ahead takes its place in the
-- queue. The caller holds their rows.
with paid as (
    update orders.order as head
    set
        pay_until = null,
        changed_at = greatest(head.changed_at, %(now)s::timestamptz)
    where head.id = any (%(order_ids)s::uuid[])
        and head.id between %(first_id)s::uuid and %(last_id)s::uuid
        and head.pay_until is not null
    returning head.id, head.member_id
), ended as (
    delete from orders.unpaid as unpaid
    using paid
    where unpaid.order_id = paid.id
), queued as (
    update orders.preordered as ahead
    set paid_at = %(now)s::timestamptz
    from paid
    where ahead.order_id = paid.id
        and ahead.paid_at is null
), known as (
    insert into orders.payer (member_id)
    select distinct member_id
    from paid
    where member_id is not null
        and %(was_paid)s::boolean
    order by member_id
    on conflict do nothing
)
select count(*) from paid

-- name: blank_destinations
-- Forget where members' orders went, for an erasure. Locks their orders' rows, by id.
with theirs as (
    select id
    from orders.order
    where member_id = any (%(member_ids)s::uuid[])
        and longitude is not null
    order by id
    for no key update
)
update orders.order as head
set
    longitude = null,
    latitude = null
from theirs
where head.id = theirs.id

-- name: blank_conflicts
-- Forget where conflicting drafts of members would have gone. Locks their rows; conflicts are few.
update orders.conflict
set content = content - 'destination'
where content ->> 'member_id' = any (%(member_ids)s::text[])
    and content ? 'destination'
