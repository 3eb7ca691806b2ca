-- name: progress
-- Where a replay stands.
select
    name,
    seed,
    source_hash,
    invoices,
    under_way,
    steps,
    returned,
    counts,
    finished_at_invoices
from simulator.replay
where name = %(name)s::text

-- name: begin
-- A replay that is about to start. Nothing happens where it stands already.
insert into simulator.replay (name, seed, source_hash, invoices, under_way, steps, returned, counts)
values (%(name)s::text, %(seed)s::bigint, %(source_hash)s::bytea, 0, 0, 0, 0, '{}')
on conflict (name) do nothing

-- name: advance
-- Step forward from where the caller believes the replay stands; no row when another run has moved it. Locks the
-- replay's row.
update simulator.replay
set
    invoices = %(invoices)s::bigint,
    under_way = %(under_way)s::bigint,
    steps = %(steps)s::integer,
    returned = %(returned)s::bigint,
    counts = %(counts)s::jsonb,
    finished_at_invoices = %(finished_at_invoices)s::bigint
where
    name = %(name)s::text
    and invoices = %(invoices_before)s::bigint
    and steps = %(steps_before)s::integer

-- name: is_replayed
-- Whether this database holds a replayed history.
select exists (select from simulator.replay) as is_replayed
