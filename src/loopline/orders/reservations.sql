-- name: keep_reservation
-- Keep who reserved what an order holds, once.
insert into orders.reservation (order_id, site_id, member_id, made_at_site, made_by, made_at, until)
values (
    %(order_id)s::uuid,
    %(site_id)s::uuid,
    %(member_id)s::uuid,
    %(made_at_site)s::uuid,
    %(made_by)s::uuid,
    %(made_at)s::timestamptz,
    %(until)s::timestamptz
)
on conflict on constraint reservation_pkey do nothing

-- name: end_reservation
-- Say how a reservation ended, where nobody said so before. Locks its row.
update orders.reservation
set
    ended_at = %(now)s::timestamptz,
    ended_as = %(ended_as)s::text,
    ended_by = %(by)s::uuid
where order_id = %(order_id)s::uuid
    and ended_at is null
returning order_id

-- name: reservations_of_orders
-- The reservations that orders are. Locks nothing.
select
    order_id,
    site_id,
    member_id,
    made_at_site,
    made_by,
    made_at,
    until,
    ended_at,
    ended_as
from orders.reservation
where order_id = any (%(order_ids)s::uuid[])
order by order_id

-- name: standing_reservations
-- What is reserved at a site, or was from there at another, and whose time is not over, the soonest over first. Locks nothing.
select
    order_id,
    site_id,
    member_id,
    made_at_site,
    made_by,
    made_at,
    until,
    ended_at,
    ended_as
from orders.reservation
where (site_id = %(site_id)s::uuid or made_at_site = %(site_id)s::uuid)
    and ended_at is null
    and until > %(now)s::timestamptz
order by until, order_id
limit %(limit)s::integer
