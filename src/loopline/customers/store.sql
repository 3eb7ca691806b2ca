-- name: identities_by_blinds
-- Whose identities these are. Locks nothing.
select
    known.kind,
    known.blind,
    known.member_id
from unnest(%(kinds)s::text[], %(blinds)s::bytea[]) as asked (kind, blind)
join customers.identity as known
    on known.kind = asked.kind
    and known.blind = asked.blind

-- name: lock_members
-- Members and whether they were erased; shared locks by id, so that none is erased before this transaction ends.
select
    id,
    erased_at
from customers.member
where id = any (%(member_ids)s::uuid[])
order by id
for share

-- name: insert_members
-- Add members. Locks only the rows it makes.
insert into customers.member (id, registered_at, channel, name, name_blind, indexed_with)
select
    id,
    %(now)s::timestamptz,
    channel,
    name,
    name_blind,
    %(indexed_with)s::bigint
from unnest(
    %(member_ids)s::uuid[],
    %(channels)s::text[],
    %(names)s::bytea[],
    %(name_blinds)s::bytea[]
) as added (id, channel, name, name_blind)

-- name: insert_member_keys
-- Add members' own keys. Locks only the rows it makes.
insert into customers.member_key (member_id, wrapped, sealed_with)
select
    member_id,
    wrapped,
    %(sealed_with)s::bigint
from unnest(%(member_ids)s::uuid[], %(wrapped)s::bytea[]) as added (member_id, wrapped)

-- name: insert_identities
-- Add identities, in the order of their keys; one that a rival added first is left alone and not returned. Locks the
-- rows it makes; waits for rivals' transactions under way.
insert into customers.identity (kind, blind, member_id, value, last_four, indexed_with, added_at)
select
    kind,
    blind,
    member_id,
    value,
    last_four,
    %(indexed_with)s::bigint,
    %(now)s::timestamptz
from unnest(
    %(kinds)s::text[],
    %(blinds)s::bytea[],
    %(member_ids)s::uuid[],
    %(values)s::bytea[],
    %(last_fours)s::bytea[]
) as added (kind, blind, member_id, value, last_four)
order by kind collate "C", blind
on conflict (kind, blind) do nothing
returning kind, blind

-- name: name_nameless_members
-- Give a name to members who have none. Locks them in the order of their ids, which the caller may hold already.
update customers.member as member
set
    name = given.name,
    name_blind = given.name_blind,
    indexed_with = case
        when member.name is null then %(indexed_with)s::bigint
        else member.indexed_with
    end
from unnest(%(member_ids)s::uuid[], %(names)s::bytea[], %(name_blinds)s::bytea[]) as given (id, name, name_blind)
where member.id = given.id
    and member.name is null
    and member.erased_at is null

-- name: delete_identities
-- Take back identities that this transaction added. Locks them; nobody else sees them yet.
delete from customers.identity as added
using unnest(%(kinds)s::text[], %(blinds)s::bytea[]) as taken_back (kind, blind)
where added.kind = taken_back.kind
    and added.blind = taken_back.blind

-- name: delete_member_keys
-- Take members' own keys away, and with them everything sealed. Locks them.
delete from customers.member_key
where member_id = any (%(member_ids)s::uuid[])

-- name: delete_members
-- Take back members that this transaction added; nobody else sees them yet.
delete from customers.member
where id = any (%(member_ids)s::uuid[])

-- name: member_keys
-- Members' own keys as they are wrapped. Locks nothing.
select
    member_id,
    wrapped,
    sealed_with
from customers.member_key
where member_id = any (%(member_ids)s::uuid[])

-- name: sealed_members
-- Members with their names as they are sealed. Locks nothing.
select
    id,
    name,
    erased_at
from customers.member
where id = any (%(member_ids)s::uuid[])

-- name: sealed_identities
-- Members' identities as they are sealed, in the order they were added. Locks nothing.
select
    member_id,
    kind,
    blind,
    value
from customers.identity
where member_id = any (%(member_ids)s::uuid[])
order by member_id, added_at, kind, blind

-- name: insert_access
-- Write down who opens whose data, and what for. Locks only the row it makes.
insert into customers.access (id, at, actor, purpose, member_ids)
values (
    %(id)s::uuid,
    %(now)s::timestamptz,
    %(actor)s::text,
    %(purpose)s::text,
    %(member_ids)s::uuid[]
)

-- name: erase_members
-- Mark members as erased and forget their names; those erased before stay as they are. Locks them by id.
with theirs as (
    select id
    from customers.member
    where id = any (%(member_ids)s::uuid[])
        and erased_at is null
    order by id
    for no key update
)
update customers.member as member
set
    name = null,
    name_blind = null,
    erased_at = %(now)s::timestamptz
from theirs
where member.id = theirs.id
returning member.id

-- name: delete_identities_of
-- Forget what members are known by. The caller holds the members' rows.
delete from customers.identity
where member_id = any (%(member_ids)s::uuid[])

-- name: delete_moments_of
-- Forget what happened to members. The caller holds the members' rows.
delete from customers.moment
where member_id = any (%(member_ids)s::uuid[])

-- name: delete_rests_of
-- Forget until when members rest, and who called them. The caller holds the members' rows.
delete from customers.rest
where member_id = any (%(member_ids)s::uuid[])

-- name: delete_shown_numbers_of
-- Take the numbers away that members' codes begin with. The caller holds the members' rows.
delete from customers.shown_number
where member_id = any (%(member_ids)s::uuid[])

-- name: delete_sessions_of
-- Sign members out everywhere. The caller holds the members' rows.
delete from customers.session
where member_id = any (%(member_ids)s::uuid[])

