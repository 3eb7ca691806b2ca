-- name: members_by_last_four
-- Members with a phone that ends in four digits, by id, behind one where one is given. Locks nothing.
select distinct member_id
from customers.identity
where last_four = any (%(last_fours)s::bytea[])
    and (%(after)s::uuid is null or member_id > %(after)s::uuid)
order by member_id
limit %(limit)s::integer

-- name: phone_endings
-- How the phones of members end, as blind indexes. Locks nothing.
select
    member_id,
    array_agg(last_four order by last_four) as blinds
from customers.identity
where member_id = any (%(member_ids)s::uuid[])
    and last_four is not null
group by member_id
order by member_id

-- name: members_by_name
-- Members of a name, by id, behind one where one is given. Locks nothing.
select id
from customers.member
where name_blind = any (%(name_blinds)s::bytea[])
    and (%(after)s::uuid is null or id > %(after)s::uuid)
order by id
limit %(limit)s::integer

-- name: known_members
-- Which ids are members who were not erased. Locks nothing.
select id
from customers.member
where id = any (%(member_ids)s::uuid[])
    and erased_at is null
order by id

-- name: timeline
-- What happened to a member before a moment, the latest first. Locks nothing.
select
    member_id,
    at,
    kind,
    subject
from customers.moment
where member_id = %(member_id)s::uuid
    and at < %(before)s::timestamptz
order by at desc, kind, subject
limit %(limit)s::integer

-- name: timeline_page
-- What happened to a member, the latest first, behind a place. Locks nothing.
select
    member_id,
    at,
    kind,
    subject
from customers.moment
where member_id = %(member_id)s::uuid
    and (
        %(at)s::timestamptz is null
        or at < %(at)s::timestamptz
        or (at = %(at)s::timestamptz and (kind, subject) > (%(kind)s::text, %(subject)s::uuid))
    )
order by at desc, kind, subject
limit %(limit)s::integer

-- name: member_count
-- How many members are known and not erased. Locks nothing.
select count(*)
from customers.member
where erased_at is null

-- name: last_accesses
-- Who opened a member's personal data, the latest first. Reads what is about the member alone. Locks nothing.
select
    at,
    actor,
    purpose
from customers.access
where member_ids @> array[%(member_id)s::uuid]
order by at desc, id desc
limit %(limit)s::integer
