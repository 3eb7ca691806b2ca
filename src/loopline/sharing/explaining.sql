-- name: shares_with_rules
-- What each party earns of these lines, with the version and the row of the rules it is by, and what it is a share of.
-- Locks nothing.
select
  share.line_id,
  share.part_id,
  share.rule_row,
  rule_set.version as rule_version,
  to_jsonb(row_of_rules) - 'rule_set_id' - 'position' as rule,
  share.role,
  share.party_id,
  share.entity_id,
  share.currency,
  split.base_minor,
  share.amount_minor,
  share.cancelled_minor,
  share.clawed_back_minor,
  share.due_at,
  share.state,
  share.waited_since,
  share.waited_rounds,
  share.waited_version
from sharing.share as share
join sharing.split as split on split.line_id = share.line_id and split.part_id = share.part_id
join sharing.rule_set as rule_set on rule_set.id = share.rule_set_id
left join sharing.rule_row as row_of_rules
  on row_of_rules.rule_set_id = share.rule_set_id and row_of_rules.position = share.rule_row
where share.line_id = any(%(line_ids)s::uuid[]) and split.line_id = any(%(line_ids)s::uuid[])
order by share.line_id, share.part_id, share.rule_row;

-- name: shares_released
-- Shares of a party whose return window ended on a day (UTC), of lines ordered in a range of ids: the first of them, by
-- line. Locks nothing.
select
  share.line_id,
  share.part_id,
  share.rule_row,
  rule_set.version as rule_version,
  to_jsonb(row_of_rules) - 'rule_set_id' - 'position' as rule,
  share.role,
  share.party_id,
  share.entity_id,
  share.currency,
  split.base_minor,
  share.amount_minor,
  share.cancelled_minor,
  share.clawed_back_minor,
  share.due_at,
  share.state,
  share.waited_since,
  share.waited_rounds,
  share.waited_version
from sharing.split as split
join sharing.share as share on share.line_id = split.line_id and share.part_id = split.part_id
join sharing.rule_set as rule_set on rule_set.id = split.rule_set_id
left join sharing.rule_row as row_of_rules
  on row_of_rules.rule_set_id = share.rule_set_id and row_of_rules.position = share.rule_row
where split.line_id >= %(first_line_id)s::uuid
  and split.line_id < %(end_line_id)s::uuid
  and split.due_at >= %(start)s::timestamptz
  and split.due_at < %(end)s::timestamptz
  and split.entity_id = %(entity_id)s::uuid
  and split.currency = %(currency)s::text
  and split.party_ids && array[%(party_id)s::uuid]
  and share.party_id = %(party_id)s::uuid
  and share.state = 'due'
order by share.line_id, share.part_id, share.rule_row
limit %(at_most)s::bigint;
