-- name: entry_parts_sum_to_zero
-- Parts of entries whose postings do not sum to zero.
select
  'ledger entry ' || part.entry_id || ' part ' || part.part_id as subject,
  totals.total::text || ' ' || part.currency as found,
  '0 ' || part.currency as expected,
  'Post an entry of kind adjustment over ' || (-totals.total)::text
    || ' after finding who wrote past the trigger entry_sums_to_zero.' as repair
from ledger.entry_part as part
cross join lateral (select sum(amount) as total from unnest(part.amounts_minor) as amount) as totals
where totals.total <> 0
order by part.entry_id, part.part_id;

-- name: balances_equal_postings
-- Balances that differ from the sum or the count of their account's postings.
with summed as (
  select
    posting.account_number,
    sum(posting.amount_minor) as amount_minor,
    count(*) as posting_count
  from ledger.entry_part as part
  cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
  group by posting.account_number
)
select
  'ledger account ' || account.id as subject,
  balance.balance_minor::text || ' in ' || balance.posting_count::text || ' postings' as found,
  coalesce(summed.amount_minor, 0)::text || ' in ' || coalesce(summed.posting_count, 0)::text || ' postings' as expected,
  'insert into ledger.balance_change (account_number, amount_minor, posting_count) values (' || account.number::text
    || ', ' || (coalesce(summed.amount_minor, 0) - balance.balance_minor)::text || ', '
    || (coalesce(summed.posting_count, 0) - balance.posting_count)::text || ');' as repair
from ledger.account as account
join ledger.balance as balance on balance.account_number = account.number
left join summed on summed.account_number = account.number
where balance.balance_minor <> coalesce(summed.amount_minor, 0)
  or balance.posting_count <> coalesce(summed.posting_count, 0)
order by account.number;

-- name: postings_name_open_accounts
-- Parts that post to accounts which are not open or hold another currency.
select
  'ledger entry ' || part.entry_id || ' part ' || part.part_id as subject,
  'account ' || posting.account_number::text || coalesce(' in ' || account.currency, ' not open') as found,
  'an account in ' || part.currency as expected,
  'Correct ledger.entry_part from the last backup; no command of Loopline writes this.' as repair
from ledger.entry_part as part
cross join lateral unnest(part.account_numbers) as posting (account_number)
left join ledger.account as account on account.number = posting.account_number
where account.currency is distinct from part.currency
order by part.entry_id, part.part_id, posting.account_number;

