-- name: take_turn
-- Let one evaluate ladders at a time.
select pg_advisory_xact_lock(7310022)

-- name: all_ladders
-- Every ladder, by code and month. Locks nothing.
select
  id,
  code,
  role,
  currency,
  way,
  steps,
  from_month,
  author_id,
  comment,
  channels,
  categories,
  published_at,
  untried_because
from sharing.ladder
order by
  code,
  from_month

-- name: turnovers
-- The net amounts of what parties sold in the role of each of these ladders, less what came back (rounded half away from
-- zero, part by part), by ladder, seller of record and who has what the others leave. Locks nothing.
select
  ladder.id as ladder_id,
  share.party_id,
  split.entity_id,
  rest.party_id as funder_id,
  sum(
    (2 * split.base_minor * (split.units - coalesce(returned.units_returned, 0)) + split.units) / (2 * split.units)
  )::bigint as volume_minor,
  count(pending.part_id) as pending_parts
from sharing.split as split
cross join lateral unnest(split.party_ids, split.rule_rows) as share (party_id, rule_row)
join sharing.rule_row as earning
  on earning.rule_set_id = split.rule_set_id
  and earning.position = share.rule_row
join jsonb_to_recordset(%(ladders)s::jsonb)
  as ladder (id uuid, role text, currency text, channels text[], categories text[])
  on ladder.role = earning.role
  and ladder.currency = split.currency
cross join lateral (
  select other.party_id
  from unnest(split.party_ids, split.rule_rows) as other (party_id, rule_row)
  join sharing.rule_row as leaving
    on leaving.rule_set_id = split.rule_set_id
    and leaving.position = other.rule_row
    and leaving.remainder
  limit 1
) as rest
left join sharing.returned_part as returned
  on returned.line_id = split.line_id
  and returned.part_id = split.part_id
left join sharing.pending_part as pending
  on pending.due_at = split.due_at
  and pending.line_id = split.line_id
  and pending.part_id = split.part_id
left join sharing.line_kind as kind on kind.id = split.kind_id
where
  split.sold_at >= %(start)s::timestamptz
  and split.sold_at < %(end)s::timestamptz
  and (%(party_ids)s::uuid[] is null or split.party_ids && %(party_ids)s::uuid[])
  and (%(party_ids)s::uuid[] is null or share.party_id = any(%(party_ids)s::uuid[]))
  and (ladder.channels = '{}' or kind.channel = any(ladder.channels))
  and (ladder.categories = '{}' or kind.category = any(ladder.categories))
  and rest.party_id <> share.party_id
group by
  ladder.id,
  share.party_id,
  split.entity_id,
  rest.party_id
order by
  ladder.id,
  share.party_id,
  split.entity_id,
  rest.party_id

-- name: given_for
-- What was given for a month so far, by party, seller of record and funder. Locks nothing.
select
  party_id,
  entity_id,
  funder_id,
  sum(change_minor)::bigint as given_minor,
  count(*) as evaluations
from sharing.evaluation
where
  ladder_id = %(ladder_id)s::uuid
  and month = %(month)s::date
group by
  party_id,
  entity_id,
  funder_id

-- name: copy_evaluations
-- Keep what months came to, and what each look at them changed.
copy sharing.evaluation (
  id, ladder_id, party_id, entity_id, funder_id, currency, month, number, volume_minor, bonus_minor, change_minor, at
) from stdin

-- name: evaluations_of
-- The evaluations of parties (null: of all) for months from one on, the latest first. Locks nothing.
select
  id,
  ladder_id,
  party_id,
  entity_id,
  funder_id,
  currency,
  month,
  number,
  volume_minor,
  bonus_minor,
  change_minor,
  at
from sharing.evaluation
where
  month >= %(since)s::date
  and (%(party_ids)s::uuid[] is null or party_id = any(%(party_ids)s::uuid[]))
order by
  at desc,
  id desc
limit %(limit)s::bigint
