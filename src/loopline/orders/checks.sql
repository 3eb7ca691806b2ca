-- name: line_units_add_up
-- Goods lines of which units stand nowhere or twice, and charges that wait for goods. The repair puts what is missing
-- among the parked, where the next goods find it; what is too much is for a person to judge.
select
    'line ' || line_id as subject,
    (parked::bigint + held + allocated + handed_over + cancelled)::text as found,
    units::text as expected,
    case
        when kind = 'goods' and parked::bigint + held + allocated + handed_over + cancelled < units
            then 'update orders.line set parked = units - held - allocated - handed_over - cancelled'
                || ' where order_id = ' || quote_literal(order_id) || ' and line_id = ' || quote_literal(line_id)
        else 'select * from orders.line'
            || ' where order_id = ' || quote_literal(order_id) || ' and line_id = ' || quote_literal(line_id)
    end as repair
from orders.line
where least(parked, held, allocated, handed_over, cancelled) < 0
    or case kind
        when 'goods' then parked::bigint + held + allocated + handed_over + cancelled <> units
        else parked <> 0 or held <> 0 or allocated <> 0 or handed_over::bigint + cancelled > units
    end
order by order_id, line_id

-- name: line_returned_within_handed_over
-- Lines of which more units came back, or were lost, than were handed over.
select
    'line ' || line_id as subject,
    returned || ' returned, ' || lost || ' lost' as found,
    'at most ' || handed_over || ' each' as expected,
    'update orders.line set returned = greatest(0, least(returned, handed_over)),'
        || ' lost = greatest(0, least(lost, handed_over))'
        || ' where order_id = ' || quote_literal(order_id) || ' and line_id = ' || quote_literal(line_id) as repair
from orders.line
where returned not between 0 and handed_over
    or lost not between 0 and handed_over
order by order_id, line_id

-- name: order_equals_its_lines
-- Orders whose counters or amounts are not the sums of their lines; an order without lines is one of them.
with sums as (
    select
        order_id,
        sum(amount_minor)::bigint as amount_minor,
        sum(tax_minor)::bigint as tax_minor,
        coalesce(sum(units) filter (where kind = 'goods'), 0) as units,
        coalesce(sum(parked) filter (where kind = 'goods'), 0) as parked,
        coalesce(sum(held) filter (where kind = 'goods'), 0) as held,
        coalesce(sum(allocated) filter (where kind = 'goods'), 0) as allocated,
        coalesce(sum(handed_over) filter (where kind = 'goods'), 0) as handed_over,
        coalesce(sum(cancelled) filter (where kind = 'goods'), 0) as cancelled,
        coalesce(sum(returned) filter (where kind = 'goods'), 0) as returned,
        coalesce(sum(lost) filter (where kind = 'goods'), 0) as lost
    from orders.line
    group by order_id
),
compared as (
    select
        head.id,
        concat_ws(
            ', ', head.amount_minor, head.tax_minor, head.units, head.parked, head.held, head.allocated,
            head.handed_over, head.cancelled, head.returned, head.lost
        ) as found,
        case
            when sums.order_id is null then 'at least one line'
            else concat_ws(
                ', ', sums.amount_minor, sums.tax_minor, sums.units, sums.parked, sums.held, sums.allocated,
                sums.handed_over, sums.cancelled, sums.returned, sums.lost
            )
        end as expected,
        case
            when sums.order_id is null then 'select * from orders.order where id = ' || quote_literal(head.id)
            else 'update orders.order set (amount_minor, tax_minor, units, parked, held, allocated, handed_over,'
                || ' cancelled, returned, lost) = ('
                || concat_ws(
                    ', ', sums.amount_minor, sums.tax_minor, sums.units, sums.parked, sums.held, sums.allocated,
                    sums.handed_over, sums.cancelled, sums.returned, sums.lost
                )
                || ') where id = ' || quote_literal(head.id)
        end as repair
    from orders.order as head
    left join sums on sums.order_id = head.id
)
select
    'order ' || id as subject,
    found,
    expected,
    repair
from compared
where found <> expected
order by id

-- name: line_has_its_order
-- Lines and quotes of orders that are not there.
select
    pieces.piece as subject,
    'no order ' || pieces.order_id as found,
    'its order' as expected,
    pieces.repair
from (
    select
        order_id,
        'line ' || line_id as piece,
        'delete from orders.line where order_id = ' || quote_literal(order_id)
            || ' and line_id = ' || quote_literal(line_id) as repair
    from orders.line
    union all
    select
        order_id,
        'quote',
        'delete from orders.quote where order_id = ' || quote_literal(order_id)
    from orders.quote
) as pieces
where not exists (select from orders.order as head where head.id = pieces.order_id)
order by pieces.order_id, pieces.piece

