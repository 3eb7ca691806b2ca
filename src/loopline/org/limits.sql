-- name: add_limits
-- Keep what units set, in the order given: the last of a unit and setting holds. Locks nothing but the new rows.
insert into org.counter_limit (unit_id, setting, value, is_open, comment, set_at, set_by)
select
    given.unit_id,
    given.setting,
    given.value,
    given.is_open,
    given.comment,
    %(now)s::timestamptz,
    %(by)s::text
from unnest(
    %(unit_ids)s::uuid[],
    %(settings)s::text[],
    %(values)s::bigint[],
    %(opens)s::boolean[],
    %(comments)s::text[]
) with ordinality as given (unit_id, setting, value, is_open, comment, place)
order by given.place;

-- name: limits_of_units
-- The last word of these units on each limit. Locks nothing.
select distinct on (unit_id, setting)
    unit_id,
    setting,
    value,
    is_open,
    comment,
    set_at,
    set_by
from org.counter_limit
where unit_id = any(%(unit_ids)s::uuid[])
order by
    unit_id,
    setting,
    number desc;
