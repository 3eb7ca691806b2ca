-- name: accounts_by_ask
-- Find the open accounts of these kinds. Two branches, so that both an account of a party and one without use the index.
select
  account.id,
  account.number,
  account.entity_id,
  account.party_id,
  account.purpose,
  account.currency
from unnest(%(entity_ids)s::uuid[], %(purposes)s::text[], %(currencies)s::text[], %(party_ids)s::uuid[])
  as ask (entity_id, purpose, currency, party_id)
join ledger.account as account
  on account.entity_id = ask.entity_id
  and account.purpose = ask.purpose
  and account.currency = ask.currency
  and account.party_id = ask.party_id
union all
select
  account.id,
  account.number,
  account.entity_id,
  account.party_id,
  account.purpose,
  account.currency
from unnest(%(entity_ids)s::uuid[], %(purposes)s::text[], %(currencies)s::text[], %(party_ids)s::uuid[])
  as ask (entity_id, purpose, currency, party_id)
join ledger.account as account
  on account.entity_id = ask.entity_id
  and account.purpose = ask.purpose
  and account.currency = ask.currency
  and account.party_id is null
where ask.party_id is null;

-- name: add_accounts
-- Open accounts, in the order given (sorted by the caller); one that a rival opened is left alone.
insert into ledger.account (id, entity_id, purpose, currency, party_id, opened_at)
select
  ask.id,
  ask.entity_id,
  ask.purpose,
  ask.currency,
  ask.party_id,
  %(opened_at)s::timestamptz
from unnest(
  %(ids)s::uuid[], %(entity_ids)s::uuid[], %(purposes)s::text[], %(currencies)s::text[], %(party_ids)s::uuid[]
) with ordinality as ask (id, entity_id, purpose, currency, party_id, position)
order by ask.position
on conflict on constraint account_is_one_of_its_kind do nothing;

-- name: accounts_by_id
-- Find the accounts that postings name.
select
  account.id,
  account.number,
  account.entity_id,
  account.party_id,
  account.purpose,
  account.currency
from ledger.account as account
where account.id = any(%(account_ids)s::uuid[]);

-- name: accounts_by_number
-- Find accounts by their short names.
select
  account.id,
  account.number,
  account.entity_id,
  account.party_id,
  account.purpose,
  account.currency
from ledger.account as account
where account.number = any(%(numbers)s::integer[]);

-- name: add_entries
-- Write entries whose keys are free and return those keys. Waits for a rival that writes the same key; keys in order.
insert into ledger.entry (id, kind, subject, at, key, content_hash)
select
  fresh.id,
  fresh.kind,
  fresh.subject,
  fresh.at,
  fresh.key,
  fresh.content_hash
from unnest(
  %(ids)s::uuid[], %(kinds)s::text[], %(subjects)s::uuid[], %(ats)s::timestamptz[], %(keys)s::text[],
  %(content_hashes)s::bytea[]
) as fresh (id, kind, subject, at, key, content_hash)
order by fresh.key
on conflict on constraint entry_key_once do nothing
returning key;

-- name: copy_entries
-- Write entries of which the caller knows that their keys are free; a rival's same key is an error, to be tried again.
copy ledger.entry (id, kind, subject, at, key, content_hash) from stdin;

-- name: entries_by_key
-- Find what stands under these keys.
select
  entry.id,
  entry.key,
  entry.kind,
  entry.content_hash
from ledger.entry as entry
where entry.key = any(%(keys)s::text[]);

-- name: entries_by_id
-- Find entries, as they are known by their keys.
select
  entry.id,
  entry.key,
  entry.kind,
  entry.content_hash
from ledger.entry as entry
where entry.id = any(%(entry_ids)s::uuid[]);

-- name: copy_parts
-- Write the postings of entries, a row for each part and currency.
copy ledger.entry_part (entry_id, part_id, currency, account_numbers, amounts_minor) from stdin;

-- name: parts_of_entries
-- Read the postings of these parts of these entries.
select
  part.entry_id,
  part.part_id,
  part.currency,
  part.account_numbers,
  part.amounts_minor
from unnest(%(part_ids)s::uuid[], %(entry_ids)s::uuid[]) as wanted (part_id, entry_id)
join ledger.entry_part as part on part.part_id = wanted.part_id and part.entry_id = wanted.entry_id
order by part.part_id, part.entry_id, part.currency;

-- name: copy_balance_changes
-- Write by how much balances change. Locks nothing.
copy ledger.balance_change (account_number, amount_minor, posting_count) from stdin;

-- name: fold_is_due
-- Whether so many changes wait that reading balances gets slow, and no rival folds them at this moment. The lock lasts as
-- long as the transaction; nobody waits for it.
select pg_relation_size('ledger.balance_change') > %(bytes)s::bigint
  and pg_try_advisory_xact_lock(hashtextextended('ledger.fold', 0));

-- name: fold_balances
-- Fold the changes that are visible into the balances. Locks those changes and the folded balances, which nobody else
-- does: the caller holds the folding lock.
with gone as (
  delete from ledger.balance_change
  returning account_number, amount_minor, posting_count
)
insert into ledger.folded_balance (account_number, balance_minor, posting_count)
select
  gone.account_number,
  sum(gone.amount_minor),
  sum(gone.posting_count)
from gone
group by gone.account_number
order by gone.account_number
on conflict (account_number) do update
set
  balance_minor = folded_balance.balance_minor + excluded.balance_minor,
  posting_count = folded_balance.posting_count + excluded.posting_count;

-- name: add_reversed_parts
-- Make the row that counts what is taken back of a part, where there is none yet; by part, entry.
insert into ledger.reversed_part (part_id, entry_id, units_of)
select
  wanted.part_id,
  wanted.entry_id,
  wanted.units_of
from unnest(%(part_ids)s::uuid[], %(entry_ids)s::uuid[], %(units_of)s::bigint[])
  as wanted (part_id, entry_id, units_of)
order by wanted.part_id, wanted.entry_id
on conflict do nothing;

-- name: lock_reversed_parts
-- Lock the rows that count what is taken back of these parts, by part, entry.
select
  reversed_part.part_id,
  reversed_part.entry_id,
  reversed_part.units_of,
  reversed_part.units_reversed
from unnest(%(part_ids)s::uuid[], %(entry_ids)s::uuid[]) as wanted (part_id, entry_id)
join ledger.reversed_part as reversed_part
  on reversed_part.part_id = wanted.part_id and reversed_part.entry_id = wanted.entry_id
order by reversed_part.part_id, reversed_part.entry_id
for update of reversed_part;

-- name: change_reversed_parts
-- Add to what is taken back of parts whose rows the caller holds.
update ledger.reversed_part as reversed_part
set units_reversed = reversed_part.units_reversed + delta.units
from unnest(%(part_ids)s::uuid[], %(entry_ids)s::uuid[], %(units)s::bigint[]) as delta (part_id, entry_id, units)
where reversed_part.part_id = delta.part_id and reversed_part.entry_id = delta.entry_id;

-- name: copy_reversals
-- Write which step of which part each reversal is.
copy ledger.reversal (entry_id, of_entry_id, part_id, units_before, units) from stdin;


-- name: take_cut
-- Divide what was committed from what comes after. Waits for all who post, a second at a time, and for as long holds up
-- who wants to; null where it is not to be had. Locks no row.
select ledger.take_cut();
