-- name: latest_terms
-- The terms in force in these currencies: the highest version of each. Locks nothing.
select distinct on (currency)
    currency,
    version,
    least_minor,
    second_person_above_minor,
    withheld_basis_points,
    set_at,
    set_by,
    comment
from payouts.terms
where currency = any (%(currencies)s::text[])
order by currency, version desc

-- name: insert_terms
-- Set new terms under the next version; two at once would draw the same, and the second is refused by the key.
insert into payouts.terms (
    currency, version, least_minor, second_person_above_minor, withheld_basis_points, set_at, set_by, comment
)
select
    %(currency)s::text,
    coalesce(max(version), 0) + 1,
    %(least_minor)s::bigint,
    %(second_person_above_minor)s::bigint,
    %(withheld_basis_points)s::integer,
    %(now)s::timestamptz,
    %(set_by)s::text,
    %(comment)s::text
from payouts.terms
where currency = %(currency)s::text
returning version

-- name: insert_payer
-- Add an account to pay from, unless its entity has one of that way in that currency: then nothing is returned. Locks
-- the row it makes.
insert into payouts.payer (id, entity_id, currency, way, number, name, added_at, added_by)
values (
    %(id)s::uuid, %(entity_id)s::uuid, %(currency)s::text, %(way)s::text, %(number)s::text, %(name)s::text,
    %(now)s::timestamptz, %(added_by)s::text
)
on conflict (entity_id, currency, way) where closed_at is null do nothing
returning id

-- name: close_payer
-- Pay from an account no more; what is under way ends. Locks the row.
update payouts.payer
set closed_at = %(now)s::timestamptz
where id = %(payer_id)s::uuid
    and closed_at is null
    and (%(entity_ids)s::uuid[] is null or entity_id = any (%(entity_ids)s::uuid[]))
returning id

-- name: payers_in_use
-- The accounts that some legal entities (null: all) pay from. Locks nothing.
select id, entity_id, currency, way, number, name
from payouts.payer
where closed_at is null
    and (%(entity_ids)s::uuid[] is null or entity_id = any (%(entity_ids)s::uuid[]))
order by entity_id, currency, way

-- name: payers_by_ids
-- Accounts to pay from, closed ones too. Locks nothing.
select id, entity_id, currency, way, number, name
from payouts.payer
where id = any (%(payer_ids)s::uuid[])
order by id

-- name: close_accounts
-- Pay parties to these accounts no more, in the order of the parties. Locks the rows.
with theirs as (
    select id
    from payouts.account
    where party_id = any (%(party_ids)s::uuid[])
        and closed_at is null
    order by party_id
    for no key update
)
update payouts.account as account
set closed_at = %(now)s::timestamptz
from theirs
where account.id = theirs.id

-- name: insert_accounts
-- Say where parties are paid to. Locks the rows it makes; a rival's account for the same party is an error, tried again.
insert into payouts.account (id, party_id, kind, masked, sealed, wrapped_key, sealed_with, added_at, added_by)
select id, party_id, kind, masked, sealed, wrapped_key, sealed_with, %(now)s::timestamptz, %(added_by)s::text
from unnest(
    %(ids)s::uuid[], %(party_ids)s::uuid[], %(kinds)s::text[], %(masked)s::text[], %(sealed)s::bytea[],
    %(wrapped_keys)s::bytea[], %(sealed_with)s::bigint[]
) as new (id, party_id, kind, masked, sealed, wrapped_key, sealed_with)
order by party_id

-- name: accounts_in_use
-- Where parties are paid to. Locks nothing.
select id, party_id, kind, masked, sealed, wrapped_key, sealed_with, added_at
from payouts.account
where party_id = any (%(party_ids)s::uuid[])
    and closed_at is null
order by party_id

-- name: accounts_by_ids
-- Accounts to pay to, closed ones too. Locks nothing.
select id, party_id, kind, masked, sealed, wrapped_key, sealed_with, added_at
from payouts.account
where id = any (%(account_ids)s::uuid[])
order by id

-- name: lock_wrapped_otherwise
-- Accounts whose key another sealing key wraps than the current one, by id; locked, passing by what somebody holds.
select id, party_id, kind, masked, sealed, wrapped_key, sealed_with, added_at
from payouts.account
where sealed_with <> %(current)s::bigint
    and (%(after)s::uuid is null or id > %(after)s::uuid)
