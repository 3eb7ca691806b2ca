-- name: keep_till_sales
-- Keep which orders sales of tills are, in the order of (till, number); one that is kept already stays as it is.
insert into orders.till_sale (
    till_id, number, order_id, site_id, rung_up_by, sent_by, rung_up_at, arrived_at
)
select till_id, number, order_id, site_id, rung_up_by, %(sent_by)s::uuid, rung_up_at, %(now)s::timestamptz
from unnest(
    %(till_ids)s::uuid[],
    %(numbers)s::bigint[],
    %(order_ids)s::uuid[],
    %(site_ids)s::uuid[],
    %(rung_up_by)s::uuid[],
    %(rung_up_at)s::timestamptz[]
) as sale (till_id, number, order_id, site_id, rung_up_by, rung_up_at)
order by till_id, number
on conflict on constraint till_sale_pkey do nothing

-- name: known_till_numbers
-- Those of these numbers of tills that are orders. Locks nothing.
select sale.till_id, sale.number
from unnest(%(till_ids)s::uuid[], %(numbers)s::bigint[]) as asked (till_id, number)
join orders.till_sale as sale on sale.till_id = asked.till_id and sale.number = asked.number
group by sale.till_id, sale.number
order by sale.till_id, sale.number

-- name: till_sales_of_orders
-- The sales of tills that these orders are, in the order of (till, number).
select till_id, number, order_id, site_id, rung_up_by, sent_by, rung_up_at, arrived_at
from orders.till_sale
where order_id = any(%(order_ids)s::uuid[])
order by till_id, number

-- name: open_till_case
-- Keep a sale that was handed over; the same number again is the case kept before, and nothing is changed.
insert into orders.till_case (till_id, number, site_id, sale, reason, handed_by, handed_at)
values (
    %(till_id)s::uuid,
    %(number)s::bigint,
    %(site_id)s::uuid,
    %(sale)s::jsonb,
    %(reason)s::jsonb,
    %(handed_by)s::uuid,
    %(now)s::timestamptz
)
on conflict on constraint till_case_pkey do nothing

-- name: open_till_cases
-- A page of the cases that wait to be put right, the first handed over first.
select till_id, number, site_id, sale, reason, handed_by, handed_at
from orders.till_case
where settled_at is null
    and (%(everything)s::boolean or site_id = any(%(site_ids)s::uuid[]))
order by handed_at, till_id, number
limit %(at_most)s::integer

-- name: lock_till_case
-- The case of a till's number, where it waits and is of these sites; locks its row.
select till_id, number, site_id, sale, reason, handed_by, handed_at
from orders.till_case
where till_id = %(till_id)s::uuid
    and number = %(number)s::bigint
    and settled_at is null
    and (%(everything)s::boolean or site_id = any(%(site_ids)s::uuid[]))
for update

-- name: settle_till_case
-- Settle a case of these sites that is open; locks its row.
update orders.till_case
set settled_by = %(settled_by)s::uuid, settled_at = %(now)s::timestamptz, note = %(note)s::text
where till_id = %(till_id)s::uuid
    and number = %(number)s::bigint
    and settled_at is null
    and (%(everything)s::boolean or site_id = any(%(site_ids)s::uuid[]))
