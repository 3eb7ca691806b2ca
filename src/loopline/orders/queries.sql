-- name: orders_by_ids
-- Order heads by id. Locks nothing.
select
    id,
    number as running_number,
    channel,
    external_number,
    kind,
    placed_at,
    written_at,
    changed_at,
    in_work_since,
    member_id,
    site_id,
    seller_entity_id,
    currency,
    country,
    delivery,
    longitude,
    latitude,
    on_shortage,
    hold_minutes,
    pay_until,
    source_after,
    source_waits_for,
    guide_id,
    dealer_id,
    streamer_id,
    amount_minor,
    tax_minor,
    units,
    parked,
    held,
    allocated,
    handed_over,
    cancelled,
    returned,
    lost,
    stage
from orders.order
where id = any (%(order_ids)s::uuid[])
order by id

-- name: order_ids_by_running_number
-- The order that has a running number. Locks nothing.
select id
from orders.order
where number = %(number)s::bigint
order by id

-- name: order_ids_by_running_numbers
-- The orders that have running numbers. Locks nothing.
select number, id
from orders.order
where number = any (%(numbers)s::bigint[])
order by number, id

-- name: order_ids_by_external_numbers
-- The orders that channels' numbers are. Locks nothing.
select
    known.channel,
    known.external_number,
    known.order_id
from unnest(%(channels)s::text[], %(external_numbers)s::text[]) as asked (channel, external_number)
join orders.known as known
    on known.channel = asked.channel
    and known.external_number = asked.external_number

