-- name: balances
-- The balances of these accounts.
select
  account.id as account_id,
  account.entity_id,
  account.party_id,
  account.purpose,
  account.currency,
  balance.balance_minor,
  balance.posting_count
from ledger.account as account
join ledger.balance as balance on balance.account_number = account.number
where account.id = any(%(account_ids)s::uuid[])
order by account.number;

-- name: balances_by_purpose
-- What all accounts of a purpose hold together, by legal entity and currency.
select
  account.entity_id,
  account.purpose,
  account.currency,
  sum(balance.balance_minor)::bigint as balance_minor,
  sum(balance.posting_count)::bigint as posting_count
from ledger.account as account
join ledger.balance as balance on balance.account_number = account.number
group by account.entity_id, account.purpose, account.currency
order by account.entity_id, account.purpose, account.currency;

-- name: balances_of_parties
-- Every balance of these parties.
select
  account.id as account_id,
  account.entity_id,
  account.party_id,
  account.purpose,
  account.currency,
  balance.balance_minor,
  balance.posting_count
from ledger.account as account
join ledger.balance as balance on balance.account_number = account.number
where account.party_id = any(%(party_ids)s::uuid[])
order by account.party_id, account.number;

-- name: posting_count
-- How many postings there are, from the balances.
select coalesce(sum(balance.posting_count), 0)::bigint
from ledger.balance as balance;

-- name: entries_of_parts
-- Everything the ledger says of these parts: each entry with its postings there, oldest entry first.
select
  part.part_id,
  entry.id as entry_id,
  entry.kind,
  entry.subject,
  entry.at,
  entry.key,
  part.currency,
  part.account_numbers,
  part.amounts_minor
from ledger.entry_part as part
join ledger.entry as entry on entry.id = part.entry_id
where part.part_id = any(%(part_ids)s::uuid[])
order by part.part_id, entry.at, entry.id, part.currency;

-- name: entry_ids_by_key
-- Which entries stand under these keys.
select
  entry.key,
  entry.id as entry_id
from ledger.entry as entry
where entry.key = any(%(keys)s::text[])
order by entry.key;

-- name: postings_of_account
-- What moved an account in a time range, oldest first.
select
  entry.id as entry_id,
  entry.kind,
  entry.subject,
  entry.at,
  entry.key,
  part.part_id,
  posting.amount_minor
from ledger.account as account
join ledger.entry as entry
  on entry.at >= %(start)s::timestamptz and entry.at < coalesce(%(end)s::timestamptz, 'infinity')
join ledger.entry_part as part on part.entry_id = entry.id
cross join lateral unnest(part.account_numbers, part.amounts_minor) with ordinality
  as posting (account_number, amount_minor, position)
where account.id = %(account_id)s::uuid and posting.account_number = account.number
order by entry.at, entry.id, part.part_id, posting.position
limit %(limit)s::bigint;

-- name: moved_of_parties
-- What entries since the first of some moments moved of these parties' accounts of some purposes, by the last of these
-- moments that lies before the entry (counted from 1), currency and kind of entry. Credits are positive here.
select
  width_bucket(part.entry_id, %(first_ids)s::uuid[]) as span,
  account.party_id,
  part.currency,
  entry.kind,
  (-sum(posting.amount_minor))::bigint as amount_minor
from ledger.entry_part as part
cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
join ledger.account as account on account.number = posting.account_number
join ledger.entry as entry on entry.id = part.entry_id
where part.entry_id >= (%(first_ids)s::uuid[])[1]
  and part.account_numbers && array(
    select known.number
    from ledger.account as known
    where known.party_id = any(%(party_ids)s::uuid[]) and known.purpose = any(%(purposes)s::text[])
  )
  and account.party_id = any(%(party_ids)s::uuid[])
  and account.purpose = any(%(purposes)s::text[])
group by span, account.party_id, part.currency, entry.kind
order by span, account.party_id, part.currency, entry.kind;

-- name: reversed_units
-- How much of these parts was taken back, by part and entry.
select
  reversed_part.part_id,
  reversed_part.entry_id,
  reversed_part.units_of,
  reversed_part.units_reversed
from ledger.reversed_part as reversed_part
where reversed_part.part_id = any(%(part_ids)s::uuid[]) and reversed_part.units_reversed > 0
order by reversed_part.part_id, reversed_part.entry_id;

-- name: accounts_of_purpose
-- Every account of a purpose, in the order in which they were opened.
select id, number, entity_id, party_id, purpose, currency
from ledger.account
where purpose = %(purpose)s::text
order by number
