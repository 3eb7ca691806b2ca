-- name: add_terms
-- Keep what units set, in the order given: the last of a unit and way holds. Locks nothing but the new rows.
insert into slots.setting (unit_id, way, terms, comment, set_at, set_by)
select
    given.unit_id,
    given.way,
    given.terms,
    given.comment,
    %(now)s::timestamptz,
    %(by)s::text
from unnest(
    %(unit_ids)s::uuid[],
    %(ways)s::text[],
    %(terms)s::jsonb[],
    %(comments)s::text[]
) with ordinality as given (unit_id, way, terms, comment, place)
order by given.place;

-- name: terms_of_units
-- The last word of these units on each way; of all units where none are named. Locks nothing.
select distinct on (unit_id, way)
    unit_id,
    way,
    terms,
    comment,
    set_at,
    set_by
from slots.setting
where %(unit_ids)s::uuid[] is null or unit_id = any(%(unit_ids)s::uuid[])
order by
    unit_id,
    way,
    number desc;

-- name: open_slots
-- Make the rows of slots that have none yet. Locks the new rows, by (site, way, beginning).
insert into slots.slot (site_id, way, starts_at, ends_at, taken)
select
    site_id,
    way,
    starts_at,
    max(ends_at),
    0
from unnest(
    %(site_ids)s::uuid[],
    %(ways)s::text[],
    %(starts_at)s::timestamptz[],
    %(ends_at)s::timestamptz[]
) as wanted (site_id, way, starts_at, ends_at)
group by
    site_id,
    way,
    starts_at
order by
    site_id,
    way,
    starts_at
on conflict (site_id, way, starts_at) do nothing;

-- name: lock_slots
-- How many places of slots are taken. Locks their rows, by (site, way, beginning).
select
    slot.site_id,
    slot.way,
    slot.starts_at,
    slot.taken
from slots.slot as slot
join unnest(
    %(site_ids)s::uuid[],
    %(ways)s::text[],
    %(starts_at)s::timestamptz[]
) as wanted (site_id, way, starts_at)
    on wanted.site_id = slot.site_id
    and wanted.way = slot.way
    and wanted.starts_at = slot.starts_at
order by
    slot.site_id,
    slot.way,
    slot.starts_at
for update of slot;

-- name: change_slots
-- Change how many places of slots are taken, by deltas. The caller has locked the rows.
update slots.slot as slot
set taken = slot.taken + given.delta
from unnest(
    %(site_ids)s::uuid[],
    %(ways)s::text[],
    %(starts_at)s::timestamptz[],
    %(deltas)s::integer[]
) as given (site_id, way, starts_at, delta)
where
    slot.site_id = given.site_id
    and slot.way = given.way
    and slot.starts_at = given.starts_at;

-- name: add_bookings
-- Write whose places are whose. Locks nothing but the new rows.
insert into slots.booking (order_id, way, site_id, starts_at, ends_at, state, moves, made_at)
select
    order_id,
    way,
    site_id,
    starts_at,
    ends_at,
    'held',
    0,
    %(now)s::timestamptz
from unnest(
    %(order_ids)s::uuid[],
    %(ways)s::text[],
    %(site_ids)s::uuid[],
    %(starts_at)s::timestamptz[],
    %(ends_at)s::timestamptz[]
) as given (order_id, way, site_id, starts_at, ends_at)
order by order_id;

-- name: lock_bookings
-- The bookings of orders. Locks them by order.
select
    order_id,
    way,
    site_id,
    starts_at,
    ends_at,
    state,
    moves,
    carrier,
    made_at
from slots.booking
where order_id = any(%(order_ids)s::uuid[])
order by order_id
for update;

-- name: bookings_of_orders
-- The bookings of orders. Locks nothing.
select
    order_id,
    way,
    site_id,
    starts_at,
    ends_at,
    state,
    moves,
    carrier,
    made_at
from slots.booking
where order_id = any(%(order_ids)s::uuid[])
order by order_id;

-- name: write_bookings
-- Write where bookings stand. The caller has locked them.
update slots.booking as booking
set
    starts_at = given.starts_at,
    ends_at = given.ends_at,
    state = given.state,
    moves = given.moves,
    carrier = given.carrier
from unnest(
    %(order_ids)s::uuid[],
    %(starts_at)s::timestamptz[],
    %(ends_at)s::timestamptz[],
    %(states)s::text[],
    %(moves)s::smallint[],
    %(carriers)s::text[]
) as given (order_id, starts_at, ends_at, state, moves, carrier)
where booking.order_id = given.order_id;

-- name: places_taken
-- How many places are taken in slots that begin from a moment on. Locks nothing.
select
    site_id,
    way,
    starts_at,
    taken
from slots.slot
where starts_at >= %(since)s::timestamptz and taken > 0
order by
    site_id,
    way,
    starts_at;

-- name: places_taken_at
-- The same at some sites: by these, and not by the slots of all that lie ahead. Locks nothing.
select
    site_id,
    way,
    starts_at,
    taken
from slots.slot
where
    site_id = any(%(site_ids)s::uuid[])
    and way in ('courier', 'in_store', 'at_home')
    and starts_at >= %(since)s::timestamptz
    and taken > 0
order by
    site_id,
    way,
    starts_at;

-- name: bookings_at
-- The bookings of a way that stand at sites (null: at all), by their beginnings: from a moment on, before another.
-- Locks nothing.
select
    order_id,
    way,
    site_id,
    starts_at,
    ends_at,
    state,
    moves,
    carrier,
    made_at
from slots.booking
where
    (%(site_ids)s::uuid[] is null or site_id = any(%(site_ids)s::uuid[]))
    and way = %(way)s::text
    and starts_at >= %(since)s::timestamptz
    and starts_at < %(until)s::timestamptz
    and state = 'held'
order by
    starts_at,
    order_id;
