-- name: payout_lines_fit_their_payout
-- Payouts of which more was put into lines than was approved, or that were sent without a line.
select
    'payout ' || payout.id as subject,
    coalesce(sum(line.gross_minor), 0) || ' in lines, state ' || payout.state as found,
    'some, at most ' || payout.gross_minor || ' once sent, none before' as expected,
    'select * from payouts.line where payout_id = ' || quote_literal(payout.id) as repair
from payouts.payout as payout
left join payouts.line as line on line.payout_id = payout.id
group by payout.id
having coalesce(sum(line.gross_minor), 0) > payout.gross_minor
    or coalesce(sum(line.withheld_minor), 0) > payout.withheld_minor
    or (payout.sent_at is null) <> (count(line.id) = 0)
order by payout.id

-- name: payout_ended_as_its_lines
-- Payouts whose state is not what their lines say.
with said as (
    select
        payout_id,
        case
            when bool_or(state = 'in_transit') then 'sent'
            when bool_and(state = 'paid') then 'paid'
            when bool_or(state = 'paid') then 'partly_paid'
            else 'failed'
        end as state
    from payouts.line
    group by payout_id
)
select
    'payout ' || payout.id as subject,
    payout.state as found,
    said.state || ' by its lines' as expected,
    'select * from payouts.line where payout_id = ' || quote_literal(payout.id) as repair
from payouts.payout as payout
join said on said.payout_id = payout.id
where payout.state <> said.state
order by payout.id

-- name: request_done_when_its_lines_are
-- Requests that are called done while something of them is on its way, or open while nothing is.
select
    'request ' || request.id as subject,
    request.state || ', ' || count(*) filter (where line.state = 'in_transit') || ' lines on their way' as found,
    'done when nothing is on its way' as expected,
    'select * from payouts.line where request_id = ' || quote_literal(request.id) as repair
from payouts.request as request
join payouts.line as line on line.request_id = request.id
group by request.id
having (request.state = 'done') <> (count(*) filter (where line.state = 'in_transit') = 0)
order by request.id

-- name: shared_equals_its_lines
-- Payments of customers of which more or less was shared than the lines say that take from them.
with taken as (
    select request.payer_id, request.transaction_number as number, sum(line.net_minor) as amount_minor
    from payouts.request as request
    join payouts.line as line on line.request_id = request.id
    where request.transaction_number is not null and line.state <> 'returned'
    group by request.payer_id, request.transaction_number
)
select
    'transaction ' || transaction.number as subject,
    transaction.shared_minor || ' shared' as found,
    coalesce(taken.amount_minor, 0) || ' in lines' as expected,
    'select * from payouts.request where transaction_number = ' || quote_literal(transaction.number) as repair
from payouts.transaction as transaction
left join taken on taken.payer_id = transaction.payer_id and taken.number = transaction.number
where transaction.shared_minor <> coalesce(taken.amount_minor, 0)
order by transaction.number

-- name: reclaims_fit_their_line
-- Lines that were not paid to a merchant's account out of a payment and of which something was asked back, or of which more
-- or less is kept as asked back than their reclaims say.
with asked as (
    select
        line_id,
        count(*) as reclaims,
        coalesce(sum(amount_minor) filter (where state in ('asked', 'came')), 0) as amount_minor
    from payouts.reclaim
    group by line_id
)
select
    'line ' || line.id as subject,
    line.reclaimed_minor || ' asked back, ' || line.state || ' to a ' || account.kind as found,
    coalesce(asked.amount_minor, 0) || ' asked back, paid to a wechat_merchant' as expected,
    'select * from payouts.reclaim where line_id = ' || quote_literal(line.id) as repair
from payouts.line as line
join payouts.request as request on request.id = line.request_id
join payouts.account as account on account.id = line.account_id
left join asked on asked.line_id = line.id
where line.reclaimed_minor <> coalesce(asked.amount_minor, 0)
    or (
        asked.reclaims > 0
        and (line.state, account.kind, request.way) <> ('paid', 'wechat_merchant', 'wechat_sharing')
    )
order by line.id
