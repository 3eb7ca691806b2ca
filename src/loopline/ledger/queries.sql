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

-- name: sums_of_parts
-- What all entries of these parts together post to accounts of some purposes, by legal entity.
select
  part.part_id,
  account.entity_id,
  account.purpose,
  part.currency,
  sum(posting.amount_minor)::bigint as amount_minor
from ledger.entry_part as part
cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
join ledger.account as account on account.number = posting.account_number
where part.part_id = any(%(part_ids)s::uuid[])
  and account.purpose = any(%(purposes)s::text[])
group by part.part_id, account.entity_id, account.purpose, part.currency
order by part.part_id, account.entity_id, account.purpose, part.currency;

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
order by number;

-- name: journal
-- Every posting of the entries of a time range, an entry's postings together, in the order in which they were posted.
select
  line.at,
  line.entry_id,
  line.key,
  line.kind,
  line.subject,
  line.part_id,
  line.number,
  line.entity_id,
  line.party_id,
  line.purpose,
  line.currency,
  line.amount_minor
from ledger.journal_line as line
where line.at >= %(start)s::timestamptz and line.at < %(end)s::timestamptz
order by line.at, line.entry_id, line.part_id, line.currency, line.position;

-- name: party_movements
-- What entries with ids of a range moved of these parties' pending and due shares, and of what they bear of promotions: a row
-- for each entry, part, currency and seller, in this order. Credits are positive of shares, debits of what is borne. Reads the
-- parts of the range, and nothing older. What is borne stands in the seller's books, which are those with what was funded.
select
  account.party_id,
  part.entry_id,
  part.part_id,
  part.currency,
  account.entity_id,
  entry.kind,
  entry.subject,
  entry.at,
  (-coalesce(sum(posting.amount_minor) filter (where account.purpose = 'share_pending'), 0))::bigint as pending_minor,
  (-coalesce(sum(posting.amount_minor) filter (where account.purpose = 'share_due'), 0))::bigint as due_minor,
  coalesce(sum(posting.amount_minor) filter (where account.purpose in ('receivable', 'intercompany')), 0)::bigint
    as borne_minor
from ledger.entry_part as part
cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
join ledger.account as account on account.number = posting.account_number
join ledger.entry as entry on entry.id = part.entry_id
left join ledger.reversal as reversal on reversal.entry_id = part.entry_id
left join ledger.entry as original on original.id = reversal.of_entry_id
where part.entry_id >= %(first_id)s::uuid
  and part.entry_id < %(end_id)s::uuid
  and part.account_numbers && array(
    select known.number
    from ledger.account as known
    where known.party_id = any(%(party_ids)s::uuid[])
      and known.purpose in ('share_pending', 'share_due', 'receivable', 'intercompany')
  )
  and account.party_id = any(%(party_ids)s::uuid[])
  and (
    account.purpose in ('share_pending', 'share_due')
    or (
      account.purpose in ('receivable', 'intercompany')
      and 'promotion' in (entry.kind, original.kind)
      and account.entity_id in (
        select funded.entity_id
        from ledger.account as funded
        where funded.number = any(part.account_numbers) and funded.purpose = 'promotion_funded'
      )
    )
  )
group by
  account.party_id, part.entry_id, part.part_id, part.currency, account.entity_id, entry.kind, entry.subject, entry.at
having bool_or(posting.amount_minor <> 0)
order by part.entry_id, part.part_id, part.currency, account.entity_id, account.party_id;

-- name: movements_of_all
-- The same of every party, a party's rows together, and of entries named besides.
select
  account.party_id,
  part.entry_id,
  part.part_id,
  part.currency,
  account.entity_id,
  entry.kind,
  entry.subject,
  entry.at,
  (-coalesce(sum(posting.amount_minor) filter (where account.purpose = 'share_pending'), 0))::bigint as pending_minor,
  (-coalesce(sum(posting.amount_minor) filter (where account.purpose = 'share_due'), 0))::bigint as due_minor,
  coalesce(sum(posting.amount_minor) filter (where account.purpose in ('receivable', 'intercompany')), 0)::bigint
    as borne_minor
from ledger.entry_part as part
cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
join ledger.account as account on account.number = posting.account_number
join ledger.entry as entry on entry.id = part.entry_id
left join ledger.reversal as reversal on reversal.entry_id = part.entry_id
left join ledger.entry as original on original.id = reversal.of_entry_id
where (
    (part.entry_id >= %(first_id)s::uuid and part.entry_id < %(end_id)s::uuid)
    or part.entry_id = any(%(late_ids)s::uuid[])
  )
  and account.party_id is not null
  and (
    account.purpose in ('share_pending', 'share_due')
    or (
      account.purpose in ('receivable', 'intercompany')
      and 'promotion' in (entry.kind, original.kind)
      and account.entity_id in (
        select funded.entity_id
        from ledger.account as funded
        where funded.number = any(part.account_numbers) and funded.purpose = 'promotion_funded'
      )
    )
  )
