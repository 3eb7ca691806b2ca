-- name: lock_live_rooms
-- Let one transaction at a time add, start or end live rooms: streamers go on air some times a day. Locks no row.
select pg_advisory_xact_lock(hashtextextended('touchpoints.live_rooms', 0))

-- name: insert_live_rooms
-- Plan shows. The caller holds the lock of the live rooms and has found their codes free.
insert into touchpoints.live_room (id, code, name, streamer_id, unit_id, starts_at, added_at)
select
    id,
    code,
    name,
    streamer_id,
    unit_id,
    starts_at,
    %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[],
    %(codes)s::text[],
    %(names)s::text[],
    %(streamer_ids)s::uuid[],
    %(unit_ids)s::uuid[],
    %(starts_at)s::timestamptz[]
) as planned (id, code, name, streamer_id, unit_id, starts_at)

-- name: insert_live_room_skus
-- Say what is shown, in which order.
insert into touchpoints.live_room_sku (live_room_id, position, sku_id, sku_code)
select
    live_room_id,
    position,
    sku_id,
    sku_code
from unnest(%(live_room_ids)s::uuid[], %(positions)s::integer[], %(sku_ids)s::uuid[], %(sku_codes)s::text[])
    as shown (live_room_id, position, sku_id, sku_code)

-- name: live_room_codes
-- The codes of shows. Locks nothing.
select
    room.id,
    room.code
from touchpoints.live_room as room
where room.id = any (%(live_room_ids)s::uuid[])

-- name: live_rooms_by_code
-- Shows by their codes, with what is scanned to come in and what is shown. Locks nothing.
select
    room.id,
    room.code,
    room.name,
    room.streamer_id,
    room.unit_id,
    room.starts_at,
    room.started_at,
    room.ended_at,
    coalesce(touchpoint.code, '') as touchpoint_code,
    array(
        select shown.sku_code
        from touchpoints.live_room_sku as shown
        where shown.live_room_id = room.id
        order by shown.position
    ) as sku_codes
from touchpoints.live_room as room
left join touchpoints.touchpoint as touchpoint on touchpoint.live_room_id = room.id
where room.code = any (%(codes)s::text[])
order by room.id

-- name: live_rooms_page
-- Shows, the newest first, from an id on: those on air, those that are not, or all; of streamers who are not shown
-- behind the scenes only those on air. Locks nothing.
select
    room.id,
    room.code,
    room.name,
    room.streamer_id,
    room.unit_id,
    room.starts_at,
    room.started_at,
    room.ended_at,
    coalesce(touchpoint.code, '') as touchpoint_code,
    array(
        select shown.sku_code
        from touchpoints.live_room_sku as shown
        where shown.live_room_id = room.id
        order by shown.position
    ) as sku_codes
from touchpoints.live_room as room
left join touchpoints.touchpoint as touchpoint on touchpoint.live_room_id = room.id
where (%(before)s::uuid is null or room.id < %(before)s::uuid)
    and (%(streamer_ids)s::uuid[] is null or room.streamer_id = any(%(streamer_ids)s::uuid[]))
    and (
        %(behind_ids)s::uuid[] is null
        or room.streamer_id = any(%(behind_ids)s::uuid[])
        or (room.started_at is not null and room.ended_at is null)
    )
    and (
        %(is_live)s::boolean is null
        or %(is_live)s::boolean = (room.started_at is not null and room.ended_at is null)
    )
order by room.id desc
limit %(limit)s::integer

-- name: rooms_on_air_of
-- The shows of streamers that are on air: at most one each. Locks nothing; the caller holds the lock of the live rooms.
select
    streamer_id,
    code
from touchpoints.live_room
where streamer_id = any (%(streamer_ids)s::uuid[])
    and started_at is not null
    and ended_at is null
order by streamer_id

-- name: start_live_rooms
-- Put shows on air. Locks them; the caller holds the lock of the live rooms.
update touchpoints.live_room
set started_at = %(now)s::timestamptz
where id = any (%(ids)s::uuid[])
    and started_at is null

-- name: end_live_rooms
-- Take shows off the air. Locks them; the caller holds the lock of the live rooms.
update touchpoints.live_room
set ended_at = greatest(%(now)s::timestamptz, started_at)
where id = any (%(ids)s::uuid[])
    and started_at is not null
    and ended_at is null

-- name: live_counters
-- How shows go: scans of their codes and orders attributed to them. Locks nothing.
select
    room.id as live_room_id,
    coalesce(
        (
            select sum(counted.scans)
            from touchpoints.scan_count as counted
            join touchpoints.touchpoint as touchpoint on touchpoint.id = counted.touchpoint_id
            where touchpoint.live_room_id = room.id
        ),
        0
    )::bigint as scans,
    (
        select count(*)
        from touchpoints.attribution as attributed
        where attributed.live_room_id = room.id
    ) as orders
from touchpoints.live_room as room
where room.id = any (%(ids)s::uuid[])
order by room.id

-- name: orders_of_live_room
-- The orders attributed to a show, in the order of their ids. Locks nothing.
select attributed.order_id
from touchpoints.attribution as attributed
where attributed.live_room_id = %(id)s::uuid
order by attributed.order_id
