-- name: partitions
-- The partitions that exist, by table, and the storage options they were made with.
select
  schema.nspname || '.' || parent.relname as table_name,
  child.relname as partition_name,
  array_to_string(child.reloptions, ', ') as options
from pg_inherits
join pg_class as parent on parent.oid = pg_inherits.inhparent
join pg_namespace as schema on schema.oid = parent.relnamespace
join pg_class as child on child.oid = pg_inherits.inhrelid
where schema.nspname || '.' || parent.relname = any(%(tables)s::text[])
order by table_name, partition_name

-- name: written_columns
-- The columns of a table in their order, without those that the database makes.
select attribute.attname as column_name
from pg_attribute as attribute
join pg_class as class on class.oid = attribute.attrelid
join pg_namespace as schema on schema.oid = class.relnamespace
where schema.nspname || '.' || class.relname = %(table_name)s::text
  and attribute.attnum > 0
  and not attribute.attisdropped
  and attribute.attgenerated = ''
order by attribute.attnum

-- name: take_turn
-- Wait until no other process makes partitions, and wait for nobody else longer than two seconds from then on.
select pg_advisory_xact_lock(7310004)::text, set_config('lock_timeout', '2s', true)
