-- name: gateway
-- The gateway that tells, if there ever was one. Locks nothing.
select
    gateway.name,
    gateway.since,
    gateway.seen_at
from notices.gateway;

-- name: put_gateway
-- Say that a gateway is at work. After a day without any the time begins anew from which on is told. Locks its one row.
insert into notices.gateway as known (is_one, name, since, seen_at)
values (true, %(name)s::text, %(now)s::timestamptz, %(now)s::timestamptz)
on conflict (is_one) do update
set
    name = excluded.name,
    since = case
        when known.seen_at + interval '1 day' <= excluded.seen_at or excluded.seen_at < known.since then excluded.since
        else known.since
    end,
    seen_at = excluded.seen_at;

-- name: insert_notices
-- Put notices down; one of an order, about one thing in one version, stays as it is. Locks nothing but the new rows.
insert into notices.notice (
    id, order_id, about, version, member_id, site_id, zone, facts, happened_at, stale_at, state, next_try_at
)
select
    new.id,
    new.order_id,
    new.about,
    new.version,
    new.member_id,
    new.site_id,
    new.zone,
    new.facts::jsonb,
    new.happened_at,
    new.not_before + %(stale_after)s::interval,
    'waiting',
    new.not_before
from unnest(
    %(ids)s::uuid[],
    %(order_ids)s::uuid[],
    %(abouts)s::text[],
    %(versions)s::uuid[],
    %(member_ids)s::uuid[],
    %(site_ids)s::uuid[],
    %(zones)s::text[],
    %(facts)s::text[],
    %(moments)s::timestamptz[],
    %(befores)s::timestamptz[]
) as new (id, order_id, about, version, member_id, site_id, zone, facts, happened_at, not_before)
on conflict on constraint notice_is_put_down_once do nothing;

-- name: drop_stale
-- End what is a day old and of which is known that nobody told it. Locks them, passing by those held.
with old as (
    select notice.id
    from notices.notice
    where notice.state = 'waiting'
        and notice.stale_at <= %(now)s::timestamptz
        and not notice.is_unsure
    order by notice.stale_at, notice.id
    limit %(at_most)s::bigint
    for update skip locked
)
update notices.notice
set
    state = case when notice.tries > 0 then 'failed' else 'left_out' end,
    "end" = case when notice.tries > 0 then 'not_taken' else 'stale' end,
    next_try_at = null,
    ended_at = %(now)s::timestamptz
from old
where notice.id = old.id;

-- name: lock_due
-- Notices whose moment or next try has come, the longest due first; of those that are a day old only the ones of which
-- nobody knows what became of them. Locks them, passing by those held.
select
    notice.id,
    notice.order_id,
    notice.about,
    notice.version,
    notice.member_id,
    notice.site_id,
    notice.zone,
    notice.facts,
    notice.happened_at,
    notice.stale_at,
    notice.state,
    notice."end",
    notice.tries,
    notice.is_unsure,
    notice.next_try_at,
    notice.told_at,
    notice.ended_at,
    notice.language,
    notice.reference,
    notice.note
from notices.notice
where notice.state = 'waiting'
    and notice.next_try_at <= %(now)s::timestamptz
    and (notice.stale_at > %(now)s::timestamptz or notice.is_unsure)
order by notice.next_try_at, notice.id
limit %(at_most)s::bigint
for update skip locked;

-- name: lock_notices
-- Notices by id. Locks them in that order.
select
    notice.id,
    notice.order_id,
    notice.about,
    notice.version,
    notice.member_id,
    notice.site_id,
    notice.zone,
    notice.facts,
    notice.happened_at,
    notice.stale_at,
    notice.state,
    notice."end",
    notice.tries,
    notice.is_unsure,
    notice.next_try_at,
    notice.told_at,
    notice.ended_at,
    notice.language,
    notice.reference,
    notice.note
from notices.notice
where notice.id = any(%(ids)s::uuid[])
order by notice.id
for update;

-- name: write_steps
-- Hand notices over (a try, until a lease is over), put them off, or leave them out. The caller holds the rows.
update notices.notice
set
    state = case when step."end" is null then 'waiting' else 'left_out' end,
    "end" = step."end",
    tries = notice.tries + case when step.language is null then 0 else 1 end,
    is_unsure = step.language is not null,
    next_try_at = step.until,
    language = coalesce(step.language, notice.language),
    told_at = case when step.language is null then notice.told_at else coalesce(notice.told_at, %(now)s::timestamptz) end,
    ended_at = case when step."end" is null then null else %(now)s::timestamptz end
from unnest(
    %(ids)s::uuid[],
    %(untils)s::timestamptz[],
    %(languages)s::text[],
    %(ends)s::text[]
) as step (id, until, language, "end")
where notice.id = step.id;

-- name: write_outcomes
-- Write what gateways said of tries. The caller holds the rows.
update notices.notice
set
    state = told.state,
    "end" = told."end",
    is_unsure = told.unsure,
    next_try_at = told.next_try_at,
    reference = coalesce(told.reference, notice.reference),
    note = told.note,
    ended_at = case when told.state = 'waiting' then null else %(now)s::timestamptz end
from unnest(
    %(ids)s::uuid[],
    %(states)s::text[],
    %(ends)s::text[],
    %(nexts)s::timestamptz[],
    %(unsures)s::boolean[],
    %(references)s::text[],
    %(notes)s::text[]
) as told (id, state, "end", next_try_at, unsure, reference, note)
where notice.id = told.id;

-- name: wake
-- Let notices that failed wait again, as if tried once at most. The caller holds the rows.
update notices.notice
set
    state = 'waiting',
    "end" = null,
    tries = least(notice.tries, 1),
    next_try_at = %(now)s::timestamptz,
    stale_at = %(now)s::timestamptz + %(stale_after)s::interval,
    ended_at = null
where notice.id = any(%(ids)s::uuid[]);

-- name: sweep
-- Forget notices that ended long ago, the longest ended first. Locks them, passing by those held.
with old as (
    select notice.id
    from notices.notice
    where notice.ended_at < %(before)s::timestamptz
    order by notice.ended_at, notice.id
    limit %(at_most)s::bigint
    for update skip locked
)
delete from notices.notice
using old
where notice.id = old.id;

-- name: forget
-- Forget what notices of members say, and let none of them wait any longer. Locks them by id.
with theirs as (
    select notice.id
    from notices.notice
    where notice.member_id = any(%(member_ids)s::uuid[])
    order by notice.id
    for update
)
update notices.notice
set
    facts = jsonb_build_object('number', ''),
    state = case when notice.state = 'waiting' then 'left_out' else notice.state end,
    "end" = case when notice.state = 'waiting' then 'erased' else notice."end" end,
    is_unsure = notice.is_unsure and notice.state <> 'waiting',
    next_try_at = null,
    ended_at = case when notice.state = 'waiting' then %(now)s::timestamptz else notice.ended_at end
from theirs
where notice.id = theirs.id;
