-- name: number_of_member
-- The number that a member's code begins with. Locks nothing.
select number
from customers.shown_number
where member_id = %(member_id)s::uuid

-- name: give_number
-- Give a member a number, unless they have one, were erased, or somebody else has that one. Locks the member (shared) and
-- the row it makes.
with theirs as (
    select id
    from customers.member
    where id = %(member_id)s::uuid
        and erased_at is null
    for share
)
insert into customers.shown_number (member_id, number, given_at)
select
    id,
    %(number)s::bigint,
    %(now)s::timestamptz
from theirs
on conflict do nothing

-- name: members_of_numbers
-- Whose numbers these are. Locks nothing.
select
    number,
    member_id
from customers.shown_number
where number = any (%(numbers)s::bigint[])
order by number
