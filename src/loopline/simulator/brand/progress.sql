-- name: world
-- Where a world stands.
select
    name,
    seed,
    is_real_time,
    reached,
    told,
    told_at
from simulator.world
where name = %(name)s::text

-- name: tell
-- Keep where a world stands; the clock never goes back. Locks the world's row.
insert into simulator.world (name, seed, is_real_time, reached, told, told_at)
values (
    %(name)s::text,
    %(seed)s::bigint,
    %(is_real_time)s::boolean,
    %(reached)s::timestamptz,
    %(told)s::jsonb,
    %(told_at)s::timestamptz
)
on conflict (name) do update
set
    seed = excluded.seed,
    is_real_time = excluded.is_real_time,
    reached = greatest(world.reached, excluded.reached),
    told = excluded.told,
    told_at = excluded.told_at
