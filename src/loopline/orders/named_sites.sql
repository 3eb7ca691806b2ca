-- name: copy_named_sites
-- Write the sites that orders must ship from. Locks only the rows it makes.
copy orders.named_site (order_id, site_id) from stdin

-- name: named_sites
-- The sites that orders must ship from. Locks nothing.
select order_id, site_id
from orders.named_site
where order_id = any (%(order_ids)s::uuid[])
order by order_id, site_id

-- name: delete_named_sites
-- Let orders name no sites. The caller holds their rows.
delete from orders.named_site
where order_id = any (%(order_ids)s::uuid[])