-- name: delete_addresses_of
-- Forget where members live. The caller holds the members' rows.
delete from customers.address
where member_id = any (%(member_ids)s::uuid[])

-- name: delete_deliveries_of
-- Forget where members' orders went. The caller holds the members' rows.
delete from customers.delivery
where member_id = any (%(member_ids)s::uuid[])

-- name: withdraw_consents_of
-- Withdraw every consent that members gave; the history keeps that they had given it. The caller holds the members'
-- rows; locks their consents.
with withdrawn as (
    update customers.consent
    set
        granted = false,
        since = greatest(since, %(now)s::timestamptz)
    where member_id = any (%(member_ids)s::uuid[])
        and granted
    returning member_id, purpose, channel, receiver_id, since
)
insert into customers.consent_change (member_id, purpose, channel, receiver_id, at, granted, source, recorded_at)
select
    member_id,
    purpose,
    channel,
    receiver_id,
    since,
    false,
    'erasure',
    %(now)s::timestamptz
from withdrawn
on conflict on constraint consent_change_pkey do nothing

-- name: end_bindings_of
-- End members' open bindings. The caller holds the members' rows; locks the bindings.
update customers.binding
set ended_at = greatest(bound_at, %(now)s::timestamptz)
where member_id = any (%(member_ids)s::uuid[])
    and ended_at is null

-- name: outdated_member_keys
-- Members, by id from a place on, of whom anything is not under the current keys. Locks their keys; passes by those
-- that somebody else holds.
select
    key.member_id,
    key.wrapped,
    key.sealed_with
from customers.member_key as key
join customers.member as member on member.id = key.member_id
where (%(after)s::uuid is null or key.member_id > %(after)s::uuid)
    and (
        key.sealed_with <> %(sealed_with)s::bigint
        or member.indexed_with <> %(indexed_with)s::bigint
        or exists (
            select
            from customers.identity as identity
            where identity.member_id = key.member_id
                and identity.indexed_with <> %(indexed_with)s::bigint
        )
    )
order by key.member_id
limit %(limit)s::integer
for update of key skip locked

-- name: rewrap_member_keys
-- Seal members' own keys anew. The caller holds them.
update customers.member_key as key
set
    wrapped = anew.wrapped,
    sealed_with = %(sealed_with)s::bigint
from unnest(%(member_ids)s::uuid[], %(wrapped)s::bytea[]) as anew (member_id, wrapped)
where key.member_id = anew.member_id

-- name: reindex_names
-- Index members' names anew. Locks the members; the caller holds their keys.
update customers.member as member
set
    name_blind = anew.name_blind,
    indexed_with = %(indexed_with)s::bigint
from unnest(%(member_ids)s::uuid[], %(name_blinds)s::bytea[]) as anew (id, name_blind)
where member.id = anew.id

-- name: reindex_identities
-- Index identities anew. Locks them; the caller holds their members' keys.
update customers.identity as identity
set
    blind = anew.blind,
    last_four = anew.last_four,
    indexed_with = %(indexed_with)s::bigint
from unnest(%(kinds)s::text[], %(old_blinds)s::bytea[], %(blinds)s::bytea[], %(last_fours)s::bytea[])
    as anew (kind, old_blind, blind, last_four)
where identity.kind = anew.kind
    and identity.blind = anew.old_blind

-- name: insert_consent_changes
-- Keep what members said; the same said twice is kept once. Locks only the rows it makes.
insert into customers.consent_change (member_id, purpose, channel, receiver_id, at, granted, source, recorded_at)
select
    member_id,
    purpose,
    channel,
    receiver_id,
    at,
    granted,
    source,
    %(now)s::timestamptz
from unnest(
    %(member_ids)s::uuid[],
    %(purposes)s::text[],
    %(channels)s::text[],
    %(receiver_ids)s::uuid[],
    %(at)s::timestamptz[],
    %(granted)s::boolean[],
    %(sources)s::text[]
) as said (member_id, purpose, channel, receiver_id, at, granted, source)
on conflict on constraint consent_change_pkey do nothing

-- name: put_consents
-- Let what was said stand, unless something later stands; of two statements of one moment the no. In the order of
-- their keys; locks them.
insert into customers.consent as standing (member_id, purpose, channel, receiver_id, granted, since)
select
    member_id,
    purpose,
    channel,
    receiver_id,
    granted,
    at
from unnest(
    %(member_ids)s::uuid[],
    %(purposes)s::text[],
    %(channels)s::text[],
    %(receiver_ids)s::uuid[],
    %(at)s::timestamptz[],
    %(granted)s::boolean[]
) as said (member_id, purpose, channel, receiver_id, at, granted)
order by member_id, purpose collate "C", channel collate "C", receiver_id
on conflict on constraint consent_pkey do update
set
    granted = excluded.granted,
    since = excluded.since
where excluded.since > standing.since
    or (excluded.since = standing.since and standing.granted and not excluded.granted)

-- name: insert_moments
-- Add moments of members who were not erased; one that is there stays. Shared locks on the members, by id, so that
-- none is erased meanwhile.
with theirs as materialized (
    select id
    from customers.member
    where id = any (%(member_ids)s::uuid[])
        and erased_at is null
    order by id
    for share
)
insert into customers.moment (member_id, at, kind, subject)
select
    happened.member_id,
    happened.at,
    happened.kind,
    happened.subject
from unnest(%(member_ids)s::uuid[], %(at)s::timestamptz[], %(kinds)s::text[], %(subjects)s::uuid[])
    as happened (member_id, at, kind, subject)
join theirs on theirs.id = happened.member_id
on conflict on constraint moment_pkey do nothing