group by
  account.party_id, part.entry_id, part.part_id, part.currency, account.entity_id, entry.kind, entry.subject, entry.at
having bool_or(posting.amount_minor <> 0)
order by account.party_id, part.entry_id, part.part_id, part.currency, account.entity_id;

-- name: first_entry
-- The entry with the lowest id, which was posted first.
select entry.id
from ledger.entry as entry
order by entry.id
limit 1;

-- name: books_kept
-- Which legal entities keep books in which currencies, and since when: when their first account was opened.
select
  account.entity_id,
  account.currency,
  min(account.opened_at) as since
from ledger.account as account
group by account.entity_id, account.currency
order by account.entity_id, account.currency;

-- name: turnover
-- What the entries of a month (`ledger.is_of_month`) moved in the books of a legal entity, by purpose.
with mine as materialized (
  select account.number, account.purpose
  from ledger.account as account
  where account.entity_id = %(entity_id)s::uuid and account.currency = %(currency)s::text
),
entry as materialized (
  select entry.id
  from ledger.entry as entry
  where ledger.is_of_month(
      entry.at,
      entry.cut,
      entry.kind,
      %(start)s::timestamptz,
      %(end)s::timestamptz,
      %(after_cut)s::integer,
      %(before_cut)s::integer
    )
)
select
  mine.purpose,
  sum(greatest(posting.amount_minor, 0))::bigint as debit_minor,
  sum(greatest(-posting.amount_minor, 0))::bigint as credit_minor
from entry
join ledger.entry_part as part on part.entry_id = entry.id
cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
join mine on mine.number = posting.account_number
where part.entry_id >= (select entry.id from entry order by entry.id limit 1)
  and part.entry_id <= (select entry.id from entry order by entry.id desc limit 1)
group by mine.purpose
order by mine.purpose;

-- name: entries_by_month
-- How many entries a month has in the books of a legal entity, by the month they are dated in, with what they moved.
with mine as materialized (
  select account.number
  from ledger.account as account
  where account.entity_id = %(entity_id)s::uuid and account.currency = %(currency)s::text
),
entry as materialized (
  select entry.id, entry.at
  from ledger.entry as entry
  where ledger.is_of_month(
      entry.at,
      entry.cut,
      entry.kind,
      %(start)s::timestamptz,
      %(end)s::timestamptz,
      %(after_cut)s::integer,
      %(before_cut)s::integer
    )
)
select
  date_trunc('month', entry.at at time zone %(zone)s::text)::date as month,
  count(distinct entry.id) as entries,
  sum(greatest(posting.amount_minor, 0))::bigint as moved_minor
from entry
join ledger.entry_part as part on part.entry_id = entry.id
cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
join mine on mine.number = posting.account_number
where part.entry_id >= (select entry.id from entry order by entry.id limit 1)
  and part.entry_id <= (select entry.id from entry order by entry.id desc limit 1)
group by 1
order by 1;

-- name: entries_of_before
-- Entries of a month that are dated before it, with what they moved in the books of a legal entity, the oldest first.
with mine as materialized (
  select account.number
  from ledger.account as account
  where account.entity_id = %(entity_id)s::uuid and account.currency = %(currency)s::text
),
entry as materialized (
  select entry.id, entry.at, entry.kind, entry.subject, entry.key
  from ledger.entry as entry
  where ledger.is_of_month(
      entry.at,
      entry.cut,
      entry.kind,
      %(start)s::timestamptz,
      %(end)s::timestamptz,
      %(after_cut)s::integer,
      %(before_cut)s::integer
    )
    and entry.at < %(start)s::timestamptz
)
select
  entry.id as entry_id,
  entry.kind,
  entry.subject,
  entry.at,
  entry.key,
  sum(greatest(posting.amount_minor, 0))::bigint as moved_minor
from entry
join ledger.entry_part as part on part.entry_id = entry.id
cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
join mine on mine.number = posting.account_number
where part.entry_id >= (select entry.id from entry order by entry.id limit 1)
  and part.entry_id <= (select entry.id from entry order by entry.id desc limit 1)
group by entry.id, entry.kind, entry.subject, entry.at, entry.key
order by entry.at, entry.id
limit %(limit)s::bigint;

-- name: journal_of_month
-- Every posting of a month's entries in the books of a legal entity, by the same rule, an entry's postings together.
select
  line.at,
  line.entry_id,
  line.key,
  line.kind,
  line.subject,
  line.part_id,
  line.number,
  line.entity_id,
  line.party_id,
  line.purpose,
  line.currency,
  line.amount_minor
from ledger.journal_line as line
where ledger.is_of_month(
    line.at,
    line.cut,
    line.kind,
    %(start)s::timestamptz,
    %(end)s::timestamptz,
    %(after_cut)s::integer,
    %(before_cut)s::integer
  )
  and line.entity_id = %(entity_id)s::uuid
  and line.currency = %(currency)s::text
order by line.at, line.entry_id, line.part_id, line.currency, line.position;