order by id
limit %(limit)s::integer
for no key update skip locked

-- name: rewrap_accounts
-- Write keys of accounts as they are wrapped anew. The caller holds the accounts.
update payouts.account as account
set
    wrapped_key = anew.wrapped_key,
    sealed_with = %(sealed_with)s::bigint
from unnest(%(ids)s::uuid[], %(wrapped_keys)s::bytea[]) as anew (id, wrapped_key)
where account.id = anew.id

-- name: keys_in_use
-- By which sealing keys accounts are wrapped, and how many. Locks nothing.
select sealed_with, count(*)::bigint as accounts
from payouts.account
group by sealed_with
order by sealed_with

-- name: insert_payouts
-- Plan payouts, in the order of who is paid; one beside an open one of the same party, entity and currency is left out
-- and not returned. Locks the rows it makes; waits for a rival's.
insert into payouts.payout (
    id, party_id, entity_id, currency, payer_id, account_id, gross_minor, withheld_minor, withheld_basis_points,
    terms_version, needs_second, state, made_by, made_at
)
select
    id, party_id, entity_id, currency, payer_id, account_id, gross_minor, withheld_minor, withheld_basis_points,
    terms_version, needs_second, 'planned', %(made_by)s::text, %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[], %(party_ids)s::uuid[], %(entity_ids)s::uuid[], %(currencies)s::text[], %(payer_ids)s::uuid[],
    %(account_ids)s::uuid[], %(gross_minor)s::bigint[], %(withheld_minor)s::bigint[],
    %(withheld_basis_points)s::integer[], %(terms_versions)s::integer[], %(needs_second)s::boolean[]
) as new (
    id, party_id, entity_id, currency, payer_id, account_id, gross_minor, withheld_minor, withheld_basis_points,
    terms_version, needs_second
)
order by party_id, entity_id, currency
on conflict (party_id, entity_id, currency) where state in ('planned', 'approved', 'sent') do nothing
returning id

-- name: lock_payouts
-- Payouts of some legal entities (null: all), locked in the order of their ids.
select
    id, number, party_id, entity_id, currency, payer_id, account_id, gross_minor, withheld_minor,
    withheld_basis_points, terms_version, needs_second, state, made_by, made_at, approved_by, approved_at, sent_at,
    ended_at, ended_by, reason
from payouts.payout
where id = any (%(payout_ids)s::uuid[])
    and (%(entity_ids)s::uuid[] is null or entity_id = any (%(entity_ids)s::uuid[]))
order by id
for no key update

-- name: approve_payouts
-- Approve payouts that the caller holds; they are looked at at once.
update payouts.payout
set
    state = 'approved',
    approved_by = %(by)s::text,
    approved_at = %(now)s::timestamptz,
    look_at = %(now)s::timestamptz
where id = any (%(payout_ids)s::uuid[])

-- name: withdraw_payouts
-- Take back payouts that the caller holds and of which nothing was sent.
update payouts.payout as payout
set
    state = 'withdrawn',
    look_at = null,
    ended_at = %(now)s::timestamptz,
    ended_by = %(by)s::text,
    reason = gone.reason
from unnest(%(payout_ids)s::uuid[], %(reasons)s::text[]) as gone (id, reason)
where payout.id = gone.id

-- name: payers_to_send_from
-- The accounts by some ways from which approved payouts wait to be sent. Locks nothing.
select distinct payer.id, payer.entity_id, payer.currency, payer.way, payer.number, payer.name
from payouts.payout as payout
join payouts.payer as payer on payer.id = payout.payer_id
where payout.look_at <= %(now)s::timestamptz
    and payer.way = any (%(ways)s::text[])
order by payer.id
limit %(limit)s::integer

-- name: lock_to_send
-- Approved payouts from one account, those that wait longest first; passes by what a rival holds. Locks them.
select
    id, number, party_id, entity_id, currency, payer_id, account_id, gross_minor, withheld_minor,
    withheld_basis_points, terms_version, needs_second, state, made_by, made_at, approved_by, approved_at, sent_at,
    ended_at, ended_by, reason
from payouts.payout
where payer_id = %(payer_id)s::uuid
    and look_at <= %(now)s::timestamptz
order by look_at, id
limit %(limit)s::integer
for no key update skip locked

-- name: look_later
-- Look at approved payouts again later, and say why they wait. The caller holds them.
update payouts.payout
set
    look_at = %(look_at)s::timestamptz,
    reason = %(reason)s::text
