-- Where goods lie in sites.

-- name: set_shelf_places
-- Say where SKUs lie at sites; said again, the later word stands. Locks those rows in order of (site, SKU).
insert into stock.shelf_place as known (site_id, sku_id, place, set_at, set_by)
select given.site_id, given.sku_id, given.place, %(now)s::timestamptz, %(by)s::text
from unnest(%(site_ids)s::uuid[], %(sku_ids)s::uuid[], %(places)s::text[]) as given (site_id, sku_id, place)
order by given.site_id, given.sku_id
on conflict (site_id, sku_id) do update
set
  place = excluded.place,
  set_at = excluded.set_at,
  set_by = excluded.set_by
where
  known.place <> excluded.place

-- name: forget_shelf_places
-- Forget where SKUs lie at sites.
delete from stock.shelf_place
using unnest(%(site_ids)s::uuid[], %(sku_ids)s::uuid[]) as given (site_id, sku_id)
where
  shelf_place.site_id = given.site_id
  and shelf_place.sku_id = given.sku_id

-- name: shelf_places
-- Where SKUs lie at sites (null: all SKUs that have a place), after a SKU. Locks nothing.
select
  site_id,
  sku_id,
  place
from stock.shelf_place
where
  site_id = any(%(site_ids)s::uuid[])
  and (%(sku_ids)s::uuid[] is null or sku_id = any(%(sku_ids)s::uuid[]))
  and (
    %(after_site)s::uuid is null
    or (site_id, sku_id) > (%(after_site)s::uuid, %(after_sku)s::uuid)
  )
order by
  site_id,
  sku_id
limit %(limit)s::integer
