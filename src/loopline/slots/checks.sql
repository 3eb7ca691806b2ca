-- name: slots_have_as_many_taken_as_booked
-- Slots of which more or fewer places are taken than orders have; bookings of no slot, too.
with booked as (
  select
    site_id,
    way,
    starts_at,
    count(*) as bookings
  from slots.booking
  where state = 'held'
  group by site_id, way, starts_at
)
select
  'slot ' || way || ' of site ' || site_id || ' at ' || starts_at as subject,
  coalesce(slot.taken, 0) || ' places taken' as found,
  coalesce(booked.bookings, 0) || ' orders that have one' as expected,
  'update slots.slot set taken = ' || coalesce(booked.bookings, 0)
  || ' where site_id = ' || quote_literal(site_id)
  || ' and way = ' || quote_literal(way)
  || ' and starts_at = ' || quote_literal(starts_at) as repair
from slots.slot as slot
full join booked using (site_id, way, starts_at)
where coalesce(slot.taken, 0) <> coalesce(booked.bookings, 0)
order by site_id, way, starts_at
