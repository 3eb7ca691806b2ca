-- name: late_entries
-- Entries with ids of a range that moved a party's shares, or what it bears of promotions, and stand in no page of their day
-- or a later one.
select distinct part.entry_id
from ledger.entry_part as part
cross join lateral unnest(part.account_numbers, part.amounts_minor) as posting (account_number, amount_minor)
join ledger.account as account on account.number = posting.account_number
join ledger.entry as entry on entry.id = part.entry_id
left join ledger.reversal as reversal on reversal.entry_id = part.entry_id
left join ledger.entry as original on original.id = reversal.of_entry_id
where part.entry_id >= %(first_id)s::uuid
  and part.entry_id < %(end_id)s::uuid
  and account.party_id is not null
  and (
    account.purpose in ('share_pending', 'share_due')
    or (account.purpose in ('receivable', 'intercompany') and 'promotion' in (entry.kind, original.kind))
  )
  and posting.amount_minor <> 0
  and not exists (
    select
    from (
      select unnest(page.entry_ids) as entry_id
      from statements.page as page
      join statements.seal as seal on seal.day = page.day
      where page.day >= %(first_day)s::date
    ) as sealed
    where sealed.entry_id = part.entry_id
  )
order by part.entry_id;

-- name: something_is_unsettled
-- Whether the follower that settles what was handed over has yet to apply an event from before a moment.
select exists (
  select
  from log.follower as follower
  join log.event as event on event.position > follower.position
  where follower.name = 'settle' and event.type = any(%(types)s::text[]) and event.at < %(before)s::timestamptz
);
