-- name: add_drafts
-- Make the rule sets that are not there yet, as drafts.
insert into sharing.rule_set (id, state, currency, author_id, comment, drafted_at, method, own_earns)
select
  draft.id,
  'draft',
  draft.currency,
  draft.author_id,
  draft.comment,
  %(drafted_at)s::timestamptz,
  %(method)s::smallint,
  draft.own_earns
from unnest(
  %(ids)s::uuid[], %(currencies)s::text[], %(author_ids)s::uuid[], %(comments)s::text[], %(own_earns)s::boolean[]
) as draft (id, currency, author_id, comment, own_earns)
order by draft.id
on conflict (id) do nothing
returning id;

-- name: lock_rule_sets
-- Lock rule sets, by id.
select
  rule_set.id,
  rule_set.version,
  rule_set.state,
  rule_set.drafted_at as saved_at
from sharing.rule_set as rule_set
where rule_set.id = any(%(rule_set_ids)s::uuid[])
order by rule_set.id
for update;

-- name: lock_rivals_of
-- Lock every rule set in the currencies of these, by id: whoever publishes holds them all, so that two who publish at once
-- see each other. There are as many as were ever drafted.
select
  rule_set.id,
  rule_set.version,
  rule_set.state,
  rule_set.drafted_at as saved_at
from sharing.rule_set as rule_set
where rule_set.currency in (
  select asked.currency
  from sharing.rule_set as asked
  where asked.id = any(%(rule_set_ids)s::uuid[])
)
order by rule_set.id
for update of rule_set;

-- name: change_drafts
-- Say anew what drafts are, whose rows the caller holds, and since when: never the moment it was before.
update sharing.rule_set as rule_set
set
  currency = draft.currency,
  author_id = draft.author_id,
  comment = draft.comment,
  drafted_at = greatest(%(drafted_at)s::timestamptz, rule_set.drafted_at + interval '1 microsecond'),
  method = %(method)s::smallint,
  own_earns = draft.own_earns
from unnest(
  %(ids)s::uuid[], %(currencies)s::text[], %(author_ids)s::uuid[], %(comments)s::text[], %(own_earns)s::boolean[]
) as draft (id, currency, author_id, comment, own_earns)
where rule_set.id = draft.id
returning rule_set.id, rule_set.drafted_at as saved_at;

-- name: delete_rule_rows
-- Take all rows out of drafts that the caller holds.
delete from sharing.rule_row
where rule_row.rule_set_id = any(%(rule_set_ids)s::uuid[]);

-- name: add_rule_rows
-- Write the rows of drafts that the caller holds.
insert into sharing.rule_row (
  rule_set_id, position, role, level, channels, categories, deliveries, regions, campaigns, owners, sold_from,
  sold_until, bound, basis_points, base, floor_minor, cap_minor, amount_minor, per, remainder
)
select
  rule_row.rule_set_id,
  rule_row.position,
  rule_row.role,
  rule_row.level,
  rule_row.channels,
  rule_row.categories,
  rule_row.deliveries,
  rule_row.regions,
  rule_row.campaigns,
  rule_row.owners,
  rule_row.sold_from,
  rule_row.sold_until,
  rule_row.bound,
  rule_row.basis_points,
  rule_row.base,
  rule_row.floor_minor,
  rule_row.cap_minor,
  rule_row.amount_minor,
  rule_row.per,
  rule_row.remainder
from jsonb_to_recordset(%(rows)s::jsonb) as rule_row (
  rule_set_id uuid,
  position smallint,
  role text,
  level smallint,
  channels text[],
  categories text[],
  deliveries text[],
  regions text[],
  campaigns text[],
  owners text[],
  sold_from timestamptz,
  sold_until timestamptz,
  bound boolean,
  basis_points integer,
  base text,
  floor_minor bigint,
  cap_minor bigint,
  amount_minor bigint,
  per text,
  remainder boolean
);

-- name: publish_rule_sets
-- Publish drafts that the caller holds.
update sharing.rule_set as rule_set
set
  state = 'published',
  published_by = publication.published_by,
  published_at = %(published_at)s::timestamptz,
  effective_from = publication.effective_from,
  trial_id = publication.trial_id,
  untried_because = publication.untried_because,
  accepted_limits = publication.limits
