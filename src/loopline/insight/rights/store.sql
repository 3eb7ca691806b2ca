-- name: lines_of_orders
-- The goods lines of these orders as they stand, with whom their buyer was bound to when they were placed, whether money
-- was found to differ, and the fewest stars of what the buyer said of the line or its order. What promotions made of a list
-- price is our price. Locks nothing.
select
  line.order_id,
  line.line_id,
  line.sku_id,
  line.units,
  line.parked + line.held + line.allocated as waiting,
  line.handed_over,
  line.cancelled,
  line.unit_minor,
  case when promoted.line_id is null then line.list_unit_minor else line.unit_minor end as list_unit_minor,
  line.placed_at,
  line.site_id as sold_site_id,
  head.delivery,
  head.member_id is not null as is_member,
  credited.guide_id,
  credited.dealer_id,
  (
    select binding.party_id
    from customers.published_bindings as binding
    where binding.member_id = head.member_id
      and binding.role = 'guide'
      and binding.bound_at <= head.placed_at
      and (binding.ended_at is null or binding.ended_at > head.placed_at)
    order by binding.bound_at desc, binding.party_id
    limit 1
  ) as bound_guide_id,
  (
    select binding.party_id
    from customers.published_bindings as binding
    where binding.member_id = head.member_id
      and binding.role = 'dealer'
      and binding.bound_at <= head.placed_at
      and (binding.ended_at is null or binding.ended_at > head.placed_at)
    order by binding.bound_at desc, binding.party_id
    limit 1
  ) as bound_dealer_id,
  exists (
    select
    from payments.published_exceptions as exception
    where exception.order_id = line.order_id
      and exception.kind in ('order_total_differs', 'refund_above_taken')
  ) as money_differs,
  (
    select min(review.stars)
    from reviews.published_reviews as review
    where review.order_id = line.order_id
      and (review.line_id is null or review.line_id = line.line_id)
      and review.hidden_at is null
  ) as stars
from orders.published_orders as head
join orders.published_credits as credited on credited.order_id = head.order_id
join orders.published_lines as line on line.order_id = head.order_id
left join orders.published_promoted_lines as promoted
  on promoted.order_id = any(%(order_ids)s::uuid[])
  and promoted.order_id = line.order_id
  and promoted.line_id = line.line_id
where head.order_id = any(%(order_ids)s::uuid[])
  and line.order_id = any(%(order_ids)s::uuid[])
  and credited.order_id = any(%(order_ids)s::uuid[])
  and line.kind = 'goods'
order by line.order_id, line.line_id

-- name: work_of_orders
-- What of these orders was put to sites, line by line, in the order in which it was offered. Locks nothing.
select
  task.order_id,
  task_line.line_id,
  task.task_id,
  task.site_id,
  task.state,
  task.offered_at,
  task.ended_at,
  task_line.units,
  task_line.left_units,
  worker.accepted_by,
  refusal.at as refused_at,
  refusal.reason
from fulfilment.published_tasks as task
join fulfilment.published_task_lines as task_line on task_line.task_id = task.task_id
join fulfilment.published_workers as worker on worker.task_id = task.task_id
left join lateral (
  select withdrawal.at, withdrawal.reason
  from fulfilment.published_withdrawals as withdrawal
  where withdrawal.task_id = task.task_id
    and withdrawal.allocation_id = task_line.allocation_id
    and withdrawal.cause = 'refused'
  order by withdrawal.at, withdrawal.withdrawal_id
  limit 1
) as refusal on task_line.refused_units > 0
where task.order_id = any(%(order_ids)s::uuid[])
order by task.order_id, task_line.line_id, task.offered_at, task.task_id, task_line.allocation_id

-- name: promises_of_orders
-- What these orders were promised first, and where their last promise stands. Milestones are of a promise that has ended,
-- so that they never change unheard: of the last, else of the first that was broken. Locks nothing.
select
  first.order_id,
  last.state,
  broken.promise_id is not null as was_broken,
  first.first_due_at,
  first.source_by,
  first.accept_by,
  first.hand_over_by,
  case when last.state in ('kept', 'broken') then last.sourced_at else broken.sourced_at end as sourced_at,
  case when last.state in ('kept', 'broken') then last.accepted_at else broken.accepted_at end as accepted_at,
  case when last.state in ('kept', 'broken') then last.handed_over_at else broken.handed_over_at end as handed_over_at,
  last.fact_at
