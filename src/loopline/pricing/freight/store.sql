-- name: add_freight
-- Keep what units set, in the order given: the last of a unit holds. Locks nothing but the new rows.
insert into pricing.freight (unit_id, template, is_open, comment, set_at, set_by)
select
    given.unit_id,
    given.template,
    given.is_open,
    given.comment,
    %(now)s::timestamptz,
    %(by)s::text
from unnest(
    %(unit_ids)s::uuid[],
    %(templates)s::jsonb[],
    %(opens)s::boolean[],
    %(comments)s::text[]
) with ordinality as given (unit_id, template, is_open, comment, place)
order by given.place;

-- name: freight_of_units
-- The last word of these units; of all units where none are named. Locks nothing.
select distinct on (unit_id)
    number,
    unit_id,
    template,
    is_open,
    comment,
    set_at,
    set_by
from pricing.freight
where %(unit_ids)s::uuid[] is null or unit_id = any(%(unit_ids)s::uuid[])
order by
    unit_id,
    number desc;
