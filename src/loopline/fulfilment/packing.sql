-- What parcels are packed in.

-- name: set_box_kinds
-- Keep kinds of boxes of sites or of the brand; the later word holds. Locks those rows in order of (site, code).
insert into fulfilment.box_kind as known (
  site_id, code, name, length_mm, width_mm, height_mm, grams_most, is_insulated, set_at, set_by
)
select
  given.site_id,
  given.code,
  given.name,
  given.length_mm,
  given.width_mm,
  given.height_mm,
  given.grams_most,
  given.is_insulated,
  %(now)s::timestamptz,
  %(by)s::text
from unnest(
  %(site_ids)s::uuid[],
  %(codes)s::text[],
  %(names)s::text[],
  %(lengths_mm)s::integer[],
  %(widths_mm)s::integer[],
  %(heights_mm)s::integer[],
  %(grams_most)s::integer[],
  %(are_insulated)s::boolean[]
) as given (site_id, code, name, length_mm, width_mm, height_mm, grams_most, is_insulated)
order by given.site_id, given.code
on conflict (site_id, code) do update
set
  name = excluded.name,
  length_mm = excluded.length_mm,
  width_mm = excluded.width_mm,
  height_mm = excluded.height_mm,
  grams_most = excluded.grams_most,
  is_insulated = excluded.is_insulated,
  set_at = excluded.set_at,
  set_by = excluded.set_by

-- name: drop_box_kinds
-- Forget kinds of boxes of sites or of the brand.
delete from fulfilment.box_kind
using unnest(%(site_ids)s::uuid[], %(codes)s::text[]) as given (site_id, code)
where
  box_kind.site_id is not distinct from given.site_id
  and box_kind.code = given.code

-- name: box_kinds
-- The kinds of boxes of sites, and of the brand. Locks nothing.
select
  site_id,
  code,
  name,
  length_mm,
  width_mm,
  height_mm,
  grams_most,
  is_insulated
from fulfilment.box_kind
where
  site_id is null
  or site_id = any(%(site_ids)s::uuid[])
order by
  site_id nulls first,
  code

-- name: insert_packed_in
-- Keep what parcels were packed in. The caller has locked their tasks.
insert into fulfilment.packed_in (task_id, box_code, proposed_code, materials, packed_at)
select given.task_id, given.box_code, given.proposed_code, string_to_array(given.materials, ' '), %(now)s::timestamptz
from unnest(
  %(task_ids)s::uuid[],
  %(box_codes)s::text[],
  %(proposed_codes)s::text[],
  %(materials)s::text[]
) as given (task_id, box_code, proposed_code, materials)
order by given.task_id
on conflict (task_id) do nothing

-- name: packed_in
-- What parcels were packed in. Locks nothing.
select
  task_id,
  box_code,
  proposed_code,
  materials
from fulfilment.packed_in
where
  task_id = any(%(task_ids)s::uuid[])
order by
  task_id

-- name: boxes_lately
-- Which boxes parcels of sites were packed in since a moment (null: another one), how many of them as was proposed, and with
-- which materials; `sites` null: of all. Of tasks before `first_task` nothing is read. Locks nothing.
select
  packed_in.box_code,
  count(*) as parcels,
  count(*) filter (where packed_in.proposed_code is not null) as proposed,
  count(*) filter (where packed_in.proposed_code = packed_in.box_code) as as_proposed,
  count(*) filter (where 'padding' = any(packed_in.materials)) as padded,
  count(*) filter (where packed_in.materials && array['ice_packs', 'dry_ice']) as cooled
from fulfilment.packed_in
join fulfilment.task on task.id = packed_in.task_id
where
  packed_in.task_id >= %(first_task)s::uuid
  and packed_in.packed_at >= %(since)s::timestamptz
  and (%(sites)s::uuid[] is null or task.site_id = any(%(sites)s::uuid[]))
group by
  packed_in.box_code
order by
  parcels desc,
  packed_in.box_code
