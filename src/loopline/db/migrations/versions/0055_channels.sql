-- How the brand sells through each channel: from which goods, at whose price, and how long an unpaid ask is held.
create table orders.channel (
    code                  text primary key,
    name                  text not null,
    network_node_id       uuid not null,
    may_state_price       boolean not null,
    hold_minutes_default  integer,
    time_zone             text not null,
    constraint channel_code_is_a_word check (code ~ '^[a-z][a-z0-9_]{1,39}$'),
    constraint hold_minutes_positive check (hold_minutes_default > 0)
);