where id = any (%(payout_ids)s::uuid[])

-- name: send_payouts
-- Payouts that the caller holds are on their way.
update payouts.payout
set
    state = 'sent',
    look_at = null,
    reason = null,
    sent_at = %(now)s::timestamptz
where id = any (%(payout_ids)s::uuid[])

-- name: end_payouts
-- Write how payouts that the caller holds ended.
update payouts.payout as payout
set
    state = ended.state,
    ended_at = %(now)s::timestamptz,
    reason = ended.reason
from unnest(%(payout_ids)s::uuid[], %(states)s::text[], %(reasons)s::text[]) as ended (id, state, reason)
where payout.id = ended.id

-- name: insert_requests
-- Keep requests under numbers of their own before anybody is asked. Locks only the rows it makes.
insert into payouts.request (id, payer_id, way, transaction_number, state, next_try_at, written_at)
select
    id,
    payer_id,
    way,
    transaction_number,
    'open',
    case when way = 'bank_file' then null else %(now)s::timestamptz end,
    %(now)s::timestamptz
from unnest(%(ids)s::uuid[], %(payer_ids)s::uuid[], %(ways)s::text[], %(transaction_numbers)s::text[])
    as new (id, payer_id, way, transaction_number)

-- name: insert_lines
-- Keep what requests pay. Locks only the rows it makes.
insert into payouts.line (id, payout_id, request_id, account_id, gross_minor, withheld_minor, net_minor, state)
select id, payout_id, request_id, account_id, gross_minor, withheld_minor, net_minor, 'in_transit'
from unnest(
    %(ids)s::uuid[], %(payout_ids)s::uuid[], %(request_ids)s::uuid[], %(account_ids)s::uuid[],
    %(gross_minor)s::bigint[], %(withheld_minor)s::bigint[], %(net_minor)s::bigint[]
) as new (id, payout_id, request_id, account_id, gross_minor, withheld_minor, net_minor)

-- name: claim_requests
-- Take requests that are due to be put to their gateway, those that wait longest first; the next try is put off at once,
-- so that a worker that dies here is followed by another. Locks them; passes by those that another worker holds.
with due as (
    select id
    from payouts.request
    where next_try_at <= %(now)s::timestamptz
        and way = any (%(ways)s::text[])
    order by next_try_at, id
    limit %(limit)s::integer
    for no key update skip locked
)
update payouts.request as request
set
    tries = request.tries + 1,
    next_try_at = %(lease_until)s::timestamptz,
    sent_at = coalesce(request.sent_at, %(now)s::timestamptz)
from due
where request.id = due.id
returning
    request.id,
    request.payer_id,
    request.way,
    request.transaction_number,
    request.state,
    request.tries,
    request.written_at,
    request.sent_at,
    request.given_up_at,
    request.reference,
    request.reason,
    request.content_hash

-- name: lock_requests
-- Requests of payers of some legal entities (null: all), locked in the order of their ids.
select
    request.id, request.payer_id, request.way, request.transaction_number, request.state, request.tries,
    request.written_at, request.sent_at, request.given_up_at, request.reference, request.reason,
    request.content_hash
from payouts.request as request
join payouts.payer as payer on payer.id = request.payer_id
where request.id = any (%(request_ids)s::uuid[])
    and (%(entity_ids)s::uuid[] is null or payer.entity_id = any (%(entity_ids)s::uuid[]))
order by request.id
for no key update of request

-- name: change_requests
-- Write what became of requests; when one ended first stands. The caller holds them.
update payouts.request as request
set
    state = changed.state,
    next_try_at = changed.next_try_at,
    ended_at = coalesce(request.ended_at, changed.ended_at),
    reference = coalesce(changed.reference, request.reference),
    reason = changed.reason
from unnest(
    %(ids)s::uuid[], %(states)s::text[], %(next_try_at)s::timestamptz[], %(ended_at)s::timestamptz[],
    %(reference_texts)s::text[], %(reasons)s::text[]
) as changed (id, state, next_try_at, ended_at, reference, reason)
where request.id = changed.id

-- name: give_up_request
-- Put a request that the caller holds to its gateway no more; it is asked for later, and until its lines are known.
update payouts.request
set
    given_up_at = %(now)s::timestamptz,
    given_up_by = %(by)s::text,
    next_try_at = greatest(next_try_at, %(ask_at)s::timestamptz)
