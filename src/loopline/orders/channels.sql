-- name: put_channels
-- Set the terms of channels, in order of their codes; locks the rows of those that exist.
insert into orders.channel (code, name, network_node_id, may_state_price, hold_minutes_default)
select code, name, network_node_id, may_state_price, hold_minutes_default
from unnest(
    %(codes)s::text[],
    %(names)s::text[],
    %(network_node_ids)s::uuid[],
    %(may_state_price)s::boolean[],
    %(hold_minutes)s::integer[]
) as terms (code, name, network_node_id, may_state_price, hold_minutes_default)
order by code
on conflict (code) do update set
    name = excluded.name,
    network_node_id = excluded.network_node_id,
    may_state_price = excluded.may_state_price,
    hold_minutes_default = excluded.hold_minutes_default

-- name: channels
-- The terms of every channel: a dozen rows.
select code, name, network_node_id, may_state_price, hold_minutes_default
from orders.channel
order by code
