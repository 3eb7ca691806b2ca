-- The ledger: accounts, entries, and per part of an entry its postings, balanced by themselves. Nothing is updated or deleted.

create schema ledger;

create table ledger.account (
  id uuid primary key,
  number integer generated always as identity,
  entity_id uuid not null,
  party_id uuid,
  purpose text not null,
  currency text not null,
  opened_at timestamptz not null,
  constraint account_number_unique unique (number),
  -- An account without a party is the legal entity's own.
  constraint account_is_one_of_its_kind unique nulls not distinct (entity_id, purpose, currency, party_id),
  constraint account_purpose_known check (
    purpose in (
      'cash', 'gateway', 'customer_deposit', 'receivable', 'refund_payable', 'revenue', 'charges', 'tax',
      'sharing_cost', 'share_pending', 'share_due', 'voucher_liability', 'adjustment', 'bad_debt', 'stock_loss'
    )
  ),
  constraint account_currency_code check (currency ~ '^[A-Z]{3}$')
);
revoke update, delete on ledger.account from loopline_app;

-- Balances are kept as sums that were folded and changes that were not yet. Entries only add changes: no two writers
-- ever wait for each other's balance, however busy the account and whatever the order in which they post.
create table ledger.folded_balance (
  account_number integer primary key references ledger.account (number),
  balance_minor bigint not null,
  posting_count bigint not null
) with (fillfactor = 50);

create table ledger.balance_change (
  account_number integer not null,
  amount_minor bigint not null,
  posting_count bigint not null
);

create view ledger.balance with (security_invoker = true) as
select
  account.number as account_number,
  (coalesce(folded.balance_minor, 0) + coalesce(changed.amount_minor, 0))::bigint as balance_minor,
  (coalesce(folded.posting_count, 0) + coalesce(changed.posting_count, 0))::bigint as posting_count
from ledger.account as account
left join ledger.folded_balance as folded on folded.account_number = account.number
left join (
  select
    balance_change.account_number,
    sum(balance_change.amount_minor) as amount_minor,
    sum(balance_change.posting_count) as posting_count
  from ledger.balance_change as balance_change
  group by balance_change.account_number
) as changed on changed.account_number = account.number;

create table ledger.entry (
  id uuid primary key,
  kind text not null,
  subject uuid not null,
  at timestamptz not null,
  key text not null,
  content_hash bytea not null,
  constraint entry_key_once unique (key),
  constraint entry_kind_known check (
    kind in (
      'sale', 'charge', 'voucher', 'payment', 'refund', 'share', 'share_release', 'share_claw_back', 'reversal',
      'blind_return', 'adjustment', 'opening'
    )
  )
);
create index entry_by_time on ledger.entry using brin (at) with (autosummarize = on);
revoke update, delete on ledger.entry from loopline_app;

-- One row holds the postings of one part of an entry in one currency, as two arrays of the same length: a quarter of the
-- space of a row per posting, and one row to read when a part is reversed. ledger.posting shows them one by one.
create table ledger.entry_part (
  entry_id uuid not null,
  part_id uuid not null,
  currency text not null,
  account_numbers integer[] not null,
  amounts_minor bigint[] not null,
  constraint part_of_entry_once primary key (part_id, entry_id, currency),
  constraint amount_for_each_account check (
    cardinality(account_numbers) = cardinality(amounts_minor) and cardinality(amounts_minor) > 0
  )
);
-- Parts arrive in the order of their entries, so that a summary per range finds those of an entry.
create index entry_part_by_entry on ledger.entry_part using brin (entry_id)
  with (pages_per_range = 16, autosummarize = on);
revoke update, delete on ledger.entry_part from loopline_app;

create function ledger.refuse_unbalanced_parts() returns trigger language plpgsql as $$
begin
  if exists (
    select
    from inserted
    where (select coalesce(sum(amount), 0) from unnest(inserted.amounts_minor) as amount) <> 0
  ) then
    raise exception 'the postings of a part of an entry do not sum to zero'
      using errcode = 'check_violation', schema = 'ledger', table = 'entry_part', constraint = 'entry_sums_to_zero';
  end if;
  return null;
end
$$;

create trigger entry_sums_to_zero after insert on ledger.entry_part
  referencing new table as inserted
  for each statement execute function ledger.refuse_unbalanced_parts();

-- How much of a part was taken back so far; the row that two returns of the same part queue for.
create table ledger.reversed_part (
  entry_id uuid not null,
  part_id uuid not null,
  units_of bigint not null,
  units_reversed bigint not null default 0,
  primary key (part_id, entry_id),
  constraint reversed_within_part check (units_reversed between 0 and units_of),
  constraint part_has_units check (units_of > 0)
);

create table ledger.reversal (
  entry_id uuid primary key,
  of_entry_id uuid not null,
  part_id uuid not null,
  units_before bigint not null,
  units bigint not null,
  constraint reversal_takes_units check (units > 0 and units_before >= 0),
  constraint reversal_step_once unique (part_id, of_entry_id, units_before)
);
revoke update, delete on ledger.reversal from loopline_app;

create view ledger.posting with (security_invoker = true) as
select
  part.entry_id,
  part.part_id,
  part.currency,
  posting.position,
  account.id as account_id,
  posting.amount_minor
from ledger.entry_part as part
cross join lateral unnest(part.account_numbers, part.amounts_minor) with ordinality
  as posting (account_number, amount_minor, position)
join ledger.account as account on account.number = posting.account_number;

create view ledger.published_postings with (security_invoker = true) as
select
  entry.at,
  entry.kind,
  entry.subject,
  part.entry_id,
  part.part_id,
  account.entity_id,
  account.party_id,
  account.purpose,
  part.currency,
  posting.amount_minor
from ledger.entry_part as part
join ledger.entry as entry on entry.id = part.entry_id
cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
join ledger.account as account on account.number = posting.account_number;

create view ledger.published_balances with (security_invoker = true) as
select
  account.id as account_id,
  account.entity_id,
  account.party_id,
  account.purpose,
  account.currency,
  balance.balance_minor,
  balance.posting_count
from ledger.account as account
join ledger.balance as balance on balance.account_number = account.number;
