-- name: find_notices
-- Notices in some states, of sites or of all, that happened before a moment, the latest first. Locks nothing.
select
    notice.id,
    notice.order_id,
    notice.about,
    notice.version,
    notice.member_id,
    notice.site_id,
    notice.zone,
    notice.facts,
    notice.happened_at,
    notice.stale_at,
    notice.state,
    notice."end",
    notice.tries,
    notice.is_unsure,
    notice.next_try_at,
    notice.told_at,
    notice.ended_at,
    notice.language,
    notice.reference,
    notice.note
from notices.notice
where notice.state = any(%(states)s::text[])
    and (%(site_ids)s::uuid[] is null or notice.site_id = any(%(site_ids)s::uuid[]))
    and (%(before)s::timestamptz is null or notice.happened_at < %(before)s::timestamptz)
order by notice.happened_at desc, notice.id desc
limit %(at_most)s::bigint;

-- name: notices_of_orders
-- Every notice of orders, of sites or of all, the latest first. Locks nothing.
select
    notice.id,
    notice.order_id,
    notice.about,
    notice.version,
    notice.member_id,
    notice.site_id,
    notice.zone,
    notice.facts,
    notice.happened_at,
    notice.stale_at,
    notice.state,
    notice."end",
    notice.tries,
    notice.is_unsure,
    notice.next_try_at,
    notice.told_at,
    notice.ended_at,
    notice.language,
    notice.reference,
    notice.note
from notices.notice
where notice.order_id = any(%(order_ids)s::uuid[])
    and (%(site_ids)s::uuid[] is null or notice.site_id = any(%(site_ids)s::uuid[]))
order by notice.happened_at desc, notice.id desc;

-- name: notices_of_member
-- What a member was told, the latest first. Locks nothing.
select
    notice.id,
    notice.order_id,
    notice.about,
    notice.version,
    notice.member_id,
    notice.site_id,
    notice.zone,
    notice.facts,
    notice.happened_at,
    notice.stale_at,
    notice.state,
    notice."end",
    notice.tries,
    notice.is_unsure,
    notice.next_try_at,
    notice.told_at,
    notice.ended_at,
    notice.language,
    notice.reference,
    notice.note
from notices.notice
where notice.member_id = %(member_id)s::uuid
    and notice.state = 'sent'
order by notice.happened_at desc, notice.id desc
limit %(at_most)s::bigint;

-- name: told_lately
-- When members were told something since a moment, as far as it may have arrived. Locks nothing.
select
    notice.member_id,
    notice.told_at
from notices.notice
where notice.member_id = any(%(member_ids)s::uuid[])
    and notice.told_at > %(since)s::timestamptz
    and (notice.state = 'sent' or notice.is_unsure)
order by notice.told_at, notice.id;

-- name: standing
-- The gateway, what waits or failed, and what was told or left out since a moment, of sites or of all. Locks nothing.
select
    (select gateway.name from notices.gateway) as gateway,
    (select gateway.seen_at from notices.gateway) as seen_at,
    count(*) filter (where notice.state = 'waiting') as waiting,
    count(*) filter (where notice.state = 'sent') as sent,
    count(*) filter (where notice.state = 'left_out') as left_out,
    count(*) filter (where notice.state = 'failed') as failed
from notices.notice
where (notice.state in ('waiting', 'failed') or notice.ended_at >= %(since)s::timestamptz)
    and (%(site_ids)s::uuid[] is null or notice.site_id = any(%(site_ids)s::uuid[]));
