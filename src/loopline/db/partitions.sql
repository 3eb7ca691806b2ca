-- name: monthly_partitions
-- The month partitions that exist, by table.
select parent.oid::regclass::text as table_name, child.relname as partition_name
from pg_inherits
join pg_class as parent on parent.oid = pg_inherits.inhparent
join pg_class as child on child.oid = pg_inherits.inhrelid
where parent.oid::regclass::text = any(%(tables)s::text[])
order by 1, 2
