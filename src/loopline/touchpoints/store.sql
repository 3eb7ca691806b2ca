-- name: insert_touchpoints
-- Make codes, in the order of their ids; one that stands (a receipt of that order, a code of that GTIN or live room, or,
-- once in a million million, the same code) is left alone and not returned. Waits for rivals that make the same.
insert into touchpoints.touchpoint (
    id, code, kind, label, site_id, site_code, unit_id, product_id, product_code, sku_id, sku_code, party_id, party_code,
    order_id, order_number, live_room_id, live_room_code, gtin, guide_id, store_id, dealer_id, streamer_id, added_at
)
select
    made.id,
    made.code,
    made.kind,
    made.label,
    made.site_id,
    made.site_code,
    made.unit_id,
    made.product_id,
    made.product_code,
    made.sku_id,
    made.sku_code,
    made.party_id,
    made.party_code,
    made.order_id,
    made.order_number,
    made.live_room_id,
    made.live_room_code,
    made.gtin,
    made.guide_id,
    made.store_id,
    made.dealer_id,
    made.streamer_id,
    %(now)s::timestamptz
from jsonb_to_recordset(%(rows)s::jsonb) as made (
    id uuid, code text, kind text, label text, site_id uuid, site_code text, unit_id uuid, product_id uuid,
    product_code text, sku_id uuid, sku_code text, party_id uuid, party_code text, order_id uuid, order_number text,
    live_room_id uuid, live_room_code text, gtin text, guide_id uuid, store_id uuid, dealer_id uuid, streamer_id uuid
)
order by coalesce(made.order_id, made.live_room_id), made.gtin collate "C", made.id
on conflict do nothing
returning id

-- name: touchpoints_of_their_own
-- The codes that there may be only one of: receipts by order, codes of GTINs, codes of live rooms. Locks nothing.
select
    id,
    code,
    order_id,
    gtin,
    live_room_id
from touchpoints.touchpoint
where (kind = 'receipt' and order_id = any (%(order_ids)s::uuid[]))
    or gtin = any (%(gtins)s::text[])
    or live_room_id = any (%(live_room_ids)s::uuid[])
order by id

-- name: retire_touchpoints
-- Take codes out of use; those that are stay as they are. Locks them.
update touchpoints.touchpoint
set retired_at = %(now)s::timestamptz
where id = any (%(ids)s::uuid[])
    and retired_at is null

-- name: touchpoints_by_code
-- Codes and what they name. Locks nothing.
select
    id,
    code,
    kind,
    label,
    added_at,
    retired_at,
    site_id,
    site_code,
    unit_id,
    product_id,
    product_code,
    sku_id,
    sku_code,
    party_id,
    party_code,
    order_id,
    order_number,
    live_room_id,
    live_room_code,
    gtin,
    guide_id,
    store_id,
    dealer_id,
    streamer_id
from touchpoints.touchpoint
where code = any (%(codes)s::text[])
order by id

-- name: touchpoints_by_id
-- Codes and what they name, by their ids. Locks nothing.
select
    id,
    code,
    kind,
    label,
    added_at,
    retired_at,
    site_id,
    site_code,
    unit_id,
    product_id,
    product_code,
    sku_id,
    sku_code,
    party_id,
    party_code,
    order_id,
    order_number,
    live_room_id,
    live_room_code,
    gtin,
    guide_id,
    store_id,
    dealer_id,
    streamer_id
from touchpoints.touchpoint
where id = any (%(ids)s::uuid[])
order by id

-- name: lock_visitors
-- Let one transaction at a time record scans of a visitor, or claim them; in the order of the locks' numbers, so that
-- two with the same visitors do not wait in a circle. Locks no row.
select pg_advisory_xact_lock(visitors.lock)
from (
    select distinct hashtextextended('touchpoints.visitor ' || visitor, 0) as lock
    from unnest(%(visitors)s::uuid[]) as wanted (visitor)
    order by lock
) as visitors

-- name: scans_nearby
-- The scans of visitors at touchpoints around moments. Locks nothing; the caller holds the visitors.
select distinct
    scan.visitor,
    scan.touchpoint_id,
    scan.at,
    scan.id as scan_id
