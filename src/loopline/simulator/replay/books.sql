-- name: event_count
-- How many events the log has.
select count(*) as events
from log.event

-- name: lines_told
-- The lines that events of some types name, each once: how many are named by the first types, by the second, by any.
with named as (
    select
        (line ->> 'line_id')::uuid as line_id,
        bool_or(event.type = any(%(first_types)s::text[])) as is_first,
        bool_or(event.type = any(%(second_types)s::text[])) as is_second
    from log.event as event
    cross join lateral jsonb_array_elements(event.data::jsonb -> 'lines') as line
    where event.type = any(%(first_types)s::text[] || %(second_types)s::text[])
    group by 1
)
select
    count(*) filter (where is_first) as first,
    count(*) filter (where is_second) as second,
    count(*) as either
from named
