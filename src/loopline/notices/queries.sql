-- name: find_notices
-- Notices in some states, of some orders, of a member, of sites, that ended since a moment; where one of these is not
-- given, whatever it is; the latest first. Locks nothing.
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
where (%(states)s::text[] is null or notice.state = any(%(states)s::text[]))
    and (%(order_ids)s::uuid[] is null or notice.order_id = any(%(order_ids)s::uuid[]))
    and (%(member_id)s::uuid is null or notice.member_id = %(member_id)s::uuid)
    and (%(site_ids)s::uuid[] is null or notice.site_id = any(%(site_ids)s::uuid[]))
    and (%(since)s::timestamptz is null or notice.ended_at >= %(since)s::timestamptz)
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
-- The gateway, what waits, what failed since a moment, and what was told or left out since another, of sites or of all.
-- Locks nothing.
select
    (select gateway.name from notices.gateway) as gateway,
    (select gateway.seen_at from notices.gateway) as seen_at,
    count(*) filter (where notice.state = 'waiting') as waiting,
    count(*) filter (where notice.state = 'sent') as sent,
    count(*) filter (where notice.state = 'left_out') as left_out,
    count(*) filter (where notice.state = 'failed') as failed
from notices.notice
where (
        notice.state = 'waiting'
        or (notice.state = 'failed' and notice.ended_at >= %(failed_since)s::timestamptz)
        or (notice.state in ('sent', 'left_out') and notice.ended_at >= %(since)s::timestamptz)
    )
    and (%(site_ids)s::uuid[] is null or notice.site_id = any(%(site_ids)s::uuid[]));
