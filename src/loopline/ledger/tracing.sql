-- name: traced_entry
-- An entry with its postings in their order, and other entries about the same parts, the oldest first, at most so many. An
-- entry that takes back, or is taken back, shares its part with the other. Locks nothing.
with part as materialized (
  select
    entry_part.part_id,
    entry_part.currency,
    entry_part.account_numbers,
    entry_part.amounts_minor
  from ledger.entry_part as entry_part
  where entry_part.entry_id = %(entry_id)s::uuid
),
other as materialized (
  select
    entry_part.entry_id,
    array_agg(distinct account.entity_id) as entity_ids
  from (select distinct part.part_id from part) as mine
  join ledger.entry_part as entry_part
    on entry_part.part_id = mine.part_id and entry_part.entry_id <> %(entry_id)s::uuid
  cross join lateral unnest(entry_part.account_numbers) as posting (account_number)
  join ledger.account as account on account.number = posting.account_number
  group by entry_part.entry_id
  order by entry_part.entry_id
  limit %(others_most)s::bigint
)
select
  entry.id,
  entry.kind,
  entry.subject,
  entry.at,
  entry.cut,
  entry.key,
  (
    select jsonb_agg(
      jsonb_build_object(
        'part_id', part.part_id,
        'number', account.number,
        'entity_id', account.entity_id,
        'party_id', account.party_id,
        'purpose', account.purpose,
        'currency', part.currency,
        'amount_minor', posting.amount_minor
      )
      order by part.part_id, part.currency, posting.position
    )
    from part
    cross join lateral unnest(part.account_numbers, part.amounts_minor) with ordinality
      as posting (account_number, amount_minor, position)
    join ledger.account as account on account.number = posting.account_number
  ) as postings,
  coalesce(
    (
      select jsonb_agg(
        jsonb_build_object(
          'entry_id', found.id,
          'kind', found.kind,
          'subject', found.subject,
          'at', found.at,
          'key', found.key,
          'entity_ids', to_jsonb(other.entity_ids),
          'relation',
          case
            when mine.of_entry_id = found.id then 'takes_back'
            when theirs.of_entry_id = entry.id then 'taken_back_by'
            else 'same_part'
          end
        )
        order by found.at, found.id
      )
      from other
      join ledger.entry as found on found.id = other.entry_id
      left join ledger.reversal as theirs on theirs.entry_id = found.id
    ),
    '[]'
  ) as others
from ledger.entry as entry
left join ledger.reversal as mine on mine.entry_id = entry.id
where entry.id = %(entry_id)s::uuid;

-- name: sales_of_parts
-- By which entry each of these parts was sold. Locks nothing.
select
  part.part_id,
  entry.id as entry_id
from ledger.entry_part as part
join ledger.entry as entry on entry.id = part.entry_id
where part.part_id = any(%(part_ids)s::uuid[]) and entry.kind = 'sale'
order by part.part_id, entry.id;