from unnest(%(visitors)s::uuid[], %(touchpoint_ids)s::uuid[], %(at)s::timestamptz[])
    as asked (visitor, touchpoint_id, at)
join touchpoints.scan as scan
    on scan.visitor = asked.visitor
    and scan.touchpoint_id = asked.touchpoint_id
    and scan.at between asked.at - %(within)s::interval and asked.at + %(within)s::interval
order by scan.visitor, scan.touchpoint_id, scan.at, scan_id

-- name: insert_scans
-- Keep scans that count. The caller holds their visitors.
insert into touchpoints.scan (id, touchpoint_id, visitor, member_id, channel, at, received_at)
select
    id,
    touchpoint_id,
    visitor,
    member_id,
    channel,
    at,
    %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[],
    %(touchpoint_ids)s::uuid[],
    %(visitors)s::uuid[],
    %(member_ids)s::uuid[],
    %(channels)s::text[],
    %(at)s::timestamptz[]
) as made (id, touchpoint_id, visitor, member_id, channel, at)

-- name: count_scans
-- Move the days' counts by what was scanned, in the order of (touchpoint, day); locks them to the end.
insert into touchpoints.scan_count as standing (touchpoint_id, day, scans, of_members)
select
    touchpoint_id,
    (at at time zone 'UTC')::date as day,
    count(*),
    count(member_id)
from unnest(%(touchpoint_ids)s::uuid[], %(member_ids)s::uuid[], %(at)s::timestamptz[])
    as made (touchpoint_id, member_id, at)
group by touchpoint_id, day
order by touchpoint_id, day
on conflict on constraint scan_count_pkey do update
set
    scans = standing.scans + excluded.scans,
    of_members = standing.of_members + excluded.of_members

-- name: scans_to_claim
-- Scans of unknown visitors since a moment that nobody claimed, oldest first. Locks nothing; the caller holds the
-- visitors.
select
    scan.id as scan_id,
    scan.touchpoint_id,
    scan.visitor,
    scan.channel,
    scan.at
from touchpoints.scan as scan
where scan.visitor = any (%(visitors)s::uuid[])
    and scan.member_id is null
    and scan.at >= %(since)s::timestamptz
    and not exists (select from touchpoints.claim as claim where claim.scan_id = scan.id)
order by scan.at, scan.id

-- name: insert_claims
-- Keep whose scans turned out to be. The caller holds the visitors.
insert into touchpoints.claim (scan_id, member_id, at, claimed_at)
select
    scan_id,
    member_id,
    at,
    %(now)s::timestamptz
from unnest(%(scan_ids)s::uuid[], %(member_ids)s::uuid[], %(at)s::timestamptz[]) as claimed (scan_id, member_id, at)

-- name: binding_rules
-- Every rule of binding there ever was. Locks nothing.
select
    kind,
    role,
    effective_from,
    is_active,
    protection_days,
    may_take_over
from touchpoints.binding_rule
order by kind, role, effective_from

-- name: insert_binding_rules
-- Let rules count from now on; of two of one moment the first stays.
insert into touchpoints.binding_rule
    (kind, role, effective_from, is_active, protection_days, may_take_over, author)
select
    kind,
    role,
    %(now)s::timestamptz,
    is_active,
    protection_days,
    may_take_over,
    %(author)s::text
from unnest(
    %(kinds)s::text[],
    %(roles)s::text[],
    %(is_active)s::boolean[],
    %(protection_days)s::integer[],
    %(may_take_over)s::boolean[]
) as wanted (kind, role, is_active, protection_days, may_take_over)
on conflict on constraint binding_rule_pkey do nothing

-- name: attribution_rules
-- Every rule of attribution there ever was. Locks nothing.
select
    role,
    effective_from,
    window_minutes,
    touch,
    binding_wins
from touchpoints.attribution_rule
order by role, effective_from

-- name: insert_attribution_rules
-- Let rules count from now on; of two of one moment the first stays.
insert into touchpoints.attribution_rule (role, effective_from, window_minutes, touch, binding_wins, author)
select
    role,
    %(now)s::timestamptz,
    window_minutes,
    touch,
    binding_wins,
    %(author)s::text