-- name: parts_belong_to_entries
-- Parts without an entry, and entries without a part.
select
  'ledger entry ' || coalesce(part.entry_id, entry.id) as subject,
  case when entry.id is null then 'postings without an entry' else 'an entry without postings' end as found,
  'an entry with its postings' as expected,
  case
    when entry.id is null then 'delete from ledger.entry_part where entry_id = ''' || part.entry_id || ''';'
    else 'delete from ledger.entry where id = ''' || entry.id || ''';'
  end as repair
from (select distinct entry_part.entry_id from ledger.entry_part) as part
full join ledger.entry as entry on entry.id = part.entry_id
where entry.id is null or part.entry_id is null
order by 1;

-- name: reversed_parts_equal_reversals
-- Parts whose count of units taken back differs from the steps of their reversals.
with stepped as (
  select
    reversal.part_id,
    reversal.of_entry_id,
    sum(reversal.units) as units
  from ledger.reversal as reversal
  group by reversal.part_id, reversal.of_entry_id
)
select
  'ledger entry ' || coalesce(reversed_part.entry_id, stepped.of_entry_id)
    || ' part ' || coalesce(reversed_part.part_id, stepped.part_id) as subject,
  coalesce(reversed_part.units_reversed, 0)::text || ' units taken back' as found,
  coalesce(stepped.units, 0)::text || ' units taken back' as expected,
  'update ledger.reversed_part set units_reversed = ' || coalesce(stepped.units, 0)::text
    || ' where entry_id = ''' || coalesce(reversed_part.entry_id, stepped.of_entry_id)
    || ''' and part_id = ''' || coalesce(reversed_part.part_id, stepped.part_id) || ''';' as repair
from ledger.reversed_part as reversed_part
full join stepped on stepped.part_id = reversed_part.part_id and stepped.of_entry_id = reversed_part.entry_id
where coalesce(reversed_part.units_reversed, 0) <> coalesce(stepped.units, 0)
order by 1;

-- name: reversals_invert_their_originals
-- Parts taken back whose reversals are not, by account, the inverted proportion of the original, each leg's rounding
-- allowed for: one unit for each posting of the part; nothing where all of the part came back.
with original as (
  select
    reversed_part.entry_id,
    reversed_part.part_id,
    reversed_part.units_of,
    reversed_part.units_reversed,
    posting.account_number,
    sum(posting.amount_minor) as amount_minor,
    max(cardinality(part.amounts_minor)) as slack
  from ledger.reversed_part as reversed_part
  join ledger.entry_part as part
    on part.part_id = reversed_part.part_id and part.entry_id = reversed_part.entry_id
  cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
  group by reversed_part.entry_id, reversed_part.part_id, posting.account_number
),
taken as (
  select
    reversal.of_entry_id,
    reversal.part_id,
    posting.account_number,
    sum(posting.amount_minor) as amount_minor
  from ledger.reversal as reversal
  join ledger.entry_part as part on part.part_id = reversal.part_id and part.entry_id = reversal.entry_id
  cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
  group by reversal.of_entry_id, reversal.part_id, posting.account_number
),
compared as (
  select
    coalesce(original.entry_id, taken.of_entry_id) as entry_id,
    coalesce(original.part_id, taken.part_id) as part_id,
    coalesce(original.account_number, taken.account_number) as account_number,
    coalesce(taken.amount_minor, 0) as found,
    round(-coalesce(original.amount_minor, 0) * original.units_reversed / original.units_of) as expected,
    case when original.units_reversed = original.units_of then 0 else original.slack end as slack
  from original
  full join taken
    on taken.of_entry_id = original.entry_id
    and taken.part_id = original.part_id
    and taken.account_number = original.account_number
)
select
  'ledger entry ' || compared.entry_id || ' part ' || compared.part_id as subject,
  'account ' || compared.account_number::text || ' took back ' || compared.found::text as found,
  coalesce(compared.expected, 0)::text || coalesce(' within ' || nullif(compared.slack, 0)::text, '') as expected,
  'Post an entry of kind adjustment over ' || (coalesce(compared.expected, 0) - compared.found)::text
    || ' to account ' || compared.account_number::text || '.' as repair
from compared
where abs(compared.found - coalesce(compared.expected, 0)) > coalesce(compared.slack, 0)
order by 1, compared.account_number;

-- name: pending_amounts_end_once
-- What an entry left on its way (a line of a payout, a reclaim) and that ended in part, twice, in both ways, or without
-- having begun. Shares that wait for their return window are compared with the shares themselves
-- (`pending_shares_equal_postings`), because they may be cancelled in parts.
with moved as (
  select
    part.part_id,
    posting.account_number,
    coalesce(sum(posting.amount_minor) filter (where entry.kind in ('payout', 'reclaim')), 0) as opened_minor,
    coalesce(sum(posting.amount_minor) filter (where entry.kind not in ('payout', 'reclaim')), 0) as ended_minor,
    count(distinct entry.id) filter (where entry.kind not in ('payout', 'reclaim')) as endings
  from ledger.entry as entry
  join ledger.entry_part as part on part.entry_id = entry.id
  cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
  join ledger.account as account on account.number = posting.account_number
  where entry.kind in ('payout', 'payout_paid', 'payout_returned', 'reclaim', 'reclaim_came', 'reclaim_failed')
    and account.purpose in ('payout_in_transit', 'reclaim_in_transit')
  group by part.part_id, posting.account_number
)
select
  'pending part ' || moved.part_id as subject,
  moved.opened_minor || ' began, ' || moved.ended_minor || ' in ' || moved.endings || ' endings' as found,
  'no ending, or one over ' || (-moved.opened_minor) as expected,
  'select * from ledger.entry_part where part_id = ' || quote_literal(moved.part_id) as repair
from moved
where moved.opened_minor = 0
  or moved.endings > 1
  or (moved.endings = 1 and moved.ended_minor <> -moved.opened_minor)
order by moved.part_id, moved.account_number;
