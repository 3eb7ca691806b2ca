-- name: shares_add_up_to_their_base
-- Parts whose shares do not add up to their base, or of which one is negative.
select
  'shares of part ' || split.part_id || ' of line ' || split.line_id as subject,
  coalesce(totals.total, 0)::text || coalesce(', lowest ' || nullif(least(totals.lowest, 0), 0)::text, '') as found,
  split.base_minor::text as expected,
  'Correct sharing.split from the last backup; no command of Loopline writes this.' as repair
from sharing.split as split
cross join lateral (
  select
    sum(amount) as total,
    min(amount) as lowest
  from unnest(split.amounts_minor) as amount
) as totals
where coalesce(totals.total, 0) <> split.base_minor or totals.lowest < 0
order by split.line_id, split.part_id;

-- name: shares_name_published_rules
-- Shares whose rule set is not published or has no such row.
select
  'shares of part ' || split.part_id || ' of line ' || split.line_id as subject,
  case
    when rule_set.id is null then 'rule set ' || split.rule_set_id || ' does not exist'
    when rule_set.state <> 'published' then 'rule set ' || split.rule_set_id || ' is a draft'
    else 'row ' || missing.rule_row::text || ' does not exist'
  end as found,
  'rows of a published rule set' as expected,
  'Restore sharing.rule_set and sharing.rule_row from the last backup.' as repair
from sharing.split as split
left join sharing.rule_set as rule_set on rule_set.id = split.rule_set_id
left join lateral (
  select share.rule_row
  from unnest(split.rule_rows) as share (rule_row)
  left join sharing.rule_row as rule_row
    on rule_row.rule_set_id = split.rule_set_id and rule_row.position = share.rule_row
  where rule_row.position is null
    -- What was given for waiting is of no row, and stands last.
    and not (share.rule_row = 0 and split.waited_since is not null)
  limit 1
) as missing on true
where rule_set.id is null or rule_set.state <> 'published' or missing.rule_row is not null
order by split.line_id, split.part_id;

