-- name: paid_to_merchants
-- What of shares that were paid to merchants' accounts of these parties is neither back nor asked for, out of payments of
-- payers whose contract allows to ask for it: the oldest first. Locks nothing.
select
    line.id as line_id,
    payout.party_id,
    payout.entity_id,
    payout.currency,
    line.net_minor - line.reclaimed_minor as left_minor,
    request.written_at,
    (
        select count(*)
        from payouts.reclaim as reclaim
        where reclaim.line_id = line.id and reclaim.asked_at is not null
    )::integer as asked,
    exists (
        select
        from payouts.reclaim as reclaim
        where reclaim.line_id = line.id and reclaim.state in ('planned', 'approved', 'asked')
    ) as is_open,
    contract.reclaim_within_days,
    contract.reclaims_per_receiver,
    coalesce(
        (
            select sum(reclaim.amount_minor)
            from payouts.reclaim as reclaim
            where reclaim.line_id = line.id and reclaim.state in ('planned', 'approved')
        ),
        0
    )::bigint as waiting_minor
from payouts.payout as payout
join payouts.line as line on line.payout_id = payout.id
join payouts.request as request on request.id = line.request_id
join payouts.account as account on account.id = line.account_id
join payouts.contract as contract on contract.payer_id = request.payer_id
where payout.party_id = any (%(party_ids)s::uuid[])
    and line.state = 'paid'
    and line.reclaimed_minor < line.net_minor
    and request.way = 'wechat_sharing'
    and account.kind = 'wechat_merchant'
    and contract.reclaim_within_days > 0
    and request.written_at > %(now)s::timestamptz - make_interval(days => contract.reclaim_within_days)
order by payout.party_id, payout.entity_id, payout.currency, request.written_at, line.id

-- name: insert_reclaims
-- Plan reclaims; one of a line of which another is open is left out and not returned. Locks the rows it makes; waits for a
-- rival's.
insert into payouts.reclaim (id, line_id, amount_minor, needs_second, state, made_by, made_at)
select id, line_id, amount_minor, needs_second, 'planned', %(made_by)s::text, %(now)s::timestamptz
from unnest(%(ids)s::uuid[], %(line_ids)s::uuid[], %(amounts_minor)s::bigint[], %(needs_second)s::boolean[])
    as new (id, line_id, amount_minor, needs_second)
order by line_id
on conflict (line_id) where state in ('planned', 'approved', 'asked') do nothing
returning id

-- name: lock_reclaims
-- Reclaims of what some legal entities (null: all) paid, locked in the order of their ids.
select
    reclaim.id, reclaim.line_id, line.request_id, request.payer_id, line.account_id, payout.party_id, payout.entity_id,
    payout.currency, reclaim.amount_minor, line.net_minor - line.reclaimed_minor as left_minor, reclaim.needs_second,
    reclaim.state, reclaim.made_by, reclaim.made_at, reclaim.approved_by, reclaim.approved_at, reclaim.asked_at,
    reclaim.tries, reclaim.given_up_at, reclaim.ended_at, reclaim.ended_by, reclaim.reason
from payouts.reclaim as reclaim
join payouts.line as line on line.id = reclaim.line_id
join payouts.request as request on request.id = line.request_id
join payouts.payout as payout on payout.id = line.payout_id
where reclaim.id = any (%(reclaim_ids)s::uuid[])
    and (%(entity_ids)s::uuid[] is null or payout.entity_id = any (%(entity_ids)s::uuid[]))
order by reclaim.id
for no key update of reclaim

-- name: approve_reclaims
-- Approve reclaims that the caller holds; they are asked for next.
update payouts.reclaim
set
    state = 'approved',
    approved_by = %(by)s::text,
    approved_at = %(now)s::timestamptz
where id = any (%(reclaim_ids)s::uuid[])

-- name: withdraw_reclaims
-- Take back reclaims that the caller holds and that nobody was asked for.
update payouts.reclaim as reclaim
set
    state = 'withdrawn',
    ended_at = %(now)s::timestamptz,
    ended_by = %(by)s::text,
    reason = gone.reason
from unnest(%(reclaim_ids)s::uuid[], %(reasons)s::text[]) as gone (id, reason)
where reclaim.id = gone.id

-- name: take_turn
-- Let one put approved reclaims at a time, to the end of the transaction: of two who look at one debt at once both would ask
-- for all of it.
select pg_advisory_xact_lock(hashtextextended('payouts.reclaim', 0))

-- name: approved_reclaims
-- Approved reclaims of what payers by some ways paid, those that wait longest first. Locks nothing.
select reclaim.id
from payouts.reclaim as reclaim
join payouts.line as line on line.id = reclaim.line_id
join payouts.request as request on request.id = line.request_id
where reclaim.state = 'approved'
    and request.way = any (%(ways)s::text[])
order by reclaim.approved_at, reclaim.id
limit %(limit)s::integer

-- name: ask_reclaims
-- Reclaims that the caller holds are asked for from now on, and their lines say so. Locks the lines in their order; no more
-- than a line paid is asked for (`line_gives_back_what_it_paid`).
with asked as (
    update payouts.reclaim
    set
        state = 'asked',
        asked_at = %(now)s::timestamptz,
        next_try_at = %(now)s::timestamptz
    where id = any (%(reclaim_ids)s::uuid[])
    returning line_id, amount_minor
),
held as (
    select line.id, asked.amount_minor
    from payouts.line as line
    join asked on asked.line_id = line.id
    order by line.id
    for no key update of line
)
update payouts.line as line
set reclaimed_minor = line.reclaimed_minor + held.amount_minor
from held
where line.id = held.id

