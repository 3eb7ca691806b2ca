-- name: payment_refunded_equals_its_parts
-- Payments that count other money as given back than was given back from them, or more than they took.
select
    'payment ' || payment.id as subject,
    payment.refunded_minor || ' counted of ' || payment.amount_minor as found,
    coalesce(given.amount_minor, 0) || ' given back' as expected,
    'update payments.payment set refunded_minor = ' || coalesce(given.amount_minor, 0)
        || ' where id = ' || quote_literal(payment.id) as repair
from payments.payment as payment
left join (
    select
        payment_id,
        sum(amount_minor) as amount_minor
    from payments.refund_part
    group by payment_id
) as given on given.payment_id = payment.id
where payment.refunded_minor <> coalesce(given.amount_minor, 0)
    or payment.refunded_minor not between 0 and payment.amount_minor
order by payment.id

-- name: refund_equals_its_parts
-- Refunds of orders whose parts do not come to their amount, and blind ones that have parts.
select
    'refund ' || refund.id as subject,
    coalesce(given.amount_minor, 0) || ' in parts' as found,
    case when refund.order_id is null then 0 else refund.amount_minor end || ' in parts' as expected,
    'select * from payments.refund_part where refund_id = ' || quote_literal(refund.id) as repair
from payments.refund as refund
left join (
    select
        refund_id,
        sum(amount_minor) as amount_minor
    from payments.refund_part
    group by refund_id
) as given on given.refund_id = refund.id
where coalesce(given.amount_minor, 0) <> case when refund.order_id is null then 0 else refund.amount_minor end
order by refund.id

-- name: refunds_go_back_the_way_they_came
-- Parts of refunds that came from another order's, company's or currency's payment.
select
    'refund ' || part.refund_id || ' from payment ' || part.payment_id as subject,
    concat_ws(', ', payment.order_id, payment.entity_id, payment.currency) as found,
    concat_ws(', ', refund.order_id, refund.entity_id, refund.currency) as expected,
    'select * from payments.refund_part where refund_id = ' || quote_literal(part.refund_id) as repair
from payments.refund_part as part
join payments.refund as refund on refund.id = part.refund_id
join payments.payment as payment on payment.id = part.payment_id
where (payment.order_id, payment.entity_id, payment.currency)
    is distinct from (refund.order_id, refund.entity_id, refund.currency)
order by part.refund_id, part.payment_id

-- name: gateways_give_back_what_they_took
-- Refunds by a gateway that were counted to another payment than the one its charge became.
select
    'refund ' || refund.id || ' by intent ' || intent.id as subject,
    'from payment ' || coalesce(part.payment_id::text, 'none') as found,
    'from payment ' || coalesce(payment.id::text, 'none') as expected,
    'select * from payments.refund_part where refund_id = ' || quote_literal(refund.id) as repair
from payments.intent as intent
join payments.refund as refund on refund.key = 'intent:' || intent.id
left join payments.refund_part as part on part.refund_id = refund.id
left join payments.payment as payment
    on coalesce(payment.intent_id, payment.carried_intent_id) = intent.of_intent_id
    and payment.order_id = refund.order_id
where intent.kind = 'refund'
    and intent.of_intent_id is not null
    and part.payment_id is distinct from payment.id
order by refund.id

-- name: money_of_done_intents_is_recorded
-- Intents that a gateway fulfilled and for which no money was recorded, unless an exception says why.
select
    'intent ' || intent.id as subject,
    intent.kind || ' done, no money recorded' as found,
    'a payment or refund with the key intent:' || intent.id as expected,
    'select * from payments.intent where id = ' || quote_literal(intent.id) as repair
from payments.intent as intent
where intent.state = 'done'
    and intent.kind <> 'authorise'
    and not exists (select from payments.payment where key = 'intent:' || intent.id)
    and not exists (select from payments.refund where key = 'intent:' || intent.id)
    and not exists (select from payments.exception where subject = 'intent:' || intent.id)
order by intent.id

