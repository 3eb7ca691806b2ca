-- name: transactions_used_up
-- Payments of accounts in use out of which something was shared, nothing is on its way, and nothing more may be shared by
-- the contract kept last, while the gateway still holds some of them. Locks nothing.
select transaction.payer_id, transaction.number
from payouts.transaction as transaction
join payouts.payer as payer on payer.id = transaction.payer_id
join payouts.contract as contract on contract.payer_id = transaction.payer_id
where payer.way = any (%(ways)s::text[])
    and transaction.requests > 0
    and transaction.left_minor is distinct from 0
    and (
        transaction.requests >= contract.requests_per_transaction
        or transaction.shared_minor >= transaction.amount_minor * contract.ratio_basis_points / 10000
    )
    and not exists (
        select
        from payouts.request as request
        where request.payer_id = transaction.payer_id
            and request.transaction_number = transaction.number
            and request.state = 'open'
    )
    and not exists (
        select
        from payouts.unfreezing as unfreezing
        where unfreezing.payer_id = transaction.payer_id
            and unfreezing.transaction_number = transaction.number
    )
order by transaction.payer_id, transaction.number
limit %(limit)s::integer

-- name: insert_unfreezings
-- Keep what is to be let go, before anybody is asked; once for a payment. Locks only the rows it makes.
insert into payouts.unfreezing (id, payer_id, transaction_number, next_try_at, written_at)
select id, payer_id, transaction_number, %(now)s::timestamptz, %(now)s::timestamptz
from unnest(%(ids)s::uuid[], %(payer_ids)s::uuid[], %(numbers)s::text[]) as new (id, payer_id, transaction_number)
order by payer_id, transaction_number
on conflict on constraint unfreezing_once_for_a_transaction do nothing

-- name: claim_unfreezings
-- Take unfreezings by some ways that are due, those that wait longest first; the next try is put off at once. Locks them;
-- passes by those that another worker holds.
with due as (
    select unfreezing.id
    from payouts.unfreezing as unfreezing
    join payouts.payer as payer on payer.id = unfreezing.payer_id
    where unfreezing.next_try_at <= %(now)s::timestamptz
        and payer.way = any (%(ways)s::text[])
    order by unfreezing.next_try_at, unfreezing.id
    limit %(limit)s::integer
    for no key update of unfreezing skip locked
)
update payouts.unfreezing as unfreezing
set
    tries = unfreezing.tries + 1,
    next_try_at = %(lease_until)s::timestamptz
from due
where unfreezing.id = due.id
returning unfreezing.id, unfreezing.payer_id, unfreezing.transaction_number, unfreezing.tries

-- name: end_unfreezings
-- Write what became of unfreezings that are open, and that nothing is left of their payments. Locks them by id, then the
-- payments.
with theirs as (
    select unfreezing.id, changed.next_try_at, changed.ended_at, changed.reason
    from payouts.unfreezing as unfreezing
    join unnest(%(ids)s::uuid[], %(next_try_at)s::timestamptz[], %(ended_at)s::timestamptz[], %(reasons)s::text[])
        as changed (id, next_try_at, ended_at, reason) on changed.id = unfreezing.id
    where unfreezing.ended_at is null
    order by unfreezing.id
    for no key update of unfreezing
),
written as (
    update payouts.unfreezing as unfreezing
    set
        next_try_at = theirs.next_try_at,
        ended_at = theirs.ended_at,
        reason = theirs.reason
    from theirs
    where unfreezing.id = theirs.id
    returning unfreezing.payer_id, unfreezing.transaction_number, unfreezing.ended_at
)
update payouts.transaction as transaction
set left_minor = 0
from written
where transaction.payer_id = written.payer_id
    and transaction.number = written.transaction_number
    and written.ended_at is not null
