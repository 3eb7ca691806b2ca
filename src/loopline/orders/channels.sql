-- name: put_channels
-- Set the terms of channels, in order of their codes; locks the rows of those that exist.
insert into orders.channel (
    code, name, network_node_id, may_state_price, hold_minutes_default, time_zone,
    hold_minutes_least, unpaid_per_member, unpaid_per_address, unpaid_per_device
)
select
    code, name, network_node_id, may_state_price, hold_minutes_default, time_zone,
    hold_minutes_least, unpaid_per_member, unpaid_per_address, unpaid_per_device
from unnest(
    %(codes)s::text[],
    %(names)s::text[],
    %(network_node_ids)s::uuid[],
    %(may_state_price)s::boolean[],
    %(hold_minutes)s::integer[],
    %(time_zones)s::text[],
    %(hold_minutes_least)s::integer[],
    %(unpaid_per_member)s::integer[],
    %(unpaid_per_address)s::integer[],
    %(unpaid_per_device)s::integer[]
) as terms (
    code, name, network_node_id, may_state_price, hold_minutes_default, time_zone,
    hold_minutes_least, unpaid_per_member, unpaid_per_address, unpaid_per_device
)
order by code
on conflict (code) do update set
    name = excluded.name,
    network_node_id = excluded.network_node_id,
    may_state_price = excluded.may_state_price,
    hold_minutes_default = excluded.hold_minutes_default,
    time_zone = excluded.time_zone,
    hold_minutes_least = excluded.hold_minutes_least,
    unpaid_per_member = excluded.unpaid_per_member,
    unpaid_per_address = excluded.unpaid_per_address,
    unpaid_per_device = excluded.unpaid_per_device

-- name: channels
-- The terms of every channel: a dozen rows.
select
    code,
    name,
    network_node_id,
    may_state_price,
    hold_minutes_default,
    time_zone,
    hold_minutes_least,
    unpaid_per_member,
    unpaid_per_address,
    unpaid_per_device
from orders.channel
order by code
