-- name: points_stand_where_their_orders_do
-- Orders that hold or have spent other points than what is left of their lines used, up to where the follower that moves
-- points has come. Who waits to be paid holds them; an order that keeps the price of others' goods holds none.
with used as (
    select use.order_id, item.line_id, item.points
    from pricing.points_use as use
    cross join lateral unnest(use.line_ids, use.line_points) as item (line_id, points)
),
wanted as (
    select
        used.order_id,
        sum(used.points - round(used.points::numeric * (line.cancelled + line.returned) / line.units)) as points
    from used
    join orders.line as line on line.order_id = used.order_id and line.line_id = used.line_id
    group by used.order_id
),
stands as (
    select
        use.order_id,
        use.member_id,
        use.held,
        use.spent,
        case when head.pay_until is not null and not use.is_kept then coalesce(wanted.points, 0) else 0 end as to_hold,
        case when head.pay_until is null then coalesce(wanted.points, 0) else 0 end as to_spend
    from pricing.points_use as use
    left join orders.order as head on head.id = use.order_id
    left join wanted on wanted.order_id = use.order_id
)
select
    'order ' || stands.order_id as subject,
    stands.held || ' held and ' || stands.spent || ' spent' as found,
    stands.to_hold || ' held and ' || stands.to_spend || ' spent' as expected,
    'select * from pricing.points_entry where order_id = ' || quote_literal(stands.order_id) || ' order by number'
        as repair
from stands
where (stands.held, stands.spent) is distinct from (stands.to_hold, stands.to_spend)
  and not exists (
      select
      from log.event as waiting
      join log.follower as follower on follower.name = 'points'
      where waiting.position > follower.position
        and (waiting.subject = stands.order_id
             or (waiting.type = 'return_opened' and position(stands.order_id::text in waiting.data::text) > 0))
  )
order by stands.order_id;

-- name: points_go_back_with_their_goods
-- Parts of lines that earned other points than what is left of them with the customer, up to where the follower that moves
-- points has come. Of what ended unused less may be there; what came back after the end is of the part it was of.
with ended as (
    select distinct entry.lot_id
    from pricing.points_entry as entry
    where entry.kind = 'expired'
      and entry.lot_id is not null
),
later as (
    select lot.of_id, sum(lot.points) as points
    from pricing.points_lot as lot
    where lot.of_id is not null
    group by lot.of_id
),
part as (
    select
        lot.id,
        lot.order_id,
        lot.whole,
        lot.points + coalesce(later.points, 0) as points,
        ended.lot_id is not null as has_ended,
        round(lot.whole::numeric * (lot.units - coalesce(back.units_returned, 0)) / lot.units) as kept
    from pricing.points_lot as lot
    left join sharing.returned_part as back on back.line_id = lot.line_id and back.part_id = lot.id
    left join ended on ended.lot_id = lot.id
    left join later on later.of_id = lot.id
    where lot.line_id is not null
)
select
    'part ' || part.id as subject,
    part.points || ' of ' || part.whole || ' points' as found,
    case when part.has_ended then 'no more than ' else '' end || part.kept as expected,
    'select * from pricing.points_entry where lot_id = ' || quote_literal(part.id) || ' order by number' as repair
from part
where part.points <> part.kept
  and (part.points > part.kept or not part.has_ended)
  and not exists (
      select
      from log.event as waiting
      join log.follower as follower on follower.name = 'points'
      where waiting.position > follower.position
        and (waiting.subject = part.order_id
             or (waiting.type = 'return_opened' and position(part.order_id::text in waiting.data::text) > 0))
  )
order by part.id;

-- name: points_are_deferred
-- Where the books owe other than what members' points are deferred for, or have put off other revenue than that.
with members as (
    select coalesce(sum(account.liability_minor), 0) as minor
    from pricing.points_account as account
),
books as (
    select
        coalesce(-sum(balance.balance_minor) filter (where account.purpose = 'points_liability'), 0) as owed,
        coalesce(sum(balance.balance_minor) filter (where account.purpose = 'points_deferred'), 0) as deferred
    from ledger.account as account
    join ledger.balance as balance on balance.account_number = account.number
    where account.purpose in ('points_liability', 'points_deferred')
)
select
    'points of all members' as subject,
    books.owed || ' owed and ' || books.deferred || ' deferred' as found,
    members.minor || ' by their accounts' as expected,
    'select * from pricing.points_entry where liability_minor <> 0 order by number' as repair
from members
cross join books
where books.owed <> members.minor
   or books.deferred <> members.minor;
