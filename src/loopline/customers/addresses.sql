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
