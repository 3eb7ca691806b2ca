-- name: lock_addresses
-- Which addresses members have. Locks them by (member, id).
select
    member_id,
    id
from customers.address
where member_id = any (%(member_ids)s::uuid[])
order by member_id, id
for update

-- name: clear_defaults
-- Let no address of these members be the default. The caller holds their addresses.
update customers.address
set is_default = false
where member_id = any (%(member_ids)s::uuid[])
    and is_default

-- name: set_default
-- Let an address be the default. The caller holds it, and no other of its member's is.
update customers.address
set is_default = true
where id = %(address_id)s::uuid

-- name: insert_addresses
-- Add addresses. Locks only the rows it makes; the caller holds the members' rows.
insert into customers.address (id, member_id, sealed, is_default, added_at)
select
    id,
    member_id,
    sealed,
    is_default,
    %(now)s::timestamptz
from unnest(%(ids)s::uuid[], %(member_ids)s::uuid[], %(sealed)s::bytea[], %(defaults)s::boolean[])
    as added (id, member_id, sealed, is_default)

-- name: delete_address
-- Forget an address, and say whether it was the default. The caller holds it.
delete from customers.address
where id = %(address_id)s::uuid
returning is_default

-- name: addresses_of_member
-- A member's addresses as they are sealed, the default first, then the newest. Locks nothing.
select
    id,
    member_id,
    sealed,
    is_default
from customers.address
where member_id = %(member_id)s::uuid
order by is_default desc, id desc

-- name: insert_deliveries
-- Keep where orders go, in the order of their ids; what is known stays. Locks the rows it makes.
insert into customers.delivery (order_id, member_id, sealed, added_at)
select
    order_id,
    member_id,
    sealed,
    %(now)s::timestamptz
from unnest(%(order_ids)s::uuid[], %(member_ids)s::uuid[], %(sealed)s::bytea[])
    as added (order_id, member_id, sealed)
order by order_id
on conflict (order_id) do nothing
returning order_id

-- name: insert_doubts
-- Keep what there is to doubt in where orders go. Locks the rows it makes; the caller holds their deliveries.
insert into customers.delivery_doubt (order_id, kinds)
select
    order_id,
    array_agg(kind order by place)
from unnest(%(order_ids)s::uuid[], %(kinds)s::text[]) with ordinality as found (order_id, kind, place)
group by order_id
order by order_id

-- name: delete_doubts
-- Forget what there was to doubt in where an order goes, and who said that it is right. The caller holds its delivery.
delete from customers.delivery_doubt
where order_id = %(order_id)s::uuid

-- name: doubts_of_orders
-- What there is to doubt in where orders go. Locks nothing.
select
    order_id,
    kinds as doubts,
    right_at,
    right_by
from customers.delivery_doubt
where order_id = any (%(order_ids)s::uuid[])

-- name: say_right
-- Keep who said that addresses are right, where nobody had. Locks the rows of doubts by order.
with asked as (
    select order_id
    from customers.delivery_doubt
    where order_id = any (%(order_ids)s::uuid[])
        and right_at is null
    order by order_id
    for update
)

update customers.delivery_doubt as doubt
set right_at = %(now)s::timestamptz,
    right_by = %(by)s::text
from asked
where doubt.order_id = asked.order_id
returning doubt.order_id

-- name: lock_delivery
-- Where an order goes, as it is sealed. Locks its row.
select
    order_id as id,
    member_id,
    sealed
from customers.delivery
where order_id = %(order_id)s::uuid
for update

-- name: set_delivery
-- Say anew where an order goes. The caller holds its row.
update customers.delivery
set sealed = %(sealed)s::bytea
where order_id = %(order_id)s::uuid

-- name: orders_with_delivery
-- Of which orders it is known where they go. Locks nothing.
select order_id
from customers.delivery
where order_id = any (%(order_ids)s::uuid[])

-- name: sealed_deliveries
-- Where orders go, as it is sealed. Locks nothing.
select
    order_id as id,
    member_id,
    sealed
from customers.delivery
where order_id = any (%(order_ids)s::uuid[])
order by order_id
