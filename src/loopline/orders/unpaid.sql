-- name: lock_buckets
-- Keep all others who count by the same hands away until this transaction ends. Advisory locks, in the order given.
select pg_advisory_xact_lock(7310050, bucket)::text
from unnest(%(buckets)s::integer[]) as bucket

-- name: standing
-- What waits to be paid, and ran out lately, by member, address and device; and whether members have paid before. It
-- stands still where the caller holds their buckets.
select
    'member' as kind,
    asked.key,
    found.unpaid_until,
    found.lapsed,
    exists (select from orders.payer where payer.member_id = asked.key) as has_paid
from unnest(%(member_ids)s::uuid[]) as asked (key)
cross join lateral (
    select
        array_agg(pay_until order by pay_until) filter (where lapsed_at is null) as unpaid_until,
        count(*) filter (where lapsed_at > %(since)s::timestamptz) as lapsed
    from orders.unpaid
    where member_id = asked.key
) as found
union all
select 'address', asked.key, found.unpaid_until, found.lapsed, false
from unnest(%(addresses)s::uuid[]) as asked (key)
cross join lateral (
    select
        array_agg(pay_until order by pay_until) filter (where lapsed_at is null) as unpaid_until,
        count(*) filter (where lapsed_at > %(since)s::timestamptz) as lapsed
    from orders.unpaid
    where address = asked.key
) as found
union all
select 'device', asked.key, found.unpaid_until, found.lapsed, false
from unnest(%(devices)s::uuid[]) as asked (key)
cross join lateral (
    select
        array_agg(pay_until order by pay_until) filter (where lapsed_at is null) as unpaid_until,
        count(*) filter (where lapsed_at > %(since)s::timestamptz) as lapsed
    from orders.unpaid
    where device = asked.key
) as found

-- name: over_the_cap
-- Members, addresses and devices with more unpaid orders than may be. The caller holds their buckets.
-- What lapsed is filtered out afterwards: few rows of one hand are found by its index, all that wait by none.
select asked.key
from unnest(%(member_keys)s::uuid[], %(member_mosts)s::integer[]) as asked (key, most)
where (select count(*) filter (where lapsed_at is null) from orders.unpaid where member_id = asked.key) > asked.most
union all
select asked.key
from unnest(%(address_keys)s::uuid[], %(address_mosts)s::integer[]) as asked (key, most)
where (select count(*) filter (where lapsed_at is null) from orders.unpaid where address = asked.key) > asked.most
union all
select asked.key
from unnest(%(device_keys)s::uuid[], %(device_mosts)s::integer[]) as asked (key, most)
where (select count(*) filter (where lapsed_at is null) from orders.unpaid where device = asked.key) > asked.most

-- name: overdue_without_goods
-- Orders whose time to pay is over and that hold nothing, the longest over first. Locks nothing.
select unpaid.order_id
from orders.unpaid as unpaid
join orders.order as head on head.id = unpaid.order_id
where unpaid.lapsed_at is null
    and unpaid.pay_until <= %(now)s::timestamptz
    and unpaid.order_id <> all (%(kept_order_ids)s::uuid[])
    and head.held = 0
order by unpaid.pay_until, unpaid.order_id
limit %(limit)s::integer

-- name: sweep_lapsed
-- Forget what ran out before a moment. Locks the rows it deletes.
delete from orders.unpaid
where order_id in (
    select order_id
    from orders.unpaid
    where lapsed_at <= %(before)s::timestamptz
    order by lapsed_at, order_id
    limit %(limit)s::integer
)