where id = %(request_id)s::uuid

-- name: hasten_requests
-- Ask for open requests as soon as somebody claims them, in the order of their ids; locks them. What was just claimed, and
-- what was given up, keeps its time.
with theirs as (
    select id
    from payouts.request
    where id = any (%(request_ids)s::uuid[])
        and next_try_at > %(now)s::timestamptz
        and given_up_at is null
    order by id
    for no key update
)
update payouts.request as request
set next_try_at = %(now)s::timestamptz
from theirs
where request.id = theirs.id

-- name: keep_content_hash
-- Keep what a file was when it was made first. The caller holds the request.
update payouts.request
set content_hash = %(content_hash)s::bytea
where id = %(request_id)s::uuid
    and content_hash is null

-- name: insert_download
-- Keep who was given a file, and when. Locks only the row it makes.
insert into payouts.download (request_id, by_whom, at)
values (%(request_id)s::uuid, %(by)s::text, %(now)s::timestamptz)

-- name: downloads_of_requests
-- Who was given files, the first first. Locks nothing.
select request_id, by_whom, at
from payouts.download
where request_id = any (%(request_ids)s::uuid[])
order by request_id, id

-- name: lines_of_requests
-- The lines of requests, in the order they were made. Locks nothing; who changes lines holds their request.
select id, payout_id, request_id, account_id, gross_minor, withheld_minor, net_minor, state, ended_at, reason
from payouts.line
where request_id = any (%(request_ids)s::uuid[])
order by request_id, id

-- name: lines_of_payouts
-- The lines of payouts, in the order they were made. Locks nothing.
select id, payout_id, request_id, account_id, gross_minor, withheld_minor, net_minor, state, ended_at, reason
from payouts.line
where payout_id = any (%(payout_ids)s::uuid[])
order by payout_id, id

-- name: end_lines
-- Write how lines on their way ended; returns those that were. The caller holds their requests.
update payouts.line as line
set
    state = ended.state,
    ended_at = ended.ended_at,
    reason = ended.reason
from unnest(%(ids)s::uuid[], %(states)s::text[], %(ended_at)s::timestamptz[], %(reasons)s::text[])
    as ended (id, state, ended_at, reason)
where line.id = ended.id
    and line.state = 'in_transit'
returning line.id

-- name: keep_contract
-- Keep what a gateway said of a payer's contract last. Locks the row.
insert into payouts.contract (
    payer_id, receivers_per_request, requests_per_transaction, ratio_basis_points, reclaim_within_days,
    reclaims_per_receiver, asked_at
)
values (
    %(payer_id)s::uuid, %(receivers_per_request)s::integer, %(requests_per_transaction)s::integer,
    %(ratio_basis_points)s::integer, %(reclaim_within_days)s::integer, %(reclaims_per_receiver)s::integer,
    %(now)s::timestamptz
)
on conflict (payer_id) do update
set
    receivers_per_request = excluded.receivers_per_request,
    requests_per_transaction = excluded.requests_per_transaction,
    ratio_basis_points = excluded.ratio_basis_points,
    reclaim_within_days = excluded.reclaim_within_days,
    reclaims_per_receiver = excluded.reclaims_per_receiver,
    asked_at = excluded.asked_at

-- name: insert_transactions
-- Note payments that a gateway holds for payers; one that is known is left alone. Locks only the rows it makes.
insert into payouts.transaction (payer_id, number, payment_id, amount_minor, taken_at)
select payer_id, number, payment_id, amount_minor, taken_at
from unnest(
    %(payer_ids)s::uuid[], %(numbers)s::text[], %(payment_ids)s::uuid[], %(amounts_minor)s::bigint[],
    %(taken_at)s::timestamptz[]
) as new (payer_id, number, payment_id, amount_minor, taken_at)
order by payer_id, number
on conflict do nothing

-- name: last_noted
-- The payment that was recorded last of those noted for accounts of a legal entity in a currency. Locks nothing.
select transaction.payment_id
from payouts.transaction as transaction
join payouts.payer as payer on payer.id = transaction.payer_id
where payer.entity_id = %(entity_id)s::uuid
    and payer.currency = %(currency)s::text
order by transaction.payment_id desc
limit 1

