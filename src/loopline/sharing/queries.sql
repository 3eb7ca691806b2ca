-- name: rule_sets
-- All rule sets with their rows, latest version first.
select
  rule_set.id,
  rule_set.version,
  rule_set.state,
  rule_set.currency,
  rule_set.author_id,
  rule_set.comment,
  rule_set.published_at,
  rule_set.effective_from,
  rule_set.drafted_at as saved_at,
  rule_set.method,
  rule_set.own_earns,
  rule_set.trial_id,
  rule_set.untried_because,
  coalesce(
    (
      select jsonb_agg(to_jsonb(rule_row) - 'rule_set_id' - 'position' order by rule_row.position)
      from sharing.rule_row as rule_row
      where rule_row.rule_set_id = rule_set.id
    ),
    '[]'
  ) as rows
from sharing.rule_set as rule_set
where %(rule_set_ids)s::uuid[] is null or rule_set.id = any(%(rule_set_ids)s::uuid[])
order by rule_set.version desc;

-- name: parts_of_lines
-- The split parts of these lines, with what came back of each and whether it is pending.
select
  split.line_id,
  split.part_id,
  split.order_id,
  split.rule_set_id,
  split.entity_id,
  split.currency,
  split.units,
  coalesce(returned_part.units_returned, 0) as units_returned,
  split.base_minor,
  split.due_at,
  pending_part.line_id is not null as is_pending
from sharing.split as split
left join sharing.returned_part as returned_part
  on returned_part.line_id = split.line_id and returned_part.part_id = split.part_id
left join sharing.pending_part as pending_part
  on pending_part.due_at = split.due_at
  and pending_part.line_id = split.line_id
  and pending_part.part_id = split.part_id
where split.line_id = any(%(line_ids)s::uuid[])
order by split.line_id, split.part_id;

-- name: split_part_ids
-- Which of these parts were split. Locks nothing.
select split.part_id
from unnest(%(line_ids)s::uuid[], %(part_ids)s::uuid[]) as wanted (line_id, part_id)
join sharing.split as split on split.line_id = wanted.line_id and split.part_id = wanted.part_id;

-- name: shares_of_lines
-- What each party earns of these lines, and by which row of which rules.
select
  share.order_id,
  share.line_id,
  share.part_id,
  share.rule_set_id,
  share.rule_row,
  share.role,
  share.party_id,
  share.entity_id,
  share.currency,
  share.amount_minor,
  share.cancelled_minor,
  share.clawed_back_minor,
  share.due_at,
  share.state,
  share.waited_since,
  share.waited_rounds,
  share.waited_version
from sharing.share as share
where share.line_id = any(%(line_ids)s::uuid[])
order by share.line_id, share.part_id, share.rule_row;

-- name: shares_of_party
-- What a party earns of lines ordered in a range of time, which is a range of line ids.
select
  share.order_id,
  share.line_id,
  share.part_id,
  share.rule_set_id,
  share.rule_row,
  share.role,
  share.party_id,
  share.entity_id,
  share.currency,
  share.amount_minor,
  share.cancelled_minor,
  share.clawed_back_minor,
  share.due_at,
  share.state,
  share.waited_since,
  share.waited_rounds,
  share.waited_version
from sharing.share as share
where share.party_id = %(party_id)s::uuid
  and share.line_id >= %(first_line_id)s::uuid
  and (%(end_line_id)s::uuid is null or share.line_id < %(end_line_id)s::uuid)
order by share.line_id, share.part_id, share.rule_row
limit %(limit)s::bigint;

-- name: parts_of_parties
-- The parts that parties have a share of, of lines ordered since a moment, the latest line first, after a part already
-- seen; each part with the shares of these parties alone. Reads lines backwards until there are enough.
with chosen as (
  select
    split.line_id,
    split.part_id,
    split.units,
    split.base_minor
  from sharing.split as split
  where split.party_ids && %(party_ids)s::uuid[]
    and split.line_id >= %(first_line_id)s::uuid
    and (
      %(before_line_id)s::uuid is null
      or (split.line_id, split.part_id) < (%(before_line_id)s::uuid, %(before_part_id)s::uuid)
    )
  order by split.line_id desc, split.part_id desc
  limit %(limit)s::bigint
)
select
  share.order_id,
  share.line_id,
  share.part_id,
  share.rule_set_id,
  share.rule_row,
  share.role,
  share.party_id,
  share.entity_id,
  share.currency,
  share.amount_minor,
  share.cancelled_minor,
  share.clawed_back_minor,
  share.due_at,
  share.state,
  share.waited_since,
  share.waited_rounds,
  share.waited_version,
  chosen.units,
  chosen.base_minor
from chosen
join sharing.share as share on share.line_id = chosen.line_id and share.part_id = chosen.part_id
where share.party_id = any(%(party_ids)s::uuid[])
order by share.line_id desc, share.part_id desc, share.rule_row;

-- name: pending_part_count
-- How many parts wait for the end of their return window.
select count(*)
from sharing.pending_part as pending_part;

-- name: shares_page
-- A party's shares, the newest lines first, after one, at most so many. The range of time is one of ids.
select
  share.order_id,
  share.line_id,
  share.part_id,
  share.rule_set_id,
  share.rule_row,
  share.role,
  share.party_id,
  share.entity_id,
  share.currency,
  share.amount_minor,
  share.cancelled_minor,
  share.clawed_back_minor,
  share.due_at,
  share.state,
  share.waited_since,
  share.waited_rounds,
  share.waited_version
from sharing.share as share
where share.party_id = %(party_id)s::uuid
  and share.line_id >= %(first_line_id)s::uuid
  and (%(end_line_id)s::uuid is null or share.line_id < %(end_line_id)s::uuid)
  and (
    %(after_line_id)s::uuid is null
    or (share.line_id, share.part_id, share.rule_row)
        < (%(after_line_id)s::uuid, %(after_part_id)s::uuid, %(after_rule_row)s::integer)
  )
order by share.line_id desc, share.part_id desc, share.rule_row desc
limit %(at_most)s::bigint;

-- name: released_by_day
-- What became due to a party, by day, seller and currency, the earliest day first.
select
  released_amount.entity_id,
  released_amount.currency,
  released_amount.due_on,
  sum(released_amount.amount_minor)::bigint as amount_minor
from sharing.released_amount as released_amount
where released_amount.party_id = %(party_id)s::uuid
group by released_amount.entity_id, released_amount.currency, released_amount.due_on
order by released_amount.due_on, released_amount.entity_id, released_amount.currency;

-- name: own_purchases
-- Who earns nothing of these lines because they bought them themselves, where the rules would have given their role
-- something. Locks nothing.
select distinct
  split.line_id,
  split.rule_set_id,
  own.role,
  line_kind.party_ids[array_position(line_kind.roles, own.role)] as party_id
from sharing.split as split
join sharing.rule_set as rule_set on rule_set.id = split.rule_set_id and not rule_set.own_earns
join sharing.line_kind as line_kind on line_kind.id = split.kind_id
cross join lateral unnest(line_kind.own) as own (role)
where split.line_id = any(%(line_ids)s::uuid[])
  and exists (
    select
    from sharing.rule_row as rule_row
    where rule_row.rule_set_id = split.rule_set_id and rule_row.role = own.role and not rule_row.remainder
  )
order by split.line_id, own.role;
