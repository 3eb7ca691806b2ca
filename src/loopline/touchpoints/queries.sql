-- name: touchpoints_page
-- Codes that hang and stand somewhere, the newest first, from an id on: of a kind, of sites or units. Receipts and
-- parcels are not listed. Locks nothing.
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
where kind not in ('receipt', 'parcel')
    and (%(before)s::uuid is null or id < %(before)s::uuid)
    and (%(kind)s::text is null or kind = %(kind)s::text)
    and (
        %(everything)s::boolean
        or site_id = any (%(site_ids)s::uuid[])
        or unit_id = any (%(unit_ids)s::uuid[])
    )
    and (%(site_id)s::uuid is null or site_id = %(site_id)s::uuid)
order by id desc
limit %(limit)s::integer

-- name: scan_totals
-- How often touchpoints were scanned in all. Locks nothing.
select
    touchpoint_id,
    sum(scans)::bigint as scans,
    sum(of_members)::bigint as of_members,
    max(day) as last_day
from touchpoints.scan_count
where touchpoint_id = any (%(touchpoint_ids)s::uuid[])
group by touchpoint_id
order by touchpoint_id

-- name: scan_days
-- How often a touchpoint was scanned on each of its last days, the latest first. Locks nothing.
select
    day,
    scans,
    of_members
from touchpoints.scan_count
where touchpoint_id = %(touchpoint_id)s::uuid
order by day desc
limit %(limit)s::integer

-- name: attributions_of_orders
-- What touched orders, and who got the credit. Locks nothing.
select
    order_id,
    member_id,
    visitor,
    live_room_id,
    placed_at,
    touches,
    credits
from touchpoints.attribution
where order_id = any (%(order_ids)s::uuid[])
order by order_id

-- name: ties_of_member
-- What scans did to whose customer a member is, the latest first. Locks nothing.
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
from touchpoints.tie
where member_id = %(member_id)s::uuid
order by at desc, scan_id desc, role
limit %(limit)s::integer

-- name: receipt_codes
-- The codes of orders' receipts. Locks nothing.
select
    order_id,
    code
from touchpoints.touchpoint
where kind = 'receipt'
    and order_id = any (%(order_ids)s::uuid[])
order by order_id

-- name: campaigns_of_orders
-- The codes of the live rooms that these orders came out of. Locks nothing.
select
    attribution.order_id,
    live_room.code
from touchpoints.attribution
join touchpoints.live_room on live_room.id = attribution.live_room_id
where attribution.order_id = any (%(order_ids)s::uuid[])

-- name: product_card
-- The code of a product that a party hands out, the latest of those in use. Locks nothing.
select
    id as touchpoint_id,
    code,
    false as is_new
from touchpoints.touchpoint
where kind = 'product'
    and kind not in ('receipt', 'parcel')
    and party_id = %(party_id)s::uuid
    and product_code = %(product_code)s::text
    and sku_code is null
    and site_code is null
    and retired_at is null
order by id desc
limit 1

-- name: traces_of_orders
-- What touched orders and who got the credit, with what the codes of these touches are called. Locks nothing.
select
    attribution.order_id,
    attribution.placed_at,
    attribution.touches,
    attribution.credits,
    coalesce(
        (
            select jsonb_object_agg(
                touchpoint.id,
                jsonb_build_object(
                    'code', touchpoint.code, 'label', touchpoint.label, 'live_room_code', touchpoint.live_room_code
                )
            )
            from touchpoints.touchpoint
            where touchpoint.id in (
                select (touch ->> 'touchpoint_id')::uuid
                from jsonb_array_elements(attribution.touches || attribution.credits) as touch
            )
        ),
        '{}'
    ) as codes
from touchpoints.attribution
where order_id = any (%(order_ids)s::uuid[])
order by order_id