-- name: take_over_transactions
-- Give an account in use the payments taken since a moment that are noted for one of the same merchant which it
-- replaced, out of which nothing was ever asked; not while payouts wait to be sent from that one. Locks them by number.
with left_over as (
    select transaction.payer_id, transaction.number
    from payouts.payer as payer
    join payouts.payer as before
        on before.entity_id = payer.entity_id
        and before.currency = payer.currency
        and before.way = payer.way
        and before.number = payer.number
    join payouts.transaction as transaction on transaction.payer_id = before.id
    where payer.id = %(payer_id)s::uuid
        and payer.closed_at is null
        and before.closed_at is not null
        and not exists (
            select
            from payouts.payout as payout
            where payout.payer_id = before.id
                and payout.look_at is not null
        )
        and transaction.requests = 0
        and transaction.left_minor is distinct from 0
        and transaction.taken_at >= %(since)s::timestamptz
    order by transaction.number
    for update of transaction
)
update payouts.transaction as transaction
set payer_id = %(payer_id)s::uuid
from left_over
where transaction.payer_id = left_over.payer_id
    and transaction.number = left_over.number

-- name: transactions_to_share
-- Payments of a payer that may hold something to share, the oldest first; then those that the gateway was asked of and
-- did not answer, the longest ago first. What the contract kept last has used up is none of them. Locks nothing.
with may as (
    select transaction.*
    from payouts.transaction as transaction
    left join payouts.contract as contract on contract.payer_id = transaction.payer_id
    where transaction.payer_id = %(payer_id)s::uuid
        and transaction.left_minor is distinct from 0
        and transaction.taken_at >= %(since)s::timestamptz
        and not exists (
            select
            from payouts.unfreezing as unfreezing
            where unfreezing.payer_id = transaction.payer_id
                and unfreezing.transaction_number = transaction.number
        )
        and (
            contract.payer_id is null
            or (
                transaction.requests < contract.requests_per_transaction
                and transaction.shared_minor < transaction.amount_minor * contract.ratio_basis_points / 10000
            )
        )
)
select payer_id, number, payment_id, amount_minor, left_minor, taken_at, requests, shared_minor
from may
order by left_minor is null and asked_at is not null, case when left_minor is null then asked_at end, taken_at, number
limit %(limit)s::integer

-- name: lock_transactions
-- Payments of a payer, locked in the order of their numbers; of two workers that plan at once the second sees what the
-- first shares.
select payer_id, number, payment_id, amount_minor, left_minor, taken_at, requests, shared_minor
from payouts.transaction
where payer_id = %(payer_id)s::uuid
    and number = any (%(numbers)s::text[])
order by number
for no key update

-- name: keep_left
-- Keep what a gateway said of what is left of payments, but what is on its way out of them. The caller holds them.
update payouts.transaction as transaction
set
    left_minor = greatest(0, said.left_minor - coalesce(
        (
            select sum(line.net_minor)
            from payouts.request as request
            join payouts.line as line on line.request_id = request.id
            where request.payer_id = transaction.payer_id
                and request.transaction_number = transaction.number
                and line.state = 'in_transit'
        ), 0
    )::bigint),
    asked_at = %(now)s::timestamptz
from unnest(%(numbers)s::text[], %(left_minor)s::bigint[]) as said (number, left_minor)
where transaction.payer_id = %(payer_id)s::uuid
    and transaction.number = said.number

-- name: keep_unanswered
-- Keep that a gateway was asked what is left of payments and did not say. The caller holds them.
update payouts.transaction
set
    left_minor = null,
    asked_at = %(now)s::timestamptz
where payer_id = %(payer_id)s::uuid
    and number = any (%(numbers)s::text[])

-- name: share_transactions
-- Count what is shared of payments that the caller holds.
update payouts.transaction as transaction
set
    requests = transaction.requests + taken.requests,
    shared_minor = transaction.shared_minor + taken.amount_minor,
    left_minor = transaction.left_minor - taken.amount_minor
from (
    select number, count(*)::integer as requests, sum(amount_minor)::bigint as amount_minor
    from unnest(%(numbers)s::text[], %(amounts_minor)s::bigint[]) as given (number, amount_minor)
    group by number
) as taken
where transaction.payer_id = %(payer_id)s::uuid
    and transaction.number = taken.number

