-- name: own_customers
-- Members who are bound to parties now: so many of those to whom something happened last, and so many of those to whom nothing
-- did since `away_before` though they may be called and do not rest, the latest first of all of them. With whose guide they
-- are, what happened last, whether they let any of the receivers write or call (a word about their guide or the phone is heard
-- before one about every way), and until when they rest. Locks nothing.
select
    member_id,
    guide_id,
    bound_at,
    last_kind,
    last_at,
    may_be_called,
    rest_how,
    rests_until
from (
    select
        theirs.*,
        row_number() over (order by last_at desc nulls last, bound_at desc, member_id) as place,
        row_number() over (partition by is_away order by last_at desc nulls last, bound_at desc, member_id) as away_place
    from (
        select
            mine.member_id,
            guide.party_id as guide_id,
            mine.bound_at,
            last.kind as last_kind,
            last.at as last_at,
            coalesce(told.granted, false) as may_be_called,
            rest.how as rest_how,
            case when rest.until > %(now)s::timestamptz then rest.until end as rests_until,
            coalesce(told.granted, false)
            and coalesce(rest.until <= %(now)s::timestamptz, true)
            and coalesce(last.at <= %(away_before)s::timestamptz, true) as is_away
        from (
            select
                member_id,
                min(bound_at) as bound_at
            from customers.binding
            where party_id = any (%(party_ids)s::uuid[])
                and ended_at is null
                and role in ('guide', 'store')
            group by member_id
        ) as mine
        join customers.member on member.id = mine.member_id
            and member.erased_at is null
        left join customers.binding as guide on guide.member_id = mine.member_id
            and guide.role = 'guide'
            and guide.ended_at is null
        left join lateral (
            select
                moment.kind,
                moment.at
            from customers.moment
            where moment.member_id = mine.member_id
                and moment.kind <> 'member_bound'
            order by moment.at desc
            limit 1
        ) as last on true
        left join lateral (
            select bool_or(heard.granted) as granted
            from (
                select distinct on (consent.receiver_id)
                    consent.receiver_id,
                    consent.granted
                from customers.consent
                where consent.member_id = mine.member_id
                    and consent.purpose = 'marketing'
                    and consent.channel in ('guide', 'any')
                    and consent.receiver_id = any (%(receiver_ids)s::uuid[])
                order by consent.receiver_id, consent.channel = 'guide' desc
            ) as heard
        ) as told on true
        left join customers.rest on rest.member_id = mine.member_id
    ) as theirs
) as ranked
where place <= %(limit)s::integer
    or (is_away and away_place <= %(limit)s::integer)
order by last_at desc nulls last, bound_at desc, member_id

-- name: bound_to
-- Those of some members who are bound to parties now, as their guide's or their store's. Locks nothing.
select distinct member_id
from customers.binding
where member_id = any (%(member_ids)s::uuid[])
    and party_id = any (%(party_ids)s::uuid[])
    and ended_at is null
    and role in ('guide', 'store')
order by member_id

-- name: willing_to_be_called
-- Those of some members who let any of the receivers write or call: a word about their guide or the phone is heard before one
-- about every way. Locks nothing.
select member_id
from (
    select distinct on (consent.member_id, consent.receiver_id)
        consent.member_id,
        consent.granted
    from customers.consent
    where consent.member_id = any (%(member_ids)s::uuid[])
        and consent.purpose = 'marketing'
        and consent.channel in ('guide', 'any')
        and consent.receiver_id = any (%(receiver_ids)s::uuid[])
    order by consent.member_id, consent.receiver_id, consent.channel = 'guide' desc
) as heard
group by member_id
having bool_or(granted)

-- name: put_rests
-- Let members rest until a moment; the later word stands. Locks those rows in the order of their members.
insert into customers.rest (member_id, how, until, said_by, said_at)
select member_id, how, until, %(by)s::text, %(now)s::timestamptz
from unnest(%(member_ids)s::uuid[], %(hows)s::text[], %(untils)s::timestamptz[]) as given (member_id, how, until)
order by member_id
on conflict (member_id) do update
set how = excluded.how,
    until = excluded.until,
    said_by = excluded.said_by,
    said_at = excluded.said_at
