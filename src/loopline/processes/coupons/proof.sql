-- name: coupons_stand_where_their_orders_do
-- Coupons that no order has a reason to have: their order is gone, or waits to be paid though they are spent, or the other
-- way round, or nothing is left with the customer of what they took something off: of their order, nor of goods that were
-- exchanged for it at the old price. An order takes one coupon of a batch.
with recursive taken as (
    select
        coupon.id,
        coupon.batch_id,
        coupon.state,
        coupon.order_id,
        head.id is not null as is_there,
        head.pay_until is not null as is_unpaid
    from pricing.coupon
    left join orders.order as head on head.id = coupon.order_id
    where coupon.state <> 'free'
),
lines_left as (
    select
        off.order_id,
        off.coupon_id,
        count(*) filter (where line.cancelled + line.returned < line.units) as lines
    from pricing.coupon_line as off
    join taken on taken.id = off.coupon_id and taken.order_id = off.order_id
    join orders.line as line on line.order_id = off.order_id and line.line_id = off.line_id
    group by off.order_id, off.coupon_id
),
later as (
    select taken.id, taken.batch_id, exchange.new_order_id as order_id
    from taken
    join returns.exchange as exchange on exchange.order_id = taken.order_id
    where exchange.new_order_id is not null
    union
    select later.id, later.batch_id, exchange.new_order_id
    from later
    join returns.exchange as exchange on exchange.order_id = later.order_id
    where exchange.new_order_id is not null
),
placed as (
    select
        line.order_id,
        line.cancelled + line.returned < line.units as is_left,
        row_number() over (partition by line.order_id order by line.line_id) as place
    from orders.line as line
    where line.order_id in (select order_id from later)
),
kept as (
    select distinct later.id
    from later
    join orders.quote as quote on quote.order_id = later.order_id
    cross join lateral jsonb_array_elements(quote.derivation -> 'lines') with ordinality as item (line, place)
    cross join lateral jsonb_array_elements(item.line -> 'discounts') as discount (one)
    join placed on placed.order_id = later.order_id and placed.place = item.place and placed.is_left
    where discount.one ->> 'promotion_id' = later.batch_id::text
      and not discount.one ? 'coupon_id'
)
select
    'coupon ' || taken.id as subject,
    taken.state || ' by order ' || taken.order_id as found,
    case
        when not taken.is_there then 'an order that is there'
        when lines_left.lines = 0 and kept.id is null then 'free: all came back that it took something off'
        when taken.is_unpaid then 'held: the order waits to be paid'
        else 'spent: the order waits for no payment'
    end as expected,
    'select * from pricing.coupon_entry where coupon_id = ' || quote_literal(taken.id) || ' order by number' as repair
from taken
left join lines_left on lines_left.order_id = taken.order_id and lines_left.coupon_id = taken.id
left join kept on kept.id = taken.id
where not taken.is_there
   or (lines_left.lines = 0 and kept.id is null)
   or (taken.state = 'held') <> taken.is_unpaid
order by taken.id;

-- name: coupons_took_off_what_quotes_say
-- Lines of which the coupons of their order took off other than their quotes say. A line's place in the derivation is its
-- place among the lines of its order.
with derived as (
    select
        quote.order_id,
        item.place,
        (discount.one ->> 'coupon_id')::uuid as coupon_id,
        (discount.one ->> 'amount_minor')::bigint as amount_minor
    from orders.quote as quote
    cross join lateral jsonb_array_elements(quote.derivation -> 'lines') with ordinality as item (line, place)
    cross join lateral jsonb_array_elements(item.line -> 'discounts') as discount (one)
    where quote.derivation @? '$.lines[*].discounts[*].coupon_id'
      and discount.one ? 'coupon_id'
),
placed as (
    select
        line.order_id,
        line.line_id,
        row_number() over (partition by line.order_id order by line.line_id) as place
    from orders.line as line
    where line.order_id in (select order_id from derived)
),
quoted as (
    select placed.order_id, placed.line_id, derived.coupon_id, derived.amount_minor
    from derived
    join placed on placed.order_id = derived.order_id and placed.place = derived.place
)
select
    'line ' || coalesce(off.line_id, quoted.line_id) as subject,
    coalesce(off.amount_minor, 0) || ' taken off by coupon ' || coalesce(off.coupon_id, quoted.coupon_id) as found,
    coalesce(quoted.amount_minor, 0) || ' by the quote' as expected,
    'select * from orders.quote where order_id = ' || quote_literal(coalesce(off.order_id, quoted.order_id)) as repair
from pricing.coupon_line as off
full join quoted
    on quoted.order_id = off.order_id and quoted.line_id = off.line_id and quoted.coupon_id = off.coupon_id
where coalesce(off.amount_minor, 0) <> coalesce(quoted.amount_minor, 0)
order by subject;
