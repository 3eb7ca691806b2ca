-- name: way_terms
-- The last word on each way. Locks nothing.
select distinct on (terms.way)
  terms.way,
  terms.is_offered,
  terms.cost_minor,
  terms.currency
from returns.way_terms as terms
order by terms.way, terms.number desc;

-- name: add_way_terms
-- Keep what is said of ways, in the order given: the last word holds. Locks nothing but the new rows.
insert into returns.way_terms (way, is_offered, cost_minor, currency, set_at, set_by)
select given.way, given.is_offered, given.cost_minor, given.currency, %(now)s::timestamptz, %(by)s::text
from unnest(%(ways)s::text[], %(offered)s::boolean[], %(costs)s::bigint[], %(currencies)s::text[]) with ordinality
  as given (way, is_offered, cost_minor, currency, place)
order by given.place;

-- name: insert_ways
-- Keep the ways of announced returns; the first word on a return stands.
insert into returns.announced_way (announced_id, way, code, site_id, cost_minor, currency, is_awaited)
select
  given.return_id,
  given.way,
  given.code,
  given.site_id,
  given.cost_minor,
  given.currency,
  not exists (
    select
    from returns.announced as announced
    where announced.id = given.return_id
      and announced.ended_at is not null
  )
from unnest(
  %(return_ids)s::uuid[],
  %(ways)s::text[],
  %(codes)s::text[],
  %(site_ids)s::uuid[],
  %(costs)s::bigint[],
  %(currencies)s::text[]
) as given (return_id, way, code, site_id, cost_minor, currency)
order by given.return_id
on conflict (announced_id) do nothing;

-- name: lock_ways
-- Lock the ways of announced returns that have not ended, by id.
select way.announced_id, way.way, way.tracking_number, way.sent_at is not null as is_sent
from returns.announced_way as way
where way.announced_id = any(%(return_ids)s::uuid[])
  and way.is_awaited
order by way.announced_id
for update;

-- name: set_sent
-- Say of announced returns that they are on their way. The caller holds them.
update returns.announced_way as way
set
  sent_at = coalesce(way.sent_at, %(now)s::timestamptz),
  sent_by = coalesce(way.sent_by, %(by)s::text),
  tracking_number = given.tracking_number
from unnest(%(return_ids)s::uuid[], %(numbers)s::text[]) as given (return_id, tracking_number)
where way.announced_id = given.return_id;

-- name: ways_of_returns
-- The ways of announced returns. Locks nothing.
select
  way.announced_id as return_id,
  announced.order_id,
  way.way,
  way.code,
  way.site_id,
  way.sent_at,
  way.tracking_number,
  announced.announced_at
from returns.announced_way as way
join returns.announced as announced on announced.id = way.announced_id
where way.announced_id = any(%(return_ids)s::uuid[])
order by way.announced_id;

-- name: ways_by_code
-- The announced returns, not ended, that have a code or whose parcels have a number: by code first, then the last announced.
-- Locks nothing.
select
  way.announced_id as return_id,
  announced.order_id,
  way.way,
  way.code,
  way.site_id,
  way.sent_at,
  way.tracking_number,
  announced.announced_at
from (
  select by_code.announced_id
  from returns.announced_way as by_code
  where by_code.code = any(%(spellings)s::text[])
  union
  select by_parcel.announced_id
  from returns.announced_way as by_parcel
  where by_parcel.tracking_number = any(%(spellings)s::text[])
) as named
join returns.announced_way as way on way.announced_id = named.announced_id
join returns.announced as announced on announced.id = way.announced_id
where way.is_awaited
order by way.code = any(%(spellings)s::text[]) desc, announced.announced_at desc, way.announced_id
limit %(limit)s::bigint;

-- name: ways_to_sites
-- What is to be fetched for sites, or on its way to them, the longest announced first. Locks nothing.
select
  way.announced_id as return_id,
  announced.order_id,
  way.way,
  way.code,
  way.site_id,
  way.sent_at,
  way.tracking_number,
  announced.announced_at
from returns.announced_way as way
join returns.announced as announced on announced.id = way.announced_id
where way.site_id = any(%(site_ids)s::uuid[])
  and way.way <> 'store'
  and way.is_awaited
  and (way.way = 'courier' or way.sent_at is not null)
order by announced.announced_at, way.announced_id
limit %(limit)s::bigint;