from jsonb_to_recordset(%(publications)s::jsonb) as publication (
  id uuid,
  effective_from timestamptz,
  published_by uuid,
  trial_id uuid,
  untried_because text,
  limits jsonb
)
where rule_set.id = publication.id;

-- name: published_moments
-- From which moments published rule sets count, by currency.
select
  rule_set.currency,
  rule_set.effective_from
from sharing.rule_set as rule_set
where rule_set.state = 'published'
order by rule_set.currency, rule_set.effective_from;

-- name: published_ids
-- Which of these rule sets are published.
select rule_set.id
from sharing.rule_set as rule_set
where rule_set.id = any(%(rule_set_ids)s::uuid[]) and rule_set.state = 'published';

-- name: splits_by_part
-- How these parts were split.
select
  split.line_id,
  split.part_id,
  split.order_id,
  split.rule_set_id,
  split.entity_id,
  split.currency,
  split.units,
  split.base_minor,
  split.due_at,
  split.party_ids,
  split.rule_rows,
  split.amounts_minor
from unnest(%(line_ids)s::uuid[], %(part_ids)s::uuid[]) as wanted (line_id, part_id)
join sharing.split as split on split.line_id = wanted.line_id and split.part_id = wanted.part_id;

-- name: copy_splits
-- Write how parts are split; a part that a rival splits at the same moment is an error, to be tried again.
copy sharing.split (
  line_id, part_id, order_id, rule_set_id, entity_id, currency, units, base_minor, due_at, party_ids, rule_rows,
  amounts_minor, kind_id, placed_at, sold_at, facts, waited_since, waited_rounds, waited_version
) from stdin;

-- name: known_kinds
-- Which of these kinds of lines are kept. Locks nothing.
select line_kind.id
from sharing.line_kind as line_kind
where line_kind.id = any(%(kind_ids)s::uuid[]);

-- name: add_kinds
-- Keep kinds of lines, by id; one that a rival kept just now is the same.
insert into sharing.line_kind (
  id, channel, category, delivery, region, campaign, owner, bound, roles, party_ids, own
)
select
  kind.id,
  kind.channel,
  kind.category,
  kind.delivery,
  kind.region,
  kind.campaign,
  kind.owner,
  kind.bound,
  kind.roles,
  kind.party_ids,
  coalesce(kind.own, '{}')
from jsonb_to_recordset(%(kinds)s::jsonb) as kind (
  id uuid,
  channel text,
  category text,
  delivery text,
  region text,
  campaign text,
  owner text,
  bound text[],
  roles text[],
  party_ids uuid[],
  own text[]
)
order by kind.id
on conflict (id) do nothing;

-- name: copy_pending_parts
-- Put parts into the queue of what becomes due.
copy sharing.pending_part (due_at, line_id, part_id) from stdin;

-- name: add_returned_parts
-- Make the row that counts what came back of a part, where there is none yet; by line, part.
insert into sharing.returned_part (line_id, part_id)
select
  wanted.line_id,
  wanted.part_id
from unnest(%(line_ids)s::uuid[], %(part_ids)s::uuid[]) as wanted (line_id, part_id)
order by wanted.line_id, wanted.part_id
on conflict do nothing;

-- name: lock_returned_parts
-- Lock the rows that count what came back of these parts, by line, part.
select
  returned_part.line_id,
  returned_part.part_id,
  returned_part.units_returned
from unnest(%(line_ids)s::uuid[], %(part_ids)s::uuid[]) as wanted (line_id, part_id)
join sharing.returned_part as returned_part
  on returned_part.line_id = wanted.line_id and returned_part.part_id = wanted.part_id
order by returned_part.line_id, returned_part.part_id
for update of returned_part;

-- name: change_returned_parts
-- Add to what came back of parts whose rows the caller holds.
update sharing.returned_part as returned_part
set units_returned = returned_part.units_returned + delta.units
from unnest(%(line_ids)s::uuid[], %(part_ids)s::uuid[], %(units)s::bigint[]) as delta (line_id, part_id, units)
where returned_part.line_id = delta.line_id and returned_part.part_id = delta.part_id;

