-- name: read_equipment
-- What some sites (null: all) are equipped for. Locks nothing.
select
  site_id,
  temperature_class,
  since,
  declared_by
from sourcing.site_equipment
where
  until is null
  and (
    %(site_ids)s::uuid[] is null
    or site_id = any(%(site_ids)s::uuid[])
  )
order by
  site_id,
  temperature_class;

-- name: share_equipment
-- What sites are equipped for at a moment. Locks the rows for sharing in order of (site, class), waiting for whoever ends
-- one.
select
  site_id,
  temperature_class,
  since,
  declared_by
from sourcing.site_equipment
where
  until is null
  and since <= %(now)s::timestamptz
  and site_id = any(%(site_ids)s::uuid[])
order by
  site_id,
  temperature_class
for share;

-- name: lock_equipment
-- What sites are equipped for. Locks the rows in order of (site, class), waiting for whoever puts goods to them.
select
  site_id,
  temperature_class,
  since,
  declared_by
from sourcing.site_equipment
where
  until is null
  and site_id = any(%(site_ids)s::uuid[])
order by
  site_id,
  temperature_class
for update;

-- name: end_equipment
-- End what sites are equipped for. The caller has locked the rows.
update sourcing.site_equipment
set
  until = greatest(given.until, site_equipment.since),
  withdrawn_by = %(by)s::text
from unnest(
  %(site_ids)s::uuid[],
  %(classes)s::text[],
  %(until)s::timestamptz[]
) as given (site_id, temperature_class, until)
where
  site_equipment.site_id = given.site_id
  and site_equipment.temperature_class = given.temperature_class
  and site_equipment.until is null;

-- name: begin_equipment
-- Say what sites are equipped for; what stands stays. Locks new rows, in order of (site, class).
insert into sourcing.site_equipment (
  site_id,
  temperature_class,
  since,
  declared_by
)
select
  given.site_id,
  given.temperature_class,
  %(now)s::timestamptz,
  %(by)s::text
from unnest(
  %(site_ids)s::uuid[],
  %(classes)s::text[]
) as given (site_id, temperature_class)
order by
  given.site_id,
  given.temperature_class
on conflict (site_id, temperature_class) where until is null do nothing;