-- name: returned_parts_equal_claw_backs
-- Parts whose count of units that came back differs from their claw-backs, or lies above their units.
with clawed as (
  select
    claw_back.line_id,
    claw_back.part_id,
    sum(claw_back.units) as units
  from sharing.claw_back as claw_back
  group by claw_back.line_id, claw_back.part_id
),
counted as (
  select
    coalesce(returned_part.line_id, clawed.line_id) as line_id,
    coalesce(returned_part.part_id, clawed.part_id) as part_id,
    coalesce(returned_part.units_returned, 0) as found,
    coalesce(clawed.units, 0) as expected
  from sharing.returned_part as returned_part
  full join clawed on clawed.line_id = returned_part.line_id and clawed.part_id = returned_part.part_id
)
select
  'shares of part ' || counted.part_id || ' of line ' || counted.line_id as subject,
  counted.found::text || ' units came back' as found,
  counted.expected::text || ' units came back, of ' || coalesce(split.units::text, 'no split') as expected,
  'update sharing.returned_part set units_returned = ' || counted.expected::text || ' where line_id = '''
    || counted.line_id || ''' and part_id = ''' || counted.part_id || ''';' as repair
from counted
left join sharing.split as split on split.line_id = counted.line_id and split.part_id = counted.part_id
where counted.found <> counted.expected or split.units is null or counted.expected > split.units
order by counted.line_id, counted.part_id;

-- name: claw_backs_are_proportional
-- Parts of which more or less was taken back than the proportion of their shares: half a unit for each share, and one,
-- is rounding; nothing where all of it came back.
select
  'shares of part ' || split.part_id || ' of line ' || split.line_id as subject,
  'share ' || share.position::text || ' gave back ' || coalesce(taken.amount_minor, 0)::text as found,
  round(share.amount_minor * taken.units / split.units)::text as expected,
  'Correct sharing.claw_back from the last backup; no command of Loopline writes this.' as repair
from (
  select distinct
    claw_back.line_id,
    claw_back.part_id
  from sharing.claw_back as claw_back
) as clawed
join sharing.split as split on split.line_id = clawed.line_id and split.part_id = clawed.part_id
cross join lateral unnest(split.amounts_minor) with ordinality as share (amount_minor, position)
cross join lateral (
  select
    sum(claw_back.units) as units,
    sum(claw_back.amounts_minor[share.position]) as amount_minor
  from sharing.claw_back as claw_back
  where claw_back.line_id = split.line_id and claw_back.part_id = split.part_id
) as taken
where abs(coalesce(taken.amount_minor, 0) - share.amount_minor * taken.units / split.units)
  > case when taken.units = split.units then 0 else cardinality(split.amounts_minor) / 2.0 + 1 end
order by split.line_id, split.part_id, share.position;

-- name: queue_holds_split_parts
-- Entries of the queue of what becomes due that belong to no part, or to another due time.
select
  'pending part ' || pending_part.part_id || ' of line ' || pending_part.line_id as subject,
  'due at ' || pending_part.due_at::text as found,
  coalesce('due at ' || split.due_at::text, 'no such part') as expected,
  'delete from sharing.pending_part where line_id = ''' || pending_part.line_id || ''' and part_id = '''
    || pending_part.part_id || ''' and due_at = ''' || pending_part.due_at::text || ''';' as repair
from sharing.pending_part as pending_part
left join sharing.split as split
  on split.line_id = pending_part.line_id and split.part_id = pending_part.part_id
where split.due_at is distinct from pending_part.due_at
order by pending_part.line_id, pending_part.part_id;

-- name: releases_equal_due_shares
-- Parties whose released amounts differ from their shares of the parts that are due, less what was cancelled before.
with due as (
  select
    split.entity_id,
    share.party_id,
    split.currency,
    share.amount_minor
  from sharing.split as split
  cross join lateral unnest(split.party_ids, split.amounts_minor) as share (party_id, amount_minor)
  where not exists (
    select
    from sharing.pending_part as pending_part
    where pending_part.due_at = split.due_at
      and pending_part.line_id = split.line_id
      and pending_part.part_id = split.part_id
  )
  union all
  select
    split.entity_id,
    share.party_id,
    split.currency,
    -share.amount_minor
  from sharing.claw_back as claw_back
  join sharing.split as split on split.line_id = claw_back.line_id and split.part_id = claw_back.part_id
  cross join lateral unnest(split.party_ids, claw_back.amounts_minor) as share (party_id, amount_minor)
  where not claw_back.from_due
    and not exists (
      select
      from sharing.pending_part as pending_part
      where pending_part.due_at = split.due_at
        and pending_part.line_id = split.line_id
        and pending_part.part_id = split.part_id
    )
),
expected as (
  select
    due.entity_id,
    due.party_id,
    due.currency,
    sum(due.amount_minor) as amount_minor
  from due
  group by due.entity_id, due.party_id, due.currency
),
released as (
  select
    released_amount.entity_id,
    released_amount.party_id,
    released_amount.currency,
    sum(released_amount.amount_minor) as amount_minor
  from sharing.released_amount as released_amount
  group by released_amount.entity_id, released_amount.party_id, released_amount.currency
)
select
  'shares of party ' || coalesce(expected.party_id, released.party_id) as subject,
  coalesce(released.amount_minor, 0)::text || ' ' || coalesce(expected.currency, released.currency)
    || ' released' as found,
  coalesce(expected.amount_minor, 0)::text || ' ' || coalesce(expected.currency, released.currency) as expected,
  'Find the parts that left sharing.pending_part without a release; put them back:'
    || ' the next release takes them.' as repair
from expected
full join released
  on released.entity_id = expected.entity_id
  and released.party_id = expected.party_id
  and released.currency = expected.currency
where coalesce(released.amount_minor, 0) <> coalesce(expected.amount_minor, 0)
order by 1, 2;

-- name: published_rules_are_lawful
-- Published rule sets with more than two levels, or without exactly one remainder.
select
  'rule set ' || rule_set.version::text as subject,
  'level ' || coalesce(max(rule_row.level), 0)::text || ', '
    || count(*) filter (where rule_row.remainder)::text || ' remainders' as found,
  'at most level 2, 1 remainder' as expected,
  'Publish a corrected version; shares made by this one are to be judged by a person.' as repair
from sharing.rule_set as rule_set
left join sharing.rule_row as rule_row on rule_row.rule_set_id = rule_set.id
where rule_set.state = 'published'
group by rule_set.version
having max(rule_row.level) > 2 or count(*) filter (where rule_row.remainder) <> 1
order by rule_set.version;