-- name: lock_pending_parts
-- Lock these parts in the queue, by due time, line, part; a part that is not there is due. Waits for a release of them.
select pending_part.part_id
from unnest(%(due_ats)s::timestamptz[], %(line_ids)s::uuid[], %(part_ids)s::uuid[])
  as wanted (due_at, line_id, part_id)
join sharing.pending_part as pending_part
  on pending_part.due_at = wanted.due_at
  and pending_part.line_id = wanted.line_id
  and pending_part.part_id = wanted.part_id
order by pending_part.due_at, pending_part.line_id, pending_part.part_id
for update of pending_part;

-- name: claw_backs_of_parts
-- What was taken back of these parts so far.
select
  claw_back.reference,
  claw_back.line_id,
  claw_back.part_id,
  claw_back.units,
  claw_back.from_due,
  claw_back.amounts_minor
from unnest(%(line_ids)s::uuid[], %(part_ids)s::uuid[]) as wanted (line_id, part_id)
join sharing.claw_back as claw_back
  on claw_back.line_id = wanted.line_id and claw_back.part_id = wanted.part_id;

-- name: copy_claw_backs
-- Write what was taken back of parts.
copy sharing.claw_back (
  reference, line_id, part_id, units_before, units, from_due, amounts_minor, at
) from stdin;

-- name: take_due_parts
-- Take the first parts whose window has ended out of the queue, oldest first, and add up what becomes due: their shares
-- less what was cancelled. Locks those rows of the queue in their order; passes over parts that a return holds.
with ended as materialized (
  select
    pending_part.due_at,
    pending_part.line_id,
    pending_part.part_id
  from sharing.pending_part as pending_part
  where pending_part.due_at <= %(now)s::timestamptz
  order by pending_part.due_at, pending_part.line_id, pending_part.part_id
  limit %(limit)s::bigint
  for update skip locked
),
taken as materialized (
  delete from sharing.pending_part
  using ended
  where pending_part.due_at = ended.due_at
    and pending_part.line_id = ended.line_id
    and pending_part.part_id = ended.part_id
  returning pending_part.due_at, pending_part.line_id, pending_part.part_id
),
amounts as (
  select
    split.entity_id,
    share.party_id,
    split.currency,
    (split.due_at at time zone 'UTC')::date as due_on,
    share.amount_minor
  from taken
  join sharing.split as split on split.line_id = taken.line_id and split.part_id = taken.part_id
  cross join lateral unnest(split.party_ids, split.amounts_minor) as share (party_id, amount_minor)
  union all
  select
    split.entity_id,
    share.party_id,
    split.currency,
    (split.due_at at time zone 'UTC')::date as due_on,
    -share.amount_minor
  from taken
  join sharing.claw_back as claw_back on claw_back.line_id = taken.line_id and claw_back.part_id = taken.part_id
  join sharing.split as split on split.line_id = taken.line_id and split.part_id = taken.part_id
  cross join lateral unnest(split.party_ids, claw_back.amounts_minor) as share (party_id, amount_minor)
)
select
  amounts.entity_id,
  amounts.party_id,
  amounts.currency,
  amounts.due_on,
  sum(amounts.amount_minor)::bigint as amount_minor,
  (select count(*) from taken) as parts
from amounts
group by amounts.entity_id, amounts.party_id, amounts.currency, amounts.due_on
union all
select
  null,
  null,
  null,
  null,
  0,
  (select count(*) from taken) as parts
where not exists (select from amounts)
order by due_on, entity_id, party_id, currency;

-- name: add_release
-- Write that a batch of parts became due.
insert into sharing.release (id, at, parts)
values (%(release_id)s::uuid, %(at)s::timestamptz, %(parts)s::bigint);

-- name: copy_released_amounts
-- Write what a release made due.
copy sharing.released_amount (release_id, entity_id, party_id, currency, due_on, amount_minor) from stdin;