-- name: shifts_add_up
-- Closed shifts that say they should have held something else than their float and the cash that moved before the
-- count, and shifts whose float or count is not what its notes and coins come to.
select
    'shift ' || shift.id as subject,
    concat_ws(', ', shift.float_minor || ' float', shift.expected_minor || ' expected', shift.counted_minor || ' counted')
        as found,
    concat_ws(
        ', ',
        pieces.float_minor || ' float',
        case when shift.closed_at is not null then shift.float_minor + moved.amount_minor end || ' expected',
        case when shift.closed_at is not null then pieces.counted_minor end || ' counted'
    ) as expected,
    'select * from payments.till_move where shift_id = ' || quote_literal(shift.id) as repair
from payments.shift as shift
cross join lateral (
    select coalesce(sum(amount_minor), 0)::bigint as amount_minor
    from payments.till_move
    where shift_id = shift.id
        and counted = 'shift'
        and method = 'cash'
) as moved
cross join lateral (
    select
        (
            select coalesce(sum((piece ->> 0)::bigint * (piece ->> 1)::bigint), 0)::bigint
            from jsonb_array_elements(shift.float_pieces) as piece
        ) as float_minor,
        (
            select coalesce(sum((piece ->> 0)::bigint * (piece ->> 1)::bigint), 0)::bigint
            from jsonb_array_elements(shift.counted_pieces) as piece
        ) as counted_minor
) as pieces
where shift.float_minor <> pieces.float_minor
    or (
        shift.closed_at is not null
        and (shift.expected_minor, shift.counted_minor)
            is distinct from (shift.float_minor + moved.amount_minor, pieces.counted_minor)
    )
order by shift.id

-- name: shifts_are_numbered
-- Tills whose closed shifts are not numbered from one without a gap.
select
    'till ' || till_id as subject,
    'numbers up to ' || max(z_number) as found,
    count(*) || ' closed shifts' as expected,
    'select * from payments.shift where till_id = ' || quote_literal(till_id) || ' order by z_number' as repair
from payments.shift
where closed_at is not null
group by till_id
having max(z_number) <> count(*)
order by till_id

-- name: tills_moved_what_was_paid
-- Money that a till says it moved for a sale or a refund, and that is no such payment or refund; and payments of tills
-- that had a shift by then and count it nowhere. What a wallet paid at a till, its intent says.
select
    'source ' || coalesce(move.source_id, paid.id) as subject,
    coalesce(move.amount_minor || ' ' || move.currency, 'nothing') as found,
    coalesce(
        paid.amount_minor || ' ' || paid.currency,
        case when given.amount_minor <= -move.amount_minor then move.amount_minor || ' ' || given.currency end,
        'nothing'
    ) as expected,
    'select * from payments.till_move where source_id = ' || quote_literal(coalesce(move.source_id, paid.id)) as repair
from (select * from payments.till_move where source_id is not null) as move
full join (
    select
        payment.id,
        payment.method,
        payment.currency,
        payment.amount_minor,
        exists (
            select
            from payments.shift
            where starts_with(coalesce(asked.key, payment.key), 'till:')
                and shift.till_id::text = split_part(coalesce(asked.key, payment.key), ':', 2)
                and shift.opened_at < payment.recorded_at
        ) as is_due
    from payments.payment
    left join payments.intent as asked on asked.id = payment.intent_id and starts_with(asked.key, 'till:')
    where starts_with(coalesce(asked.key, payment.key), 'till:')
        or starts_with(payment.key, 'difference:')
) as paid on paid.id = move.source_id and paid.method = move.method and move.kind = 'sale'
left join payments.refund as given on given.id = move.source_id and move.kind = 'refund'
where (move.id is null and paid.is_due)
    or (
        move.kind = 'sale'
        and (move.amount_minor, move.currency) is distinct from (paid.amount_minor, paid.currency)
    )
    or (
        move.kind = 'refund'
        and (given.id is null or given.currency <> move.currency or -move.amount_minor not between 1 and given.amount_minor)
    )
order by subject
