-- name: standing_consents
-- What stands of the consents asked for. Locks nothing.
select
    asked.place,
    standing.granted,
    standing.since
from unnest(%(member_ids)s::uuid[], %(purposes)s::text[], %(channels)s::text[], %(receiver_ids)s::uuid[])
    with ordinality as asked (member_id, purpose, channel, receiver_id, place)
join customers.consent as standing
    on standing.member_id = asked.member_id
    and standing.purpose = asked.purpose
    and standing.channel = asked.channel
    and standing.receiver_id = asked.receiver_id
order by asked.place

-- name: consent_history
-- Everything a member said, the latest first. Locks nothing.
select
    purpose,
    channel,
    receiver_id,
    at,
    granted,
    source
from customers.consent_change
where member_id = %(member_id)s::uuid
order by at desc, purpose, channel, receiver_id, granted