-- name: parking_has_its_line
-- Days of lines that are not there, or that are no goods: what has only stopped waiting is forgotten by the next round.
select
    'line ' || parking.line_id as subject,
    coalesce(line.kind, 'no line') as found,
    'a line of goods' as expected,
    'delete from orders.parking where order_id = ' || quote_literal(parking.order_id)
        || ' and line_id = ' || quote_literal(parking.line_id) as repair
from orders.parking
left join orders.line on line.order_id = parking.order_id and line.line_id = parking.line_id
where line.kind is distinct from 'goods' or line.sku_id is distinct from parking.sku_id
order by parking.order_id, parking.line_id

-- name: sold_ahead_waits_with_its_line
-- What lines bought ahead and say they wait for, more than they have parked. The repair counts what is too much as covered: it
-- is no more sold ahead again.
select
    'line ' || ahead.line_id || ' of order ' || ahead.order_id as subject,
    ahead.waiting || ' sold ahead wait' as found,
    'at most ' || coalesce(line.parked, 0) || ' parked' as expected,
    'update orders.preordered set covered = covered + waiting - ' || coalesce(line.parked, 0)
        || ', waiting = ' || coalesce(line.parked, 0)
        || ' where order_id = ' || quote_literal(ahead.order_id)
        || ' and line_id = ' || quote_literal(ahead.line_id) as repair
from orders.preordered as ahead
left join orders.line
    on line.order_id = ahead.order_id
    and line.line_id = ahead.line_id
where ahead.waiting > coalesce(line.parked, 0)
order by ahead.order_id, ahead.line_id

-- name: sold_ahead_within_allowance
-- Pre-orders by which more was sold than was ever allowed; where the allowance was lowered later, their page says so. The repair
-- is for a person to choose: goods have to be found, or orders called off.
select
    'pre-order ' || preorder.id as subject,
    sum(ahead.waiting + ahead.covered) || ' sold ahead' as found,
    'at most ' || preorder.allowance_most as expected,
    'select * from orders.preordered where preorder_id = ' || quote_literal(preorder.id) as repair
from orders.preorder
join orders.preordered as ahead on ahead.preorder_id = preorder.id
group by preorder.id
having sum(ahead.waiting + ahead.covered) > preorder.allowance_most
order by preorder.id

-- name: named_site_has_its_order
-- Sites that are named for an order which is not there, or which has nothing to send: collected, or carried out.
select
    'order ' || named.order_id as subject,
    coalesce(head.delivery, 'no order') as found,
    'an order for delivery' as expected,
    'delete from orders.named_site where order_id = ' || quote_literal(named.order_id) as repair
from (select distinct order_id from orders.named_site) as named
left join orders.order as head on head.id = named.order_id
where head.delivery is distinct from 'deliver'
order by named.order_id

-- name: order_is_known_by_its_number
-- Orders that their own number does not name: the same message could become an order again. What the message said is
-- not known any more, so the repair lets the number name the order and takes any message under it for other content.
select
    'order ' || head.id as subject,
    coalesce('the number names ' || known.order_id, 'the number is unknown') as found,
    'the number ' || head.external_number || ' of ' || head.channel || ' names it' as expected,
    case
        when known.order_id is null
            then 'insert into orders.known select channel, external_number, sha256(uuid_send(id)), id, placed_at,'
                || ' written_at from orders.order where id = ' || quote_literal(head.id)
        else 'select * from orders.order where id in (' || quote_literal(head.id) || ', '
            || quote_literal(known.order_id) || ')'
    end as repair
from orders.order as head
left join orders.known as known
    on known.channel = head.channel
    and known.external_number = head.external_number
where known.order_id is distinct from head.id
order by head.id

-- name: known_number_is_an_order
-- Numbers that name no order: the message would be taken for a repeat of nothing.
select
    'number ' || known.external_number || ' of ' || known.channel as subject,
    'no order ' || known.order_id as found,
    'its order' as expected,
    'delete from orders.known where channel = ' || quote_literal(known.channel)
        || ' and external_number = ' || quote_literal(known.external_number) as repair
from orders.known as known
where not exists (select from orders.order as head where head.id = known.order_id)
order by known.channel, known.external_number

-- name: short_number_is_one_order
-- Short numbers that more than one order has; the repair gives the later ones a new number.
select
    'order ' || id as subject,
    'number ' || number || ' is an earlier order''s too' as found,
    'a number of its own' as expected,
    'update orders.order set number = nextval(''orders.order_number'') where id = ' || quote_literal(id) as repair