-- name: unshare_transactions
-- Take back from what was shared of payments what did not reach its party; what is left the gateway says when it is
-- asked. Locks the payments, in the order of their numbers.
with back as (
    select
        request.payer_id,
        request.transaction_number as number,
        sum(line.net_minor)::bigint as amount_minor
    from payouts.line as line
    join payouts.request as request on request.id = line.request_id
    where line.id = any (%(line_ids)s::uuid[])
        and request.transaction_number is not null
    group by request.payer_id, request.transaction_number
),
held as (
    select transaction.payer_id, transaction.number, back.amount_minor
    from payouts.transaction as transaction
    join back on back.payer_id = transaction.payer_id and back.number = transaction.number
    order by transaction.payer_id, transaction.number
    for no key update of transaction
)
update payouts.transaction as transaction
set
    shared_minor = transaction.shared_minor - held.amount_minor,
    left_minor = null,
    asked_at = null
from held
where transaction.payer_id = held.payer_id
    and transaction.number = held.number

-- name: insert_notices
-- Keep that notifications were heard; returns those that were not heard before. Locks the rows it makes.
insert into payouts.notice (id, heard_at)
select id, %(now)s::timestamptz
from unnest(%(ids)s::text[]) as new (id)
order by id
on conflict do nothing
returning id

-- name: find_payouts
-- Payouts of some legal entities (null: all) in some states, the newest first, before a place in that order. Locks
-- nothing.
select
    id, number, party_id, entity_id, currency, payer_id, account_id, gross_minor, withheld_minor,
    withheld_basis_points, terms_version, needs_second, state, made_by, made_at, approved_by, approved_at, sent_at,
    ended_at, ended_by, reason
from payouts.payout
where state = any (%(states)s::text[])
    and (%(entity_ids)s::uuid[] is null or entity_id = any (%(entity_ids)s::uuid[]))
    and (%(before_at)s::timestamptz is null or (made_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
order by made_at desc, id desc
limit %(limit)s::integer

-- name: payouts_by_ids
-- Payouts as they stand. Locks nothing.
select
    id, number, party_id, entity_id, currency, payer_id, account_id, gross_minor, withheld_minor,
    withheld_basis_points, terms_version, needs_second, state, made_by, made_at, approved_by, approved_at, sent_at,
    ended_at, ended_by, reason
from payouts.payout
where id = any (%(payout_ids)s::uuid[])
order by id

-- name: count_by_state
-- How many payouts of some legal entities (null: all) stand where, of how much in each currency. Locks nothing.
select
    state,
    currency,
    count(*)::bigint as payouts,
    sum(gross_minor)::bigint as gross_minor
from payouts.payout
where (%(entity_ids)s::uuid[] is null or entity_id = any (%(entity_ids)s::uuid[]))
group by state, currency
order by state, currency

-- name: sum_lines
-- How much of what some legal entities (null: all) sent a party (null: all) stands where, in each currency. Locks nothing.
select
    payout.entity_id,
    payout.currency,
    line.state,
    sum(line.gross_minor)::bigint as gross_minor,
    sum(line.net_minor)::bigint as net_minor
from payouts.line as line
join payouts.payout as payout on payout.id = line.payout_id
where (%(entity_ids)s::uuid[] is null or payout.entity_id = any (%(entity_ids)s::uuid[]))
    and (%(party_id)s::uuid is null or payout.party_id = %(party_id)s::uuid)
group by payout.entity_id, payout.currency, line.state
order by payout.entity_id, payout.currency, line.state

-- name: requests_open
-- Requests and files of some legal entities (null: all) of which not everything is known yet, the oldest first. Locks
-- nothing.
select
    request.id, request.payer_id, request.way, request.transaction_number, request.state, request.tries,
    request.written_at, request.sent_at, request.given_up_at, request.reference, request.reason,
    request.content_hash
from payouts.request as request
join payouts.payer as payer on payer.id = request.payer_id
where request.state = 'open'
    and (%(entity_ids)s::uuid[] is null or payer.entity_id = any (%(entity_ids)s::uuid[]))
order by request.written_at, request.id
limit %(limit)s::integer

-- name: requests_by_ids
-- Requests of payers of some legal entities (null: all) as they stand. Locks nothing.
select
    request.id, request.payer_id, request.way, request.transaction_number, request.state, request.tries,
    request.written_at, request.sent_at, request.given_up_at, request.reference, request.reason,
    request.content_hash
from payouts.request as request
join payouts.payer as payer on payer.id = request.payer_id
where request.id = any (%(request_ids)s::uuid[])
    and (%(entity_ids)s::uuid[] is null or payer.entity_id = any (%(entity_ids)s::uuid[]))
order by request.id
