-- name: profile_in_force
-- The version published last, if any. Locks nothing.
select
  version,
  based_on,
  state,
  settings,
  comment,
  written_at,
  written_by,
  published_at,
  published_by
from sourcing.profile
where
  state = 'published'
order by
  published_at desc,
  version desc
limit 1;

-- name: profiles
-- All versions, the newest first. Locks nothing.
select
  version,
  based_on,
  state,
  settings,
  comment,
  written_at,
  written_by,
  published_at,
  published_by
from sourcing.profile
order by
  version desc;

-- name: profile_by_version
-- One version. Locks nothing.
select
  version,
  based_on,
  state,
  settings,
  comment,
  written_at,
  written_by,
  published_at,
  published_by
from sourcing.profile
where
  version = %(version)s::integer;

-- name: lock_profile
-- The state of a version. Locks its row.
select state
from sourcing.profile
where
  version = %(version)s::integer
for update;

-- name: insert_draft
-- Write a draft under the next number. Of two at once one raises a unique violation, and begins again.
insert into sourcing.profile (version, based_on, state, settings, written_at, written_by)
select
  coalesce(max(version), 0) + 1,
  %(based_on)s::integer,
  'draft',
  %(settings)s::jsonb,
  %(now)s::timestamptz,
  %(by)s::text
from sourcing.profile
returning
  version,
  based_on,
  state,
  settings,
  comment,
  written_at,
  written_by,
  published_at,
  published_by;

-- name: change_draft
-- Write a draft's settings anew. The caller holds the row.
update sourcing.profile
set
  settings = %(settings)s::jsonb,
  written_at = %(now)s::timestamptz,
  written_by = %(by)s::text
where
  version = %(version)s::integer
returning
  version,
  based_on,
  state,
  settings,
  comment,
  written_at,
  written_by,
  published_at,
  published_by;

-- name: publish_draft
-- Put a draft in force. The caller holds the row.
update sourcing.profile
set
  state = 'published',
  comment = %(comment)s::text,
  published_at = %(now)s::timestamptz,
  published_by = %(by)s::text
where
  version = %(version)s::integer
returning
  version,
  based_on,
  state,
  settings,
  comment,
  written_at,
  written_by,
  published_at,
  published_by;

-- name: drop_draft
-- Drop a draft. The caller holds the row.
update sourcing.profile
set state = 'dropped'
where
  version = %(version)s::integer;

-- name: overrides
-- What all units set for their sites, for who decides for all of them. Locks nothing.
select
  unit_id,
  setting,
  value
from sourcing.override
order by
  unit_id,
  setting;

-- name: overrides_of_units
-- What these units set, by whom and why. Locks nothing.
select
  unit_id,
  setting,
  value,
  comment,
  set_at,
  set_by
from sourcing.override
where
  unit_id = any(%(unit_ids)s::uuid[])
order by
  unit_id,
  setting;

-- name: override_changes
-- What these units set and took back, the latest first. Locks nothing.
select
  unit_id,
  setting,
  value,
  comment,
  set_at,
  set_by
from sourcing.override_change
where
  unit_id = any(%(unit_ids)s::uuid[])
order by
  set_at desc,
  number desc
limit %(at_most)s::integer;

-- name: put_overrides
-- Set what units want for their sites, and keep that they did. Locks those rows in order of (unit, setting).
with put as (
  insert into sourcing.override (unit_id, setting, value, comment, set_at, set_by)
  select
    given.unit_id,
    given.setting,
    given.value,
    given.comment,
    %(now)s::timestamptz,
    %(by)s::text
  from unnest(
    %(unit_ids)s::uuid[],
    %(settings)s::text[],
    %(values)s::bigint[],
    %(comments)s::text[]
  ) as given (unit_id, setting, value, comment)
  order by
    given.unit_id,
    given.setting
  on conflict (unit_id, setting) do update
  set
    value = excluded.value,
    comment = excluded.comment,
    set_at = excluded.set_at,
    set_by = excluded.set_by
  returning
    unit_id,
    setting,
    value,
    comment,
    set_at,
    set_by
)
insert into sourcing.override_change (unit_id, setting, value, comment, set_at, set_by)
select
  put.unit_id,
  put.setting,
  put.value,
  put.comment,
  put.set_at,
  put.set_by
from put
order by
  put.unit_id,
  put.setting;

-- name: drop_overrides
-- Forget what units set, and keep that they took it back. Locks those rows.
with gone as (
  delete from sourcing.override as one
  using unnest(
    %(unit_ids)s::uuid[],
    %(settings)s::text[],
    %(comments)s::text[]
  ) as given (unit_id, setting, comment)
  where
    one.unit_id = given.unit_id
    and one.setting = given.setting
  returning
    one.unit_id,
    one.setting,
    given.comment
)
insert into sourcing.override_change (unit_id, setting, comment, set_at, set_by)
select
  gone.unit_id,
  gone.setting,
  gone.comment,
  %(now)s::timestamptz,
  %(by)s::text
from gone
order by
  gone.unit_id,
  gone.setting;

-- name: insert_trial
-- Ask for a trial, unless it was asked for already.
insert into sourcing.trial (id, version, against, from_day, until_day, asked_at, asked_by)
values (
  %(trial_id)s::uuid,
  %(version)s::integer,
  %(against)s::integer,
  %(from_day)s::date,
  %(until_day)s::date,
  %(now)s::timestamptz,
  %(by)s::text
)
on conflict (id) do nothing;

-- name: trials_of
-- The trials of a version, the latest first. Locks nothing.
select
  id,
  version,
  against,
  from_day,
  until_day,
  asked_at,
  asked_by,
  done_days,
  report,
  failure,
  ended_at
from sourcing.trial
where
  version = %(version)s::integer
order by
  asked_at desc,
  id desc;

-- name: trial_to_run
-- The oldest trial that has not ended. Locks nothing: two that run it come to the same.
select
  id,
  version,
  against,
  from_day,
  until_day,
  asked_at,
  asked_by,
  done_days,
  report,
  failure,
  ended_at
from sourcing.trial
where
  ended_at is null
order by
  asked_at,
  id
limit 1;

-- name: note_progress
-- Note how many days of a trial are done. Locks its row.
update sourcing.trial
set done_days = %(done_days)s::integer
where
  id = %(trial_id)s::uuid
  and ended_at is null;

-- name: end_trial
-- Keep what a trial came to, unless it has ended. Locks its row.
update sourcing.trial
set
  report = %(report)s::jsonb,
  failure = %(failure)s::text,
  ended_at = %(now)s::timestamptz
where
  id = %(trial_id)s::uuid
  and ended_at is null;