from (
    select
        id,
        number,
        row_number() over (partition by number order by id) as place
    from orders.order
) as numbered
where place > 1
order by id

-- name: unpaid_is_what_waits
-- Orders that wait to be paid with goods to lose and are not counted as such, or counted otherwise; and counts of
-- orders that do not wait. By member, address and device nobody may hold more than this says.
with waiting as (
    select id, member_id, pay_until
    from orders.order
    where pay_until is not null and parked + held + allocated > 0
),
counted as (
    select order_id, member_id, pay_until
    from orders.unpaid
    where lapsed_at is null
)
select
    'order ' || coalesce(waiting.id, counted.order_id) as subject,
    coalesce('counted for ' || coalesce(counted.member_id::text, 'nobody') || ' until ' || counted.pay_until, 'not counted')
        as found,
    coalesce('waits for ' || coalesce(waiting.member_id::text, 'nobody') || ' until ' || waiting.pay_until, 'does not wait')
        as expected,
    case
        when waiting.id is null then 'delete from orders.unpaid where order_id = ' || quote_literal(counted.order_id)
        else 'insert into orders.unpaid (order_id, member_id, pay_until) select id, member_id, pay_until from orders.order'
            || ' where id = ' || quote_literal(waiting.id) || ' on conflict (order_id) do update set'
            || ' member_id = excluded.member_id, pay_until = excluded.pay_until, lapsed_at = null'
    end as repair
from waiting
full join counted on counted.order_id = waiting.id
where waiting.id is null
    or counted.order_id is null
    or counted.member_id is distinct from waiting.member_id
    or counted.pay_until <> waiting.pay_until
order by subject

-- name: payer_has_an_order
-- Members known to have paid who have no order that waits for no payment.
select
    'member ' || payer.member_id as subject,
    'known to have paid' as found,
    'an order that is paid' as expected,
    'delete from orders.payer where member_id = ' || quote_literal(payer.member_id) as repair
from orders.payer as payer
where not exists (
    select
    from orders.order as head
    where head.member_id = payer.member_id
        and head.pay_until is null
)
order by subject

-- name: till_sale_is_its_order
-- Sales of tills whose order is none, was rung up elsewhere, or has the number of another sale.
select
    'sale ' || sale.number || ' of till ' || sale.till_id as subject,
    coalesce(head.channel || ' ' || head.external_number || ' at site ' || head.site_id, 'no order') as found,
    'till ' || sale.till_id || '/' || sale.number || ' at site ' || sale.site_id as expected,
    'select * from orders.order where channel = ''till'' and external_number = '
        || quote_literal(sale.till_id || '/' || sale.number) as repair
from orders.till_sale as sale
left join orders.order as head on head.id = sale.order_id
where head.channel is distinct from 'till'
    or head.external_number is distinct from sale.till_id || '/' || sale.number
    or head.site_id is distinct from sale.site_id
order by sale.till_id, sale.number

-- name: changed_price_is_its_line
-- Changed prices whose line is none, or was sold at another price or in other units than is said.
select
    'changed price of line ' || change.line_id as subject,
    coalesce(line.units || ' at ' || line.unit_minor, 'no such line') as found,
    change.units || ' at ' || change.unit_minor as expected,
    'select * from orders.price_change where line_id = ' || quote_literal(change.line_id) as repair
from orders.price_change as change
left join orders.line as line on line.order_id = change.order_id and line.line_id = change.line_id
where (line.sku_id, line.units, line.unit_minor) is distinct from (change.sku_id, change.units, change.unit_minor)
order by change.order_id, change.line_id

-- name: price_approval_is_spent_once
-- Approvals that were used for no line or for another thing than was approved; and lines approved by what names no approval of
-- somebody else. What was approved is used by one line or by none.
select
    'approval ' || coalesce(ask.id, change.ask_id) as subject,
    coalesce('line ' || change.line_id || ' of order ' || change.order_id, 'no line') as found,
    coalesce('order ' || ask.order_id, 'not used') as expected,
    'select * from orders.price_change where ask_id = ' || quote_literal(coalesce(ask.id, change.ask_id)) as repair
from orders.price_ask as ask
full join orders.price_change as change on change.ask_id = ask.id
where (ask.order_id is not null or change.ask_id is not null)
    and (
        change.ask_id is null
        or ask.is_approved is not true
        or ask.order_id is distinct from change.order_id
        or (ask.site_id, ask.sku_id, ask.currency, ask.unit_minor, ask.decided_by)
            is distinct from (change.site_id, change.sku_id, change.currency, change.unit_minor, change.approved_by)
        or change.units > ask.units
    )
order by subject