-- name: claim_reclaims
-- Take reclaims by some ways that are due to be put, those that wait longest first; the next try is put off at once. Locks
-- them; passes by those that another worker holds.
with due as (
    select reclaim.id
    from payouts.reclaim as reclaim
    join payouts.line as line on line.id = reclaim.line_id
    join payouts.request as request on request.id = line.request_id
    where reclaim.next_try_at <= %(now)s::timestamptz
        and request.way = any (%(ways)s::text[])
    order by reclaim.next_try_at, reclaim.id
    limit %(limit)s::integer
    for no key update of reclaim skip locked
)
update payouts.reclaim as reclaim
set
    tries = reclaim.tries + 1,
    next_try_at = %(lease_until)s::timestamptz
from due
where reclaim.id = due.id
returning reclaim.id

-- name: put_off_reclaims
-- Say when reclaims that the caller holds are asked after again, since when they are not put any more, and why.
update payouts.reclaim as reclaim
set
    next_try_at = said.next_try_at,
    given_up_at = coalesce(reclaim.given_up_at, said.given_up_at),
    reason = said.reason
from unnest(%(ids)s::uuid[], %(next_try_at)s::timestamptz[], %(given_up_at)s::timestamptz[], %(reasons)s::text[])
    as said (id, next_try_at, given_up_at, reason)
where reclaim.id = said.id

-- name: end_reclaims
-- Write how reclaims that the caller holds ended; what did not come is paid again as far as their lines go. Locks the lines
-- in their order.
with ended as (
    update payouts.reclaim as reclaim
    set
        state = said.state,
        next_try_at = null,
        ended_at = %(now)s::timestamptz,
        reason = said.reason
    from unnest(%(ids)s::uuid[], %(states)s::text[], %(reasons)s::text[]) as said (id, state, reason)
    where reclaim.id = said.id
    returning reclaim.line_id, reclaim.amount_minor, reclaim.state
),
held as (
    select line.id, ended.amount_minor
    from payouts.line as line
    join ended on ended.line_id = line.id
    where ended.state = 'failed'
    order by line.id
    for no key update of line
)
update payouts.line as line
set reclaimed_minor = line.reclaimed_minor - held.amount_minor
from held
where line.id = held.id

-- name: hasten_reclaims
-- Ask after reclaims as soon as somebody claims them, in the order of their ids; locks them. What is given up keeps its
-- time.
with theirs as (
    select id
    from payouts.reclaim
    where id = any (%(reclaim_ids)s::uuid[])
        and next_try_at > %(now)s::timestamptz
        and given_up_at is null
    order by id
    for no key update
)
update payouts.reclaim as reclaim
set next_try_at = %(now)s::timestamptz
from theirs
where reclaim.id = theirs.id

-- name: find_reclaims
-- Reclaims of what some legal entities (null: all) paid: those that somebody may decide on, those that were asked for, those
-- that ended; of each the newest first. Locks nothing.
select
    reclaim.id, reclaim.line_id, line.request_id, request.payer_id, line.account_id, payout.party_id, payout.entity_id,
    payout.currency, reclaim.amount_minor, line.net_minor - line.reclaimed_minor as left_minor, reclaim.needs_second,
    reclaim.state, reclaim.made_by, reclaim.made_at, reclaim.approved_by, reclaim.approved_at, reclaim.asked_at,
    reclaim.tries, reclaim.given_up_at, reclaim.ended_at, reclaim.ended_by, reclaim.reason
from payouts.reclaim as reclaim
join payouts.line as line on line.id = reclaim.line_id
join payouts.request as request on request.id = line.request_id
join payouts.payout as payout on payout.id = line.payout_id
where %(entity_ids)s::uuid[] is null or payout.entity_id = any (%(entity_ids)s::uuid[])
order by reclaim.ended_at is not null, reclaim.state = 'asked', reclaim.made_at desc, reclaim.id desc
limit %(limit)s::integer

-- name: reclaims_page
-- Reclaims in some states of what some legal entities (null: all) paid, the newest first, before a place in that order.
-- Locks nothing.
select
    reclaim.id, reclaim.line_id, line.request_id, request.payer_id, line.account_id, payout.party_id, payout.entity_id,
    payout.currency, reclaim.amount_minor, line.net_minor - line.reclaimed_minor as left_minor, reclaim.needs_second,
    reclaim.state, reclaim.made_by, reclaim.made_at, reclaim.approved_by, reclaim.approved_at, reclaim.asked_at,
    reclaim.tries, reclaim.given_up_at, reclaim.ended_at, reclaim.ended_by, reclaim.reason
from payouts.reclaim as reclaim
join payouts.line as line on line.id = reclaim.line_id
join payouts.request as request on request.id = line.request_id
join payouts.payout as payout on payout.id = line.payout_id
where reclaim.state = any (%(states)s::text[])
    and (%(entity_ids)s::uuid[] is null or payout.entity_id = any (%(entity_ids)s::uuid[]))
    and (
        %(before_at)s::timestamptz is null
        or (reclaim.made_at, reclaim.id) < (%(before_at)s::timestamptz, %(before_id)s::uuid)
    )
order by reclaim.made_at desc, reclaim.id desc
limit %(limit)s::integer

-- name: claim_contracts
-- Payers in use by some ways whose contract was asked for before a moment; it counts as asked now, so that one asks. Locks
-- the contracts, and passes by those that another worker holds.
with old as (
    select contract.payer_id
    from payouts.contract as contract
    join payouts.payer as payer on payer.id = contract.payer_id
    where contract.asked_at < %(before)s::timestamptz
        and payer.way = any (%(ways)s::text[])
        and payer.closed_at is null
    order by contract.payer_id
    limit %(limit)s::integer
    for no key update of contract skip locked
)
update payouts.contract as contract
set asked_at = %(now)s::timestamptz
from old
where contract.payer_id = old.payer_id
returning contract.payer_id
