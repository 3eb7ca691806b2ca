-- name: insert_sessions
-- Begin sessions. Locks only the rows it makes.
insert into customers.session (token_hash, member_id, opened_at, expires_at)
select
    token_hash,
    member_id,
    %(now)s::timestamptz,
    %(expires_at)s::timestamptz
from unnest(%(token_hashes)s::bytea[], %(member_ids)s::uuid[]) as begun (token_hash, member_id)

-- name: session_member
-- Whose session a token opens, where it has not ended. Locks nothing.
select
    member_id,
    expires_at
from customers.session
where token_hash = %(token_hash)s::bytea
    and expires_at > %(now)s::timestamptz

-- name: lengthen_session
-- Let a session that has not ended last longer. Locks it.
update customers.session
set expires_at = greatest(expires_at, %(expires_at)s::timestamptz)
where token_hash = %(token_hash)s::bytea
    and expires_at > %(now)s::timestamptz

-- name: delete_session
-- End a session. Locks it.
delete from customers.session
where token_hash = %(token_hash)s::bytea

-- name: delete_ended_sessions
-- Forget sessions that have ended, those that somebody holds left for later.
delete from customers.session
where token_hash in (
    select token_hash
    from customers.session
    where expires_at <= %(now)s::timestamptz
    order by expires_at
    limit %(at_most)s::integer
    for update skip locked
)
returning token_hash
