-- name: programmes
-- All versions of the programme of points, the first one first. Locks nothing.
select
    programme.id,
    programme.version,
    programme.terms,
    programme.author,
    programme.comment,
    programme.saved_at,
    programme.published_at,
    programme.published_by
from pricing.points_programme as programme
order by programme.version;

-- name: take_turn
-- Let nobody else change the programme until the end of the transaction.
select pg_advisory_xact_lock(hashtextextended('pricing.points_programme', 0));

-- name: put_draft
-- Save the draft of the next version, or all of it anew. The caller has the turn.
insert into pricing.points_programme (id, version, terms, author, comment, saved_at)
select
    %(id)s::uuid,
    coalesce(max(version) filter (where published_at is not null), 0) + 1,
    %(terms)s::jsonb,
    %(author)s::text,
    %(comment)s::text,
    %(now)s::timestamptz
from pricing.points_programme
on conflict (version) do update
set terms = excluded.terms,
    author = excluded.author,
    comment = excluded.comment,
    saved_at = excluded.saved_at
where points_programme.published_at is null;

-- name: publish_draft
-- Put the draft in force. The caller has the turn.
update pricing.points_programme
set published_at = %(now)s::timestamptz,
    published_by = %(by)s::text
where published_at is null;

-- name: open_accounts
-- Give members an account who have none, in the order of their ids.
insert into pricing.points_account (member_id)
select member_id
from unnest(%(member_ids)s::uuid[]) as wanted (member_id)
order by member_id
on conflict do nothing;

-- name: accounts_of_members
-- What members have. Locks nothing.
select
    account.member_id,
    account.pending,
    account.available,
    account.held,
    account.liability_minor,
    account.next_expiry_at
from pricing.points_account as account
where account.member_id = any(%(member_ids)s::uuid[])
order by account.member_id;

-- name: lock_accounts
-- What members have, locked in the order of their ids; waits for whoever has one.
select
    account.member_id,
    account.pending,
    account.available,
    account.held,
    account.liability_minor,
    account.next_expiry_at
from pricing.points_account as account
where account.member_id = any(%(member_ids)s::uuid[])
order by account.member_id
for no key update;

-- name: lock_free_accounts
-- What members have, locked; the accounts that a rival has are passed over, nobody waits.
select
    account.member_id,
    account.pending,
    account.available,
    account.held,
    account.liability_minor,
    account.next_expiry_at
from pricing.points_account as account
where account.member_id = any(%(member_ids)s::uuid[])
order by account.member_id
for no key update skip locked;

-- name: lots_of_members
-- What members' points came of, those that end first, first. Locks nothing: whoever changes them has the account.
select
    lot.id,
    lot.member_id,
    lot.programme_id,
    lot.order_id,
    lot.line_id,
    lot.of_id,
    lot.units,
    lot.whole,
    lot.points,
    lot.is_pending,
    lot.due_at,
    lot.expires_at
from pricing.points_lot as lot
where lot.member_id = any(%(member_ids)s::uuid[])
order by lot.member_id, lot.expires_at, lot.id;

-- name: uses_of_orders
-- What orders use of points. Locks nothing: whoever changes them has the account.
select
    used.order_id,
    used.member_id,
    used.programme_id,
    used.line_ids,
    used.line_points,
    used.is_kept,
    used.held,
    used.spent,
    used.changes
from pricing.points_use as used
where used.order_id = any(%(order_ids)s::uuid[])
order by used.order_id;

-- name: put_lots
-- Write lots as they are from now on: of one that is there, what is left of it, and whether it is pending. The caller has
-- the accounts.
insert into pricing.points_lot (
    id, member_id, programme_id, order_id, line_id, of_id, units, whole, points, is_pending, due_at, expires_at
)
select
    id, member_id, programme_id, order_id, line_id, of_id, units, whole, points, is_pending, due_at, expires_at
from jsonb_to_recordset(%(lots)s::jsonb) as new (
    id uuid, member_id uuid, programme_id uuid, order_id uuid, line_id uuid, of_id uuid, units integer, whole bigint,
    points bigint, is_pending boolean, due_at timestamptz, expires_at timestamptz
)
on conflict (id) do update
set points = excluded.points,
    is_pending = excluded.is_pending;

-- name: put_uses
-- Write what orders use as it is from now on: of one that is there, what it holds and has spent. The caller has the
-- accounts.
insert into pricing.points_use (
    order_id, member_id, programme_id, line_ids, line_points, is_kept, held, spent, changes
)
select
    order_id,
    member_id,
    programme_id,
    array(select jsonb_array_elements_text(line_ids)::uuid),
    array(select jsonb_array_elements_text(line_points)::bigint),
    is_kept,
    held,
    spent,
    changes