-- name: order_ids_of_member
-- A member's orders, the latest first, those behind a place where one is given. Locks nothing.
select id
from orders.order
where member_id = %(member_id)s::uuid
    and (
        %(after_at)s::timestamptz is null
        or (placed_at, id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
    )
order by placed_at desc, id desc
limit %(limit)s::integer

-- name: buyers_among
-- Which members have an order, of some sites where they are given. Locks nothing.
select wanted.member_id
from unnest(%(member_ids)s::uuid[]) as wanted (member_id)
where exists (
    select
    from orders.order as head
    where head.member_id = wanted.member_id
        and (%(sites)s::uuid[] is null or head.site_id = any (%(sites)s::uuid[]))
)

-- name: open_order_ids_of_members
-- The orders of members that still hold goods back: wanted, promised or on their way to be handed over. Locks nothing.
select id
from orders.order
where member_id = any (%(member_ids)s::uuid[])
    and parked + held + allocated > 0
order by id

-- name: order_ids_of_members
-- All orders of members. Locks nothing.
select id
from orders.order
where member_id = any (%(member_ids)s::uuid[])
order by id

-- name: buying_of_members
-- What members bought so far: how often, when first and last, and which of their orders still hold goods back. Called-off orders
-- are none. Locks nothing.
select
    member_id,
    count(*) as orders,
    min(placed_at) as first_at,
    max(placed_at) as last_at,
    coalesce(array_agg(id order by id) filter (where parked + held + allocated > 0), '{}') as open_ids
from orders.order
where member_id = any (%(member_ids)s::uuid[])
    and cancelled < units
group by member_id
order by member_id

-- name: lines_by_orders
-- The lines of orders, in the order they were written. Locks nothing.
select
    order_id,
    line_id,
    kind,
    code,
    seller_entity_id,
    sku_id,
    unit_minor,
    amount_minor,
    tax_minor,
    list_unit_minor,
    tax_rate_basis_points,
    units,
    parked,
    held,
    allocated,
    handed_over,
    cancelled,
    returned,
    lost
from orders.line
where order_id = any (%(order_ids)s::uuid[])
    and order_id between %(first_id)s::uuid and %(last_id)s::uuid
order by order_id, line_id

-- name: lines_to_source
-- Held lines of the paid orders that wait longest, up to a number of orders, due before a moment: since they were placed,
-- or since the moment they were put off to; whole orders. Locks nothing: allocation finds out what changed meanwhile.
with waiting as materialized (
    select
        id,
        placed_at,
        channel,
        delivery,
        site_id,
        longitude,
        latitude,
        coalesce(source_after, placed_at) as due_at
    from orders.order
    where held > 0
        and pay_until is null
        and coalesce(source_after, placed_at) <= %(due_until)s::timestamptz
    order by coalesce(source_after, placed_at), id
    limit %(limit)s::integer
)
select
    line.order_id,
    line.line_id,
    line.sku_id,
    line.held,
    waiting.placed_at,
    waiting.channel,
    waiting.delivery,
    waiting.site_id,
    waiting.longitude,
    waiting.latitude
from waiting
join orders.line as line on line.order_id = waiting.id
where line.held > 0
order by waiting.due_at, line.order_id, line.line_id

-- name: parked_sku_ids
-- The SKUs that lines wait for. Locks nothing.
select distinct sku_id
from orders.line
where parked > 0
order by sku_id

-- name: parked_lines
-- Lines that wait for goods of some SKUs (null: of any), those that wait longest first, after one of them (null: from the
-- first on). What was sold ahead waits since it was paid. Locks nothing.
select
    line.order_id,
    line.line_id,
    line.sku_id,
    line.parked,
    head.placed_at,
    coalesce(ahead.paid_at, head.placed_at) as queued_at,
    preorder.ships_on
from orders.line as line
join orders.order as head on head.id = line.order_id
left join orders.preordered as ahead
    on ahead.order_id = line.order_id
    and ahead.line_id = line.line_id
    and ahead.waiting > 0
left join orders.preorder on preorder.id = ahead.preorder_id
where line.parked > 0
    and (%(sku_ids)s::uuid[] is null or line.sku_id = any (%(sku_ids)s::uuid[]))
    and (
        %(after_queued_at)s::timestamptz is null
        or (coalesce(ahead.paid_at, head.placed_at), line.order_id, line.line_id)
            > (%(after_queued_at)s::timestamptz, %(after_order_id)s::uuid, %(after_line_id)s::uuid)
    )
order by queued_at, line.order_id, line.line_id
limit %(limit)s::integer

-- name: lines_of_member
-- What members were handed or charged under some codes and have not had back, the latest first. Locks nothing.
select
    head.member_id,
    line.order_id,
    line.line_id,
    line.code,
    line.sku_id,
    line.unit_minor,
    line.handed_over - line.returned as units_left,
    head.placed_at
from orders.order as head
join orders.line as line on line.order_id = head.id
where head.member_id = any (%(member_ids)s::uuid[])
    and line.handed_over > line.returned
    and line.code = any (%(codes)s::text[])
order by head.member_id, head.placed_at desc, line.order_id desc, line.line_id desc

-- name: quotes_by_orders
-- How the prices of orders came about; where a path is given, only those that have something there. Locks nothing.
select
    order_id,
    derivation
from orders.quote
where order_id = any (%(order_ids)s::uuid[])
    and (%(having)s::jsonpath is null or derivation @? %(having)s::jsonpath)
order by order_id

-- name: last_conflicts
-- Contents that came under a taken number, the last seen first. Locks nothing.
select
    channel,
    external_number,
    order_id,
    content,
    first_seen_at,
    last_seen_at,
    times
from orders.conflict
order by last_seen_at desc, id desc
limit %(limit)s::integer

-- name: stage_counts
-- How many orders stand at each stage. Reads every order: for reports, not for screens. Locks nothing.
select
    stage,
    count(*) as orders
from orders.order
group by stage
order by stage

-- name: goods_of_orders
-- What orders want of each SKU, without what was cancelled of it, the most wanted first. Locks nothing.
select
    line.sku_id,
    sum(line.units - line.cancelled)::bigint as units,
    sum(floor(line.amount_minor::numeric * (line.units - line.cancelled) / line.units))::bigint as amount_minor,
    sum(
        floor((line.amount_minor - line.tax_minor)::numeric * (line.units - line.cancelled) / line.units)
    )::bigint as net_minor
from orders.line as line
where
    line.order_id = any(%(order_ids)s::uuid[])
    and line.order_id >= %(first_id)s::uuid
    and line.order_id <= %(last_id)s::uuid
    and line.kind = 'goods'
group by line.sku_id
order by units desc, line.sku_id;

-- name: sourcing_queue
-- How many paid orders wait for a site, by what they wait for (null: they are due), with the earliest moment that one of
-- them was placed and the earliest that one is looked at again. Reads the waiting alone. Locks nothing.
select
    case when coalesce(source_after, placed_at) > %(now)s::timestamptz then source_waits_for end as waits_for,
    count(*) as orders,
    sum(held)::bigint as units,
    min(placed_at) as oldest,
    min(source_after) as next_look
from orders.order
where held > 0
    and pay_until is null
group by 1
order by 1 nulls first

-- name: parked_queue
-- How many units of how many orders wait for goods, and since when. Reads the parked lines alone. Locks nothing.
select
    count(distinct line.order_id) as orders,
    coalesce(sum(line.parked), 0)::bigint as units,
    min(head.placed_at) as oldest
from orders.line
join orders.order as head on head.id = line.order_id
where line.parked > 0
    and head.pay_until is null

-- name: orders_waiting_for
-- The paid orders that wait for a site (by what they wait for) or for goods ('goods'), those that wait longest first.
select
    id,
    number as running_number,
    channel,
    placed_at,
    held,
    parked,
    source_waits_for as waits_for,
    source_after
from orders.order
where pay_until is null
    and (
        (%(waits_for)s::text = 'goods' and parked > 0)
        or (held > 0 and source_waits_for = %(waits_for)s::text and source_after > %(now)s::timestamptz)
    )
order by placed_at, id
limit %(limit)s::integer

-- name: lines_to_try
-- The goods of orders for delivery that were placed in a period and not cancelled, whole orders as they came, without
-- those of some currencies. An order's id is made of the moment it was placed. Locks nothing.
select
    head.id as order_id,
    line.line_id,
    line.sku_id,
    line.units - line.cancelled as units,
    line.amount_minor - line.tax_minor as net_minor,
    line.units as units_of_net,
    head.placed_at,
    head.channel,
    head.currency,
    head.dealer_id,
    head.longitude,
    head.latitude
from orders.order as head
join orders.line as line on line.order_id = head.id
where head.id >= %(first_id)s::uuid
    and head.id < %(end_id)s::uuid
    and line.order_id >= %(first_id)s::uuid
    and line.order_id < %(end_id)s::uuid
    and head.delivery = 'deliver'
    and head.kind = 'ask'
    and head.currency <> all (%(but)s::text[])
    and line.kind = 'goods'
    and line.units > line.cancelled
order by head.id, line.line_id
limit %(limit)s::integer

-- name: count_asked
-- How many orders were asked for since a moment, of which an id is the first; sales of tills have left already. Locks nothing.
select count(*) as orders
from orders.order
where id >= %(since_id)s::uuid
    and kind = 'ask'

-- name: count_to_source
-- How many orders wait for a site's day. What no site can send now takes no place of any. Locks nothing.
select count(*) as orders
from orders.order
where held > 0
    and pay_until is null
    and (source_waits_for is null or source_waits_for not in ('equipment', 'together'))

-- name: last_order_ids
-- The last orders in a currency that were placed in a span of time, which their ids are made of: of the sites of a scope,
-- or all. Locks nothing.
select id
from orders.order
where id >= %(first_id)s::uuid
    and id < %(end_id)s::uuid
    and currency = %(currency)s::text
    and (%(everything)s::boolean or site_id = any (%(site_ids)s::uuid[]))
order by id desc
limit %(at_most)s::bigint

-- name: sold_lines
-- The lines of orders with what their order is called, in the order they were written. Locks nothing.
select
    placed.id as order_id,
    placed.number as running_number,
    placed.channel,
    placed.placed_at,
    placed.seller_entity_id as order_seller_id,
    line.seller_entity_id,
    line.line_id,
    line.kind,
    line.code,
    line.units
from orders.order as placed
join orders.line as line on line.order_id = placed.id
where placed.id = any (%(order_ids)s::uuid[])
    and line.order_id between %(first_id)s::uuid and %(last_id)s::uuid
order by placed.id, line.line_id
