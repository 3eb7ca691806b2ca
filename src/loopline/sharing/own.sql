-- name: add_own_members
-- Keep that members are parties; what is known already stays.
insert into sharing.own_member (party_id, member_id, noted_by, noted_at)
select
  found.party_id,
  found.member_id,
  %(noted_by)s::uuid,
  %(noted_at)s::timestamptz
from unnest(%(party_ids)s::uuid[], %(member_ids)s::uuid[]) as found (party_id, member_id)
order by found.member_id, found.party_id
on conflict (member_id, party_id) do nothing;

-- name: own_of_members
-- Which parties these members are. Locks nothing.
select
  own_member.party_id,
  own_member.member_id,
  own_member.noted_by,
  own_member.noted_at
from sharing.own_member as own_member
where own_member.member_id = any(%(member_ids)s::uuid[])
order by own_member.member_id, own_member.party_id;

-- name: own_of_parties
-- Which members these parties are. Locks nothing.
select
  own_member.party_id,
  own_member.member_id,
  own_member.noted_by,
  own_member.noted_at
from sharing.own_member as own_member
where own_member.party_id = any(%(party_ids)s::uuid[])
order by own_member.party_id, own_member.member_id;