from jsonb_to_recordset(%(uses)s::jsonb) as new (
    order_id uuid, member_id uuid, programme_id uuid, line_ids jsonb, line_points jsonb, is_kept boolean, held bigint,
    spent bigint, changes integer
)
on conflict (order_id) do update
set held = excluded.held,
    spent = excluded.spent,
    changes = excluded.changes;

-- name: add_entries
-- Say what happened to points, in the order given. A key that is there already is an error. The caller has the accounts.
insert into pricing.points_entry (
    key, member_id, kind, pending, available, held, liability_minor, lot_id, order_id, at, by, reason
)
select
    key, member_id, kind, pending, available, held, liability_minor, lot_id, order_id, %(now)s::timestamptz, by, reason
from jsonb_to_recordset(%(entries)s::jsonb) as new (
    place integer, key text, member_id uuid, kind text, pending bigint, available bigint, held bigint,
    liability_minor bigint, lot_id uuid, order_id uuid, by text, reason text
)
order by place;

-- name: change_accounts
-- Add to what members have, and say before when nothing of it ends. The caller has the accounts.
update pricing.points_account as account
set pending = account.pending + new.pending,
    available = account.available + new.available,
    held = account.held + new.held,
    liability_minor = account.liability_minor + new.liability_minor,
    next_expiry_at = new.next_expiry_at
from jsonb_to_recordset(%(accounts)s::jsonb) as new (
    member_id uuid, pending bigint, available bigint, held bigint, liability_minor bigint, next_expiry_at timestamptz
)
where account.member_id = new.member_id;

-- name: hold
-- Let orders that are placed hold points of their members. The caller has the accounts, and looked at what is there.
update pricing.points_account as account
set available = account.available - new.points,
    held = account.held + new.points
from (
    select member_id, sum(points)::bigint as points
    from unnest(%(member_ids)s::uuid[], %(points)s::bigint[]) as use (member_id, points)
    group by member_id
) as new
where account.member_id = new.member_id;

-- name: entries_of_member
-- What happened to a member's points, the latest first, before a number. Locks nothing.
select
    entry.key,
    entry.member_id,
    entry.kind,
    entry.pending,
    entry.available,
    entry.held,
    entry.lot_id,
    entry.order_id,
    entry.by,
    entry.reason,
    entry.number,
    entry.liability_minor,
    entry.at
from pricing.points_entry as entry
where entry.member_id = %(member_id)s::uuid
  and (%(before)s::bigint is null or entry.number < %(before)s::bigint)
order by entry.number desc
limit %(at_most)s::bigint;

-- name: entries_of_orders
-- What happened to points because of orders, in the order in which it did. Locks nothing.
select
    entry.key,
    entry.member_id,
    entry.kind,
    entry.pending,
    entry.available,
    entry.held,
    entry.lot_id,
    entry.order_id,
    entry.by,
    entry.reason,
    entry.number,
    entry.liability_minor,
    entry.at
from pricing.points_entry as entry
where entry.order_id = any(%(order_ids)s::uuid[])
order by entry.number;

-- name: members_with_due
-- Members of whom something is pending that is due, at most so many. Locks nothing.
select distinct member_id
from (
    select lot.member_id
    from pricing.points_lot as lot
    where lot.is_pending
      and lot.due_at <= %(now)s::timestamptz
    order by lot.due_at, lot.id
    limit %(limit)s::bigint
) as due;

-- name: members_with_ended
-- Members of whom something may have ended, at most so many. Locks nothing.
select account.member_id
from pricing.points_account as account
where account.next_expiry_at <= %(now)s::timestamptz
order by account.next_expiry_at, account.member_id
limit %(limit)s::bigint;

-- name: figures
-- What all members together have; `owed`: what those who used more than they have lack. Locks nothing.
select
    count(*) as members,
    coalesce(sum(account.pending), 0)::bigint as pending,
    coalesce(sum(account.available) filter (where account.available > 0), 0)::bigint as available,
    coalesce(sum(account.held), 0)::bigint as held,
    coalesce(-sum(account.available) filter (where account.available < 0), 0)::bigint as owed,
    coalesce(sum(account.liability_minor), 0)::bigint as liability_minor
from pricing.points_account as account;

-- name: entries_of_keys
-- What points moved under these keys, in the order in which they did. Locks nothing.
select
    entry.key,
    entry.member_id,
    entry.kind,
    entry.pending,
    entry.available,
    entry.held,
    entry.lot_id,
    entry.order_id,
    entry.by,
    entry.reason,
    entry.number,
    entry.liability_minor,
    entry.at
from pricing.points_entry as entry
where entry.key = any(%(keys)s::text[])
order by entry.number;
