-- name: parking_of
-- Why lines of orders wait for goods, and until which day. Locks nothing.
select
    parking.order_id,
    parking.line_id,
    parking.sku_id,
    parking.reason,
    parking.expected_on,
    parking.basis
from orders.parking
where parking.order_id = any (%(order_ids)s::uuid[])
order by parking.order_id, parking.line_id

-- name: write_parking
-- Write why lines wait for goods, and until which day. The caller has the turn, or has just written the lines;
-- locks the rows it writes.
insert into orders.parking as parking (order_id, line_id, sku_id, reason, expected_on, basis, since)
select order_id, line_id, sku_id, reason, expected_on, basis, %(now)s::timestamptz
from unnest(
    %(order_ids)s::uuid[],
    %(line_ids)s::uuid[],
    %(sku_ids)s::uuid[],
    %(reasons)s::text[],
    %(days)s::date[],
    %(bases)s::text[]
) as given (order_id, line_id, sku_id, reason, expected_on, basis)
order by order_id, line_id
on conflict (order_id, line_id) do update
set
    reason = excluded.reason,
    expected_on = excluded.expected_on,
    basis = excluded.basis,
    since = excluded.since,
    passed_at = case when parking.expected_on is not distinct from excluded.expected_on then parking.passed_at end

-- name: end_parking
-- Forget why lines wait that do not wait for goods any more. Locks the rows it deletes.
delete from orders.parking as parking
where not exists (
    select
    from orders.line
    where line.order_id = parking.order_id
        and line.line_id = parking.line_id
        and line.parked > 0
)

-- name: note_passed
-- Note days that are over, of lines that still wait, those first over first. Locks the rows it writes, passing over those that
-- others hold.
with over as (
    select order_id, line_id
    from orders.parking
    where expected_on < %(today)s::date
        and passed_at is null
    order by expected_on, order_id, line_id
    limit %(limit)s::integer
    for update skip locked
)
update orders.parking as parking
set passed_at = %(now)s::timestamptz
from over
where parking.order_id = over.order_id
    and parking.line_id = over.line_id
returning
    parking.order_id,
    parking.line_id,
    parking.sku_id,
    parking.reason,
    parking.expected_on,
    parking.basis

-- name: parked_by_day
-- Paid lines that wait for goods, by the day these are expected, those without one last, after one of them (or from the first
-- on). Locks nothing.
select
    parking.order_id,
    head.number as running_number,
    parking.line_id,
    parking.sku_id,
    head.channel,
    head.placed_at,
    line.parked as units,
    parking.reason,
    parking.expected_on,
    parking.basis
from orders.parking
join orders.order as head on head.id = parking.order_id
join orders.line on line.order_id = parking.order_id and line.line_id = parking.line_id
where line.parked > 0
    and head.pay_until is null
    and (
        %(is_first)s::boolean
        or (coalesce(parking.expected_on, 'infinity'::date), parking.order_id, parking.line_id)
            > (coalesce(%(after_day)s::date, 'infinity'::date), %(after_order_id)s::uuid, %(after_line_id)s::uuid)
    )
order by coalesce(parking.expected_on, 'infinity'::date), parking.order_id, parking.line_id
limit %(limit)s::integer

-- name: count_parked_days
-- How many paid lines wait for goods until a day to come, one that is over, or nobody knows which. Locks nothing.
select
    count(*) filter (where parking.expected_on >= %(today)s::date) as coming,
    count(*) filter (where parking.expected_on < %(today)s::date) as passed,
    count(*) filter (where parking.expected_on is null) as unknown
from orders.parking
join orders.order as head on head.id = parking.order_id
join orders.line on line.order_id = parking.order_id and line.line_id = parking.line_id
where line.parked > 0
    and head.pay_until is null
