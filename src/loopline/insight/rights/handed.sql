-- name: open_skus
-- Make the rows of sums by SKU that are not there yet, with nothing in them, in the order of (day, SKU). Locks the new rows.
insert into insight.handed_over_by_sku (day, sku_id, units)
select given.day, given.sku_id, 0
from unnest(%(days)s::date[], %(sku_ids)s::uuid[]) as given (day, sku_id)
order by given.day, given.sku_id
on conflict on constraint handed_over_by_sku_pkey do nothing

-- name: move_skus
-- Move sums by SKU by what changed. Locks the rows it moves; only the one process that holds the follower's row writes them.
update insight.handed_over_by_sku as present
set units = present.units + given.units
from unnest(%(days)s::date[], %(sku_ids)s::uuid[], %(units)s::bigint[]) as given (day, sku_id, units)
where present.day = given.day
  and present.sku_id = given.sku_id

-- name: open_packers
-- Make the rows of sums by packer that are not there yet, with nothing in them, in the order of (day, site, packer). Locks
-- the new rows.
insert into insight.handed_over_by_packer (day, sent_site_id, packer_id, units)
select given.day, given.site_id, given.packer_id, 0
from unnest(%(days)s::date[], %(site_ids)s::uuid[], %(packer_ids)s::uuid[]) as given (day, site_id, packer_id)
order by given.day, given.site_id, given.packer_id
on conflict on constraint handed_over_by_packer_pkey do nothing

-- name: move_packers
-- Move sums by packer by what changed. Locks the rows it moves; only the one process that holds the follower's row writes
-- them.
update insight.handed_over_by_packer as present
set units = present.units + given.units
from unnest(
    %(days)s::date[],
    %(site_ids)s::uuid[],
    %(packer_ids)s::uuid[],
    %(units)s::bigint[]
  ) as given (day, site_id, packer_id, units)
where present.day = given.day
  and present.sent_site_id = given.site_id
  and present.packer_id = given.packer_id