from promises.published_promises as first
join promises.published_promises as last on last.order_id = first.order_id and last.is_last
left join lateral (
  select
    promise.promise_id,
    promise.sourced_at,
    promise.accepted_at,
    promise.handed_over_at
  from promises.published_promises as promise
  where promise.order_id = first.order_id and promise.state = 'broken'
  order by promise.promise_id
  limit 1
) as broken on true
where first.order_id = any(%(order_ids)s::uuid[])
  and first.is_first
order by first.order_id

-- name: returns_of_lines
-- What came back of these lines, and whether the return states another price than was paid. Locks nothing.
select
  match.order_id,
  match.line_id,
  line.reason,
  coalesce(line.stated_unit_minor <> match.sold_unit_minor, false) as differs
from returns.published_matches as match
join returns.published_lines as line on line.return_line_id = match.return_line_id
where match.line_id = any(%(line_ids)s::uuid[])
order by match.order_id, match.line_id, match.return_line_id, match.position

-- name: orders_of_reviews
-- The orders that these reviews speak of. Locks nothing.
select distinct review.order_id
from reviews.published_reviews as review
where review.review_id = any(%(review_ids)s::uuid[])
order by review.order_id

-- name: site_zones
-- The zone of every site. Locks nothing.
select site.id as site_id, site.time_zone
from org.published_site as site
order by site.id

-- name: home_zone
-- The zone of the brand, where there is one. Locks nothing.
select min(unit.time_zone) as time_zone
from org.published_unit as unit
where unit.kind = 'brand'

-- name: lock_judged
-- The lines of these orders as they were judged so far. Locks them, in the order of (order, line).
select
  order_id,
  line_id,
  sku_id,
  day,
  sent_site_id,
  place_site_id,
  sold_site_id,
  packer_id,
  units,
  goods,
  time,
  place,
  person,
  price,
  customer
from insight.judged_line
where order_id = any(%(order_ids)s::uuid[])
order by order_id, line_id
for update

-- name: write_judged
-- Write lines as they are judged now, in the order of (order, line). The caller has locked those that are there.
insert into insight.judged_line as present (
  order_id,
  line_id,
  sku_id,
  day,
  sent_site_id,
  place_site_id,
  sold_site_id,
  packer_id,
  units,
  goods,
  time,
  place,
  person,
  price,
  customer
)
select
  given.order_id,
  given.line_id,
  given.sku_id,
  given.day,
  given.sent_site_id,
  given.place_site_id,
  given.sold_site_id,
  given.packer_id,
  given.units,
  given.goods,
  given.time,
  given.place,
  given.person,
  given.price,
  given.customer
from unnest(
    %(order_ids)s::uuid[],
    %(line_ids)s::uuid[],
    %(sku_ids)s::uuid[],
    %(days)s::date[],
    %(sent_site_ids)s::uuid[],
    %(place_site_ids)s::uuid[],
    %(sold_site_ids)s::uuid[],
    %(packer_ids)s::uuid[],
    %(units)s::integer[],
    %(goods)s::text[],
    %(time)s::text[],
    %(place)s::text[],
    %(person)s::text[],
    %(price)s::text[],
    %(customer)s::text[]
  ) as given (
    order_id,
    line_id,
    sku_id,
    day,
    sent_site_id,
    place_site_id,
    sold_site_id,
    packer_id,
    units,
    goods,
    time,
    place,
    person,
    price,
    customer
  )
order by given.order_id, given.line_id
on conflict on constraint judged_line_pkey do update set
  day = excluded.day,
  sent_site_id = excluded.sent_site_id,
  place_site_id = excluded.place_site_id,
  sold_site_id = excluded.sold_site_id,
  packer_id = excluded.packer_id,
  units = excluded.units,
  goods = excluded.goods,
  time = excluded.time,
  place = excluded.place,
  person = excluded.person,
  price = excluded.price,
  customer = excluded.customer

