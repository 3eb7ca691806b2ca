-- name: rule_sets_there
-- Which of these rule sets there are. Locks nothing.
select rule_set.id
from sharing.rule_set as rule_set
where rule_set.id = any(%(rule_set_ids)s::uuid[]);

-- name: add_trials
-- Ask for trials, unless they were asked for already.
insert into sharing.trial (id, rule_set_id, asked_by, asked_at, sold_from, sold_until)
select
  ask.id,
  ask.rule_set_id,
  ask.asked_by,
  %(asked_at)s::timestamptz,
  ask.sold_from,
  ask.sold_until
from jsonb_to_recordset(%(asks)s::jsonb) as ask (
  id uuid,
  rule_set_id uuid,
  asked_by uuid,
  sold_from timestamptz,
  sold_until timestamptz
)
order by ask.id
on conflict (id) do nothing;

-- name: trials_of
-- The trials of rule sets, the latest first. Locks nothing.
select
  trial.id,
  trial.rule_set_id,
  trial.asked_by,
  trial.asked_at,
  trial.sold_from,
  trial.sold_until,
  trial.done_parts,
  trial.all_parts,
  trial.ended_at,
  trial.result,
  trial.failure
from sharing.trial as trial
where trial.rule_set_id = any(%(rule_set_ids)s::uuid[])
order by trial.asked_at desc, trial.id desc
limit %(limit)s::bigint;

-- name: grounds_of
-- What the trials of these rule sets tried that had anything to try on, the earliest first; and whether anything was sold
-- in their currencies that rules can be tried on: without rules of a currency nothing was, and splits are not looked at.
-- Locks nothing.
select
  rule_set.id as rule_set_id,
  exists (
    select
    from sharing.rule_set as standing
    where standing.currency = rule_set.currency and standing.state = 'published'
  ) and exists (
    select
    from sharing.split as split
    where split.currency = rule_set.currency and split.sold_at is not null
  ) as has_history,
  coalesce(
    (
      select jsonb_agg(
        jsonb_build_object(
          'id', trial.id,
          'rows_mark', trial.result -> 'rows_mark',
          'currency', trial.result -> 'currency',
          'method', coalesce(trial.result -> 'method', '1'),
          'own_earns', coalesce(trial.result -> 'own_earns', 'true')
        )
        order by trial.ended_at, trial.id
      )
      from sharing.trial as trial
      where trial.rule_set_id = rule_set.id and (trial.result ->> 'parts')::bigint > 0
    ),
    '[]'
  ) as tried
from sharing.rule_set as rule_set
where rule_set.id = any(%(rule_set_ids)s::uuid[]);

-- name: trial_to_run
-- The oldest trial that has not ended. Locks nothing: trials are run one at a time.
select
  trial.id,
  trial.rule_set_id,
  trial.asked_by,
  trial.asked_at,
  trial.sold_from,
  trial.sold_until,
  trial.done_parts,
  trial.all_parts,
  trial.ended_at,
  trial.result,
  trial.failure
from sharing.trial as trial
where trial.ended_at is null
order by trial.asked_at, trial.id
limit 1;

-- name: note_progress
-- Note how far a trial is. Locks its row.
update sharing.trial
set done_parts = %(done_parts)s::bigint, all_parts = %(all_parts)s::bigint
where trial.id = %(trial_id)s::uuid and trial.ended_at is null;

-- name: end_trial
-- Keep what a trial came to, unless it has ended. Locks its row.
update sharing.trial
set
  ended_at = %(ended_at)s::timestamptz,
  result = %(result)s::jsonb,
  failure = %(failure)s::text
where trial.id = %(trial_id)s::uuid and trial.ended_at is null;

-- name: count_sold
-- How many parts of a currency were sold in a span of time. What was split before its facts were kept has no moment: of
-- that, what became due, or will, in the span. Locks nothing.
select
  (
    select count(*)
    from sharing.split as split
    where split.sold_at >= %(sold_from)s::timestamptz
      and split.sold_at < coalesce(%(sold_until)s::timestamptz, 'infinity')
      and split.currency = %(currency)s::text
  ) as told,
  (
    select count(*)
    from sharing.split as split
    where split.sold_at is null
      and split.due_at >= %(sold_from)s::timestamptz
      and split.due_at < coalesce(%(sold_until)s::timestamptz, 'infinity')
      and split.currency = %(currency)s::text
  ) as untold;

-- name: was_sold
-- Whether any part of a currency was sold in a span of time. Locks nothing.
select exists (
  select
  from sharing.split as split
  where split.sold_at >= %(sold_from)s::timestamptz
    and split.sold_at < coalesce(%(sold_until)s::timestamptz, 'infinity')
    and split.currency = %(currency)s::text
);

-- name: kinds_sold
-- The kinds of lines that were sold in a span of time. Locks nothing.
select
  line_kind.id,
  line_kind.channel,
  line_kind.category,
  line_kind.delivery,
  line_kind.region,
  line_kind.campaign,
  line_kind.owner,
  line_kind.bound,
  line_kind.roles,
  line_kind.party_ids,
  line_kind.own
from sharing.line_kind as line_kind
where line_kind.id in (
  select split.kind_id
  from sharing.split as split
  where split.sold_at >= %(sold_from)s::timestamptz
    and split.sold_at < coalesce(%(sold_until)s::timestamptz, 'infinity')
    and split.currency = %(currency)s::text
);

-- name: parts_sold
-- The parts that were sold in a span of time, in no order. What was given for waiting, the last share of a part, no rules
-- give: it counts as left where it was taken from, the share before it. Locks nothing.
select
  split.kind_id,
  split.placed_at,
  split.units,
  split.base_minor,
  split.facts,
  case
    when split.waited_since is null then split.party_ids
    else trim_array(split.party_ids, 1)
  end::text as parties,
  case
    when split.waited_since is null then split.amounts_minor
    else trim_array(split.amounts_minor, 2) || (
      split.amounts_minor[cardinality(split.amounts_minor) - 1]
      + split.amounts_minor[cardinality(split.amounts_minor)]
    )
  end as amounts_minor,
  coalesce(returned_part.units_returned, 0) as units_returned
from sharing.split as split
left join sharing.returned_part as returned_part
  on returned_part.line_id = split.line_id and returned_part.part_id = split.part_id
where split.sold_at >= %(sold_from)s::timestamptz
  and split.sold_at < coalesce(%(sold_until)s::timestamptz, 'infinity')
  and split.currency = %(currency)s::text;