from unnest(%(roles)s::text[], %(windows)s::integer[], %(touches)s::text[], %(binding_wins)s::boolean[])
    as wanted (role, window_minutes, touch, binding_wins)
on conflict on constraint attribution_rule_pkey do nothing

-- name: last_binding_ties
-- The last scan that bound each of these members in each role. Locks nothing; the caller holds the members.
select distinct on (member_id, role)
    scan_id,
    role,
    member_id,
    party_id,
    outcome,
    was_bound_to,
    rule_kind,
    rule_from,
    protected_until,
    may_take_over,
    at
from touchpoints.tie
where member_id = any (%(member_ids)s::uuid[])
    and protected_until is not null
order by member_id, role, at desc, scan_id desc

-- name: insert_ties
-- Keep what scans did to bindings.
insert into touchpoints.tie (
    scan_id, role, member_id, party_id, outcome, was_bound_to, rule_kind, rule_from, protected_until, may_take_over, at
)
select
    scan_id,
    role,
    member_id,
    party_id,
    outcome,
    was_bound_to,
    rule_kind,
    rule_from,
    protected_until,
    may_take_over,
    at
from jsonb_to_recordset(%(rows)s::jsonb) as made (
    scan_id uuid, role text, member_id uuid, party_id uuid, outcome text, was_bound_to uuid, rule_kind text,
    rule_from timestamptz, protected_until timestamptz, may_take_over boolean, at timestamptz
)

-- name: touches_before
-- For each of several buyers, the scans of the member (made or claimed) and of the browser since a moment, at most fifty
-- of each, the latest ones. What another member did in the same browser is not theirs. Locks nothing.
select
    asked.place::integer as place,
    touched.scan_id,
    touched.touchpoint_id,
    touched.at
from unnest(
    %(member_ids)s::uuid[],
    %(visitors)s::uuid[],
    %(since)s::timestamptz[],
    %(until)s::timestamptz[]
) with ordinality as asked (member_id, visitor, since, until, place)
cross join lateral (
    (
        select
            scan.id as scan_id,
            scan.touchpoint_id,
            scan.at
        from touchpoints.scan as scan
        where scan.member_id = asked.member_id
            and scan.at between asked.since and asked.until
        order by scan.at desc
        limit 50
    )
    union
    (
        select
            scan.id,
            scan.touchpoint_id,
            scan.at
        from touchpoints.claim as claim
        join touchpoints.scan as scan on scan.id = claim.scan_id
        where claim.member_id = asked.member_id
            and claim.at between asked.since and asked.until
        order by claim.at desc
        limit 50
    )
    union
    (
        select
            scan.id,
            scan.touchpoint_id,
            scan.at
        from touchpoints.scan as scan
        left join touchpoints.claim as claim on claim.scan_id = scan.id
        where scan.visitor = asked.visitor
            and scan.at between asked.since and asked.until
            and coalesce(scan.member_id, claim.member_id, asked.member_id) is not distinct from
                coalesce(asked.member_id, scan.member_id, claim.member_id)
        order by scan.at desc
        limit 50
    )
) as touched
order by asked.place, touched.at, touched.scan_id

-- name: insert_attributions
-- Keep what touched orders; an order's that stands is left alone and not returned. In the order of their ids.
insert into touchpoints.attribution
    (order_id, member_id, visitor, live_room_id, placed_at, touches, credits, recorded_at)
select
    order_id,
    member_id,
    visitor,
    live_room_id,
    placed_at,
    touches,
    credits,
    %(now)s::timestamptz
from jsonb_to_recordset(%(rows)s::jsonb) as made (
    order_id uuid, member_id uuid, visitor uuid, live_room_id uuid, placed_at timestamptz, touches jsonb, credits jsonb
)
order by order_id
on conflict on constraint attribution_pkey do nothing
returning order_id

-- name: orders_attributed
-- Which of these orders have their attribution. Locks nothing.
select order_id
from touchpoints.attribution
where order_id = any (%(order_ids)s::uuid[])
order by order_id
