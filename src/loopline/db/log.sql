-- name: own_transaction
-- Take a transaction id before any position is drawn; locks nothing. See `append`.
select pg_current_xact_id()::text

-- name: copy_events
-- Append events; their positions rise in the order given. Locks nothing but the new rows.
copy log.event (id, type, version, subject, at, actor, data) from stdin

-- name: events_of_subject
-- The events of one subject in the order of the log: its timeline.
select position, id, type, version, subject, at, actor, data::text as data
from log.event
where subject = %(subject)s::uuid
order by position

-- name: events_of_subjects
-- The events of some subjects and types, in the order of the log.
select position, id, type, version, subject, at, actor, data::text as data
from log.event
where subject = any(%(subjects)s::uuid[])
  and type = any(%(types)s::text[])
order by position

-- name: latest_events
-- The newest events of the log, newest first; not all of them are final yet, which a screen does not mind.
select position, id, type, version, subject, at, actor, data::text as data
from log.event
order by position desc
limit %(limit)s::bigint

-- name: events_of_settings
-- Changes of settings, the latest first, those before a position: of some kinds all, of others those of some subjects. The
-- types are those of the index event_of_settings, word for word. Not all are final yet. Locks nothing.
select position, id, type, version, subject, at, actor, data::text as data
from log.event
where type in (
    'setting_changed',
    'safety_changed',
    'lot_recalled',
    'lot_freed',
    'counter_limit_set',
    'slot_terms_set',
    'role_given',
    'role_withdrawn',
    'person_left',
    'unit_rehung',
    'marketplace_terms_set',
    'marketplace_goods_terms_set',
    'rule_set_published'
  )
  and (
    case when type = 'setting_changed' then data ->> 'kind' else type end = any(%(whole)s::text[])
    or (case when type = 'setting_changed' then data ->> 'kind' else type end, subject) in (
      select part.kind, part.subject
      from unnest(%(kinds)s::text[], %(subjects)s::uuid[]) as part (kind, subject)
    )
  )
  and (%(actor)s::text is null or actor = %(actor)s::text)
  and (%(since)s::timestamptz is null or at >= %(since)s::timestamptz)
  and (%(before)s::bigint is null or position < %(before)s::bigint)
order by position desc
limit %(limit)s::bigint

-- name: events_of_stretch
-- Events of some types since a moment, up to where a follower has come, in the order of the log. Locks nothing.
select position, id, type, version, subject, at, actor, data::text as data
from log.event
where position > %(after)s::bigint
  and position <= (select follower.position from log.follower where follower.name = %(follower)s::text)
  and at >= %(at)s::timestamptz
  and type = any(%(types)s::text[])
order by position
limit %(limit)s::bigint

-- name: last_position
-- The last position drawn so far, by whoever, committed or not; 0 when none was.
select case when is_called then last_value else 0 end as position
from log.event_position

-- name: horizon_passed
-- Whether every transaction that began before the given one has ended.
select pg_snapshot_xmin(pg_current_snapshot()) >= %(transaction_id)s::text::xid8 as passed

-- name: ensure_followers
-- Make the rows of followers that are new, from the beginning of the log.
insert into log.follower (name)
select name
from unnest(%(names)s::text[]) as wanted (name)
order by name
on conflict do nothing

-- name: lock_follower
-- Lock one follower's row, unless another process has it: then that process is at work and nothing is returned.
select position
from log.follower
where name = %(name)s::text
for update skip locked

-- name: await_follower
-- Wait until nobody else holds a follower's row; locks it.
select position
from log.follower
where name = %(name)s::text
for update

-- name: move_follower
-- Remember how far a follower has come; the caller holds its row.
update log.follower
set position = %(position)s::bigint
where name = %(name)s::text

-- name: follower_states
-- How far every follower has come, how many events of any type lie beyond, and how many it could not apply.
select
  follower.name,
  follower.position,
  (select count(*) from log.event where event.position > follower.position) as behind,
  (select count(*) from log.parked_event as parked where parked.follower = follower.name) as parked
from log.follower as follower
order by follower.name

-- name: events_to_apply
-- Final events of some types after a position, in the order of the log.
select position, id, type, version, subject, at, actor, data::text as data
from log.event
where position > %(after)s::bigint
  and position <= %(upto)s::bigint
  and type = any(%(types)s::text[])
order by position
limit %(limit)s::bigint

-- name: events_beyond
-- Events of some types after a position that can be seen now, final or not.
select position, id, type, version, subject, at, actor, data::text as data
from log.event
where position > %(after)s::bigint
  and position <= %(upto)s::bigint
  and type = any(%(types)s::text[])
order by position
limit %(limit)s::bigint

-- name: parked_subjects
-- Which of these subjects a follower has parked.
select distinct subject
from log.parked_event
where follower = %(follower)s::text
  and subject = any(%(subjects)s::uuid[])

-- name: park_events
-- Keep events a follower could not apply, or must not apply before an earlier one of their subject.
insert into log.parked_event (follower, position, subject, reason, parked_at)
select %(follower)s::text, position, subject, %(reason)s::text, %(now)s::timestamptz
from unnest(%(positions)s::bigint[], %(subjects)s::uuid[]) as event (position, subject)
order by position
on conflict do nothing

-- name: lock_parked_events
-- The parked events of a follower in the order of the log, with their rows locked in that order.
select event.position, event.id, event.type, event.version, event.subject, event.at, event.actor,
  event.data::text as data
from log.parked_event as parked
join log.event as event on event.position = parked.position
where parked.follower = %(follower)s::text
order by event.position
for update of parked

-- name: forget_parked_events
-- Parked events that were applied after all; the caller holds their rows.
delete from log.parked_event
where follower = %(follower)s::text
  and position = any(%(positions)s::bigint[])
