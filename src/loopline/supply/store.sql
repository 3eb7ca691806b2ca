-- name: lock_pairs
-- Let one command at a time agree on terms of a pair of companies; pairs are locked in order.
select pg_advisory_xact_lock(hashtextextended(pair, 7310021))
from (select distinct pair from unnest(%(pairs)s::text[]) as given (pair) order by pair) as pairs

-- name: begun_terms
-- Since when pairs of companies have had terms of an SKU, or of all goods; those that have not begun are left out.
select
  owner_id,
  buyer_id,
  currency,
  sku_id,
  min(from_at) as since
from supply.term
where
  owner_id = any(%(owner_ids)s::uuid[])
  and from_at <= %(now)s::timestamptz
group by
  owner_id,
  buyer_id,
  currency,
  sku_id

-- name: insert_terms
-- Write terms; of the same goods from the same moment only the first stand. Returns the ids that were written.
insert into supply.term (
  id, owner_id, buyer_id, sku_id, currency, kind, base, basis_points, unit_minor, from_at, agreed_at, agreed_by, comment
)
select
  given.id,
  given.owner_id,
  given.buyer_id,
  given.sku_id,
  given.currency,
  given.kind,
  given.base,
  given.basis_points,
  given.unit_minor,
  given.from_at,
  %(now)s::timestamptz,
  %(by)s::text,
  given.comment
from unnest(
  %(ids)s::uuid[],
  %(owner_ids)s::uuid[],
  %(buyer_ids)s::uuid[],
  %(sku_ids)s::uuid[],
  %(currencies)s::text[],
  %(kinds)s::text[],
  %(bases)s::text[],
  %(basis_points)s::integer[],
  %(unit_minors)s::bigint[],
  %(from_ats)s::timestamptz[],
  %(comments)s::text[]
) as given (id, owner_id, buyer_id, sku_id, currency, kind, base, basis_points, unit_minor, from_at, comment)
on conflict on constraint one_term_at_a_moment do nothing
returning id

-- name: terms_of
-- The terms between some companies, of these SKUs and of all goods. Locks nothing.
select
  id,
  owner_id,
  buyer_id,
  currency,
  kind,
  from_at,
  sku_id,
  base,
  basis_points,
  unit_minor,
  agreed_at,
  agreed_by,
  comment
from supply.term
where
  owner_id = any(%(owner_ids)s::uuid[])
  and (sku_id is null or sku_id = any(%(sku_ids)s::uuid[]))

-- name: terms_page
-- A page of terms of which one company is in scope (null: of all), the newest first. Locks nothing.
select
  id,
  owner_id,
  buyer_id,
  currency,
  kind,
  from_at,
  sku_id,
  base,
  basis_points,
  unit_minor,
  agreed_at,
  agreed_by,
  comment
from supply.term
where
  (%(after)s::uuid is null or id < %(after)s::uuid)
  and (
    %(company_ids)s::uuid[] is null
    or owner_id = any(%(company_ids)s::uuid[])
    or buyer_id = any(%(company_ids)s::uuid[])
  )
order by id desc
limit %(limit)s::bigint

-- name: copy_noted
-- Note parts of which nothing is agreed.
copy supply.noted (
  part_id, order_id, line_id, owner_id, buyer_id, sku_id, currency, units, units_of, list_minor, net_minor, placed_at, at
) from stdin

-- name: noted_with_terms
-- Noted parts of some companies for which terms hold by now, the oldest first, locked; what somebody else works on is
-- passed over. Goes from the terms to what they reach.
with begun as (
  select
    owner_id,
    buyer_id,
    currency,
    sku_id,
    min(from_at) as since
  from supply.term
  where
    owner_id = any(%(company_ids)s::uuid[])
    and buyer_id = any(%(company_ids)s::uuid[])
  group by
    owner_id,
    buyer_id,
    currency,
    sku_id
),
reached as (
  select of_all.part_id
  from begun
  join supply.noted as of_all
    on of_all.owner_id = begun.owner_id
    and of_all.buyer_id = begun.buyer_id
    and of_all.currency = begun.currency
    and of_all.placed_at >= begun.since
  where begun.sku_id is null
  union all
  select of_sku.part_id
  from begun
  join supply.noted as of_sku
    on of_sku.owner_id = begun.owner_id
    and of_sku.buyer_id = begun.buyer_id
    and of_sku.currency = begun.currency
    and of_sku.sku_id = begun.sku_id
    and of_sku.placed_at >= begun.since
)
select
  part_id,
  order_id,
  line_id,
  owner_id,
  buyer_id,
  sku_id,
  currency,
  units,
  units_of,
  list_minor,
  net_minor,
  placed_at,
  at
from supply.noted as noted
where noted.part_id in (select reached.part_id from reached)
order by part_id
limit %(limit)s::bigint
for update of noted skip locked

-- name: delete_noted
-- Forget parts that are settled by now, or came back whole.
delete from supply.noted
where part_id = any(%(part_ids)s::uuid[])

-- name: take_back_noted
-- Units of noted parts came back: fewer are left to be settled. Waits for whoever settles them.
update supply.noted as noted
set units = noted.units - back.units
from (
  select part_id, sum(units)::integer as units
  from unnest(%(part_ids)s::uuid[], %(units)s::integer[]) as given (part_id, units)
  group by part_id
) as back
where noted.part_id = back.part_id

-- name: noted_by_pair
-- What is noted of two companies of which one is in scope (null: of all), the oldest first. Locks nothing.
select
  owner_id,
  buyer_id,
  currency,
  count(*) as parts,
  sum(units)::bigint as units,
  sum(net_minor * units / units_of)::bigint as net_minor,
  min(at) as first_at
from supply.noted
where
  units > 0
  and (
    %(company_ids)s::uuid[] is null
    or owner_id = any(%(company_ids)s::uuid[])
    or buyer_id = any(%(company_ids)s::uuid[])
  )
group by
  owner_id,
  buyer_id,
  currency
order by
  min(at),
  owner_id,
  buyer_id,
  currency