-- name: forget_judged
-- Forget lines that are not to be judged any more, because their units are wanted again. The caller has locked them.
delete from insight.judged_line
using unnest(%(order_ids)s::uuid[], %(line_ids)s::uuid[]) as gone (order_id, line_id)
where judged_line.order_id = gone.order_id
  and judged_line.line_id = gone.line_id

-- name: open_sums
-- Make the rows of sums that are not there yet, with nothing in them, in the order of (day, side, site). Locks the new rows.
insert into insight.rights_by_day (
  day,
  side,
  site_id,
  lines,
  units,
  goods_known,
  goods_kept,
  time_known,
  time_kept,
  place_known,
  place_kept,
  person_known,
  person_kept,
  price_known,
  price_kept,
  customer_known,
  customer_kept
)
select
  given.day,
  given.side,
  given.site_id,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0
from unnest(%(days)s::date[], %(sides)s::text[], %(site_ids)s::uuid[]) as given (day, side, site_id)
order by given.day, given.side, given.site_id
on conflict on constraint rights_by_day_pkey do nothing

-- name: move_sums
-- Move sums by what changed. Locks the rows it moves; only the one process that holds the follower's row writes them.
update insight.rights_by_day as present
set
  lines = present.lines + given.lines,
  units = present.units + given.units,
  goods_known = present.goods_known + given.goods_known,
  goods_kept = present.goods_kept + given.goods_kept,
  time_known = present.time_known + given.time_known,
  time_kept = present.time_kept + given.time_kept,
  place_known = present.place_known + given.place_known,
  place_kept = present.place_kept + given.place_kept,
  person_known = present.person_known + given.person_known,
  person_kept = present.person_kept + given.person_kept,
  price_known = present.price_known + given.price_known,
  price_kept = present.price_kept + given.price_kept,
  customer_known = present.customer_known + given.customer_known,
  customer_kept = present.customer_kept + given.customer_kept
from unnest(
    %(days)s::date[],
    %(sides)s::text[],
    %(site_ids)s::uuid[],
    %(lines)s::bigint[],
    %(units)s::bigint[],
    %(goods_known)s::bigint[],
    %(goods_kept)s::bigint[],
    %(time_known)s::bigint[],
    %(time_kept)s::bigint[],
    %(place_known)s::bigint[],
    %(place_kept)s::bigint[],
    %(person_known)s::bigint[],
    %(person_kept)s::bigint[],
    %(price_known)s::bigint[],
    %(price_kept)s::bigint[],
    %(customer_known)s::bigint[],
    %(customer_kept)s::bigint[]
  ) as given (
    day,
    side,
    site_id,
    lines,
    units,
    goods_known,
    goods_kept,
    time_known,
    time_kept,
    place_known,
    place_kept,
    person_known,
    person_kept,
    price_known,
    price_kept,
    customer_known,
    customer_kept
  )
where present.day = given.day
  and present.side = given.side
  and present.site_id = given.site_id

-- name: open_causes
-- Make the rows of causes that are not there yet, with nothing in them, in the order of (day, side, site, cause). Locks the
-- new rows.
insert into insight.broken_by_day (day, side, site_id, cause, lines)
select given.day, given.side, given.site_id, given.cause, 0
from unnest(%(days)s::date[], %(sides)s::text[], %(site_ids)s::uuid[], %(causes)s::text[])
  as given (day, side, site_id, cause)
order by given.day, given.side, given.site_id, given.cause
on conflict on constraint broken_by_day_pkey do nothing

-- name: move_causes
-- Move causes by what changed. Locks the rows it moves; only the one process that holds the follower's row writes them.
update insight.broken_by_day as present
set lines = present.lines + given.lines
from unnest(
    %(days)s::date[],
    %(sides)s::text[],
    %(site_ids)s::uuid[],
    %(causes)s::text[],
    %(lines)s::bigint[]
  ) as given (day, side, site_id, cause, lines)
where present.day = given.day
  and present.side = given.side
  and present.site_id = given.site_id
  and present.cause = given.cause
