-- name: add_limits
-- Make the rows of limits that were never counted, in the order of their keys. Locks the rows it makes.
insert into customers.sign_in_limit (kind, blind, moments, last_at)
select
    kind,
    blind,
    '{}'::timestamptz[],
    %(now)s::timestamptz
from unnest(%(kinds)s::text[], %(blinds)s::bytea[]) as wanted (kind, blind)
order by kind collate "C", blind
on conflict (kind, blind) do nothing

-- name: limits
-- The moments that count towards limits. Locks nothing.
select
    counted.kind,
    counted.moments
from customers.sign_in_limit as counted
join unnest(%(kinds)s::text[], %(blinds)s::bytea[]) as wanted (kind, blind)
    on wanted.kind = counted.kind
    and wanted.blind = counted.blind
order by counted.kind collate "C", counted.blind

-- name: lock_limits
-- The moments that count towards limits. Locks them by (kind, key).
select
    counted.kind,
    counted.blind,
    counted.moments
from customers.sign_in_limit as counted
join unnest(%(kinds)s::text[], %(blinds)s::bytea[]) as wanted (kind, blind)
    on wanted.kind = counted.kind
    and wanted.blind = counted.blind
order by counted.kind collate "C", counted.blind
for update of counted

-- name: write_limits
-- Count one more moment. The caller holds the rows.
update customers.sign_in_limit as counted
set
    moments = anew.moments::timestamptz[],
    last_at = %(now)s::timestamptz
from unnest(%(blinds)s::bytea[], %(moments)s::text[]) as anew (blind, moments)
where counted.kind = %(kind)s::text
    and counted.blind = anew.blind

-- name: put_codes
-- Keep the codes that are sent now, in the order of their phones; those sent before are void. Locks them.
insert into customers.sign_in_code (phone, code_hash, expires_at)
select
    phone,
    code_hash,
    expires_at
from unnest(%(phones)s::bytea[], %(code_hashes)s::bytea[], %(expires_at)s::timestamptz[])
    as made (phone, code_hash, expires_at)
order by phone
on conflict (phone) do update
set
    code_hash = excluded.code_hash,
    expires_at = excluded.expires_at,
    tries = 0

-- name: lock_codes
-- The codes that were sent last to phones. Locks them by phone.
select
    phone,
    code_hash,
    expires_at,
    tries
from customers.sign_in_code
where phone = any (%(phones)s::bytea[])
order by phone
for update

-- name: delete_codes
-- Use codes up. The caller holds them.
delete from customers.sign_in_code
where phone = any (%(phones)s::bytea[])

-- name: write_tries
-- Count wrong tries. The caller holds the codes.
update customers.sign_in_code as sent
set tries = tried.tries
from unnest(%(phones)s::bytea[], %(tries)s::integer[]) as tried (phone, tries)
where sent.phone = tried.phone

-- name: delete_ended_codes
-- Forget codes that have ended, those that somebody holds left for later.
delete from customers.sign_in_code
where phone in (
    select phone
    from customers.sign_in_code
    where expires_at <= %(now)s::timestamptz
    order by expires_at
    limit %(at_most)s::integer
    for update skip locked
)
returning phone

-- name: delete_old_limits
-- Forget counts that no longer count, those that somebody holds left for later.
delete from customers.sign_in_limit
where (kind, blind) in (
    select kind, blind
    from customers.sign_in_limit
    where last_at <= %(before)s::timestamptz
    order by last_at
    limit %(at_most)s::integer
    for update skip locked
)
returning kind
