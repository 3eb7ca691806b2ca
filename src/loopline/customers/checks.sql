-- name: erased_members_left_nothing
-- Erased members of whom anything personal is left.
select
    'member ' || member.id as subject,
    left_over.what as found,
    'nothing but the id' as expected,
    'delete from customers.' || left_over.what || ' where member_id = ' || quote_literal(member.id) as repair
from customers.member as member
join (
    select member_id, 'member_key' as what from customers.member_key
    union
    select member_id, 'identity' from customers.identity
    union
    select member_id, 'moment' from customers.moment
    union
    select member_id, 'rest' from customers.rest
    union
    select member_id, 'shown_number' from customers.shown_number
    union
    select member_id, 'session' from customers.session
    union
    select member_id, 'address' from customers.address
    union
    select member_id, 'delivery' from customers.delivery
) as left_over on left_over.member_id = member.id
where member.erased_at is not null
order by member.id, left_over.what

-- name: erased_members_agree_to_nothing
-- Erased members who would still be written to, or are still somebody's customer.
select
    'member ' || member.id as subject,
    ties.what as found,
    'none' as expected,
    ties.repair || ' where member_id = ' || quote_literal(member.id) as repair
from customers.member as member
join (
    select
        member_id,
        'consent to ' || purpose as what,
        'update customers.consent set granted = false' as repair
    from customers.consent
    where granted
    union
    select
        member_id,
        'binding as ' || role,
        'update customers.binding set ended_at = coalesce(ended_at, greatest(bound_at, now()))'
    from customers.binding
    where ended_at is null
) as ties on ties.member_id = member.id
where member.erased_at is not null
order by member.id, ties.what

-- name: members_have_their_keys
-- Members whose own key is gone although they were not erased: their data cannot be read any more. The repair erases
-- what cannot be read; a backup that still has the key is the better one.
select
    'member ' || member.id as subject,
    'no key' as found,
    'a key of their own' as expected,
    'update customers.member set name = null, name_blind = null, erased_at = now() where id = '
        || quote_literal(member.id) as repair
from customers.member as member
where member.erased_at is null
    and not exists (select from customers.member_key as key where key.member_id = member.id)
order by member.id

-- name: members_are_known_by_something
-- Members whom no identity names: nobody can find them, or they are a registration half written.
select
    'member ' || member.id as subject,
    'no identity' as found,
    'at least one' as expected,
    'select * from customers.member where id = ' || quote_literal(member.id) as repair
from customers.member as member
where member.erased_at is null
    and not exists (select from customers.identity as identity where identity.member_id = member.id)
order by member.id

-- name: consents_equal_their_history
-- Consents that are not the latest statement of their history (of two at one moment the no), wider ones first.
with latest as (
    select distinct on (member_id, purpose, channel, receiver_id)
        member_id,
        purpose,
        channel,
        receiver_id,
        granted,
        at
    from customers.consent_change
    order by member_id, purpose, channel, receiver_id, at desc, granted
)
select
    'consent of ' || member_id || ' to ' || purpose || ' by ' || channel || ' for ' || receiver_id as subject,
    coalesce(standing.granted || ' since ' || standing.since, 'nothing') as found,
    coalesce(latest.granted || ' since ' || latest.at, 'nothing: it was never said') as expected,
    'delete from customers.consent where (member_id, purpose, channel, receiver_id) = ('
        || quote_literal(member_id) || ', ' || quote_literal(purpose) || ', ' || quote_literal(channel) || ', '
        || quote_literal(receiver_id) || ')'
        || case
            when latest.at is null then ''
            else '; insert into customers.consent values ('
                || quote_literal(member_id) || ', ' || quote_literal(purpose) || ', ' || quote_literal(channel)
                || ', ' || quote_literal(receiver_id) || ', ' || latest.granted || ', '
                || quote_literal(latest.at) || ')'
        end as repair
from customers.consent as standing
full join latest using (member_id, purpose, channel, receiver_id)
where (standing.granted, standing.since) is distinct from (latest.granted, latest.at)
order by coalesce(standing.granted, false) desc, member_id, purpose, channel, receiver_id

-- name: members_with_addresses_have_a_default
-- Members who have addresses and none of them is the default: their goods would go nowhere by themselves.
select
    'member ' || member_id as subject,
    'no default among ' || count(*) || ' addresses' as found,
    'one' as expected,
    'update customers.address set is_default = true where id = '
        || quote_literal((array_agg(id order by id desc))[1]) as repair
from customers.address
group by member_id
having not bool_or(is_default)
order by member_id
