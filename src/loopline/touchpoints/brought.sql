-- name: scans_brought
-- How often touchpoints were scanned between two moments, and by how many: a member counts once, whoever is not known once for
-- each browser. Locks nothing.
select
    scan.touchpoint_id,
    count(*) as scans,
    count(distinct coalesce(scan.member_id, claim.member_id, scan.visitor)) as people
from touchpoints.scan as scan
left join touchpoints.claim as claim on claim.scan_id = scan.id
where scan.touchpoint_id = any (%(touchpoint_ids)s::uuid[])
    and scan.at >= %(start)s::timestamptz
    and scan.at < %(end)s::timestamptz
group by scan.touchpoint_id
order by scan.touchpoint_id

-- name: scan_days_of_all
-- How often touchpoints were scanned, all together, on each day (UTC) that had scans. Locks nothing.
select
    day,
    sum(scans)::bigint as scans,
    sum(of_members)::bigint as of_members
from touchpoints.scan_count
where touchpoint_id = any (%(touchpoint_ids)s::uuid[])
    and day between %(first)s::date and %(last)s::date
group by day
order by day

-- name: orders_brought
-- Orders placed between two moments whose last touch was one of these touchpoints, the latest first, so many at most. Locks
-- nothing.
select
    last_touch.touchpoint_id,
    attribution.order_id
from touchpoints.attribution as attribution
cross join lateral (
    select (touched ->> 'touchpoint_id')::uuid as touchpoint_id
    from jsonb_array_elements(attribution.touches) as touched
    order by (touched ->> 'at')::timestamptz desc, touched ->> 'scan_id' desc nulls first
    limit 1
) as last_touch
where attribution.placed_at >= %(start)s::timestamptz
    and attribution.placed_at < %(end)s::timestamptz
    and last_touch.touchpoint_id = any (%(touchpoint_ids)s::uuid[])
order by attribution.placed_at desc, attribution.order_id desc
limit %(at_most)s::integer
