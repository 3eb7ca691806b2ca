-- name: end_other_bindings
-- End the open bindings of these members and roles that name another party; locks them in (member, role) order.
with changing as (
    select binding.member_id, binding.role, binding.bound_at
    from customers.binding
    join unnest(%(member_ids)s::uuid[], %(roles)s::text[], %(party_ids)s::uuid[]) as wanted (member_id, role, party_id)
        on wanted.member_id = binding.member_id and wanted.role = binding.role
    where binding.ended_at is null and binding.party_id <> wanted.party_id
    order by binding.member_id, binding.role
    for update of binding
)
update customers.binding
set ended_at = greatest(%(now)s::timestamptz, binding.bound_at)
from changing
where binding.member_id = changing.member_id
    and binding.role = changing.role
    and binding.bound_at = changing.bound_at
    and binding.ended_at is null

-- name: add_bindings
-- Bind members where no open binding stands; a rival's that came first stays.
insert into customers.binding (member_id, role, party_id, bound_at, reason)
select member_id, role, party_id, %(now)s::timestamptz, reason
from unnest(%(member_ids)s::uuid[], %(roles)s::text[], %(party_ids)s::uuid[], %(reasons)s::text[])
    as wanted (member_id, role, party_id, reason)
order by member_id, role
on conflict (member_id, role) where ended_at is null do nothing

-- name: open_bindings
-- The bindings of members that are open now.
select member_id, role, party_id
from customers.binding
where member_id = any(%(member_ids)s::uuid[]) and ended_at is null
order by member_id, role

-- name: lock_members
-- Members who may be bound: known and not erased. Locks them in the order of their ids, so that two that would bind
-- the same member take turns.
select id
from customers.member
where id = any (%(member_ids)s::uuid[])
    and erased_at is null
order by id
for no key update

-- name: standing_bindings
-- The open bindings of members, since when and by what. Locks nothing; who would bind them holds the members.
select
    member_id,
    role,
    party_id,
    bound_at,
    reason
from customers.binding
where member_id = any (%(member_ids)s::uuid[])
    and ended_at is null
order by member_id, role

-- name: first_bindings
-- The first binding of members, open or ended; of two made at one moment the one written first. Locks nothing.
select distinct on (binding.member_id)
    binding.member_id,
    binding.party_id,
    binding.bound_at
from customers.binding
where binding.member_id = any (%(member_ids)s::uuid[])
order by binding.member_id, binding.bound_at, binding.id
