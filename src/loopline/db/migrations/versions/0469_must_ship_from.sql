-- The sites that an order must ship from. An order that ships from any has no row.
create table orders.named_site (
    order_id  uuid not null,
    site_id   uuid not null,
    constraint named_site_pkey primary key (order_id, site_id)
);

-- What a profile in force says of where goods ship from, promises know. A draft that is written anew changes nothing of that: its
-- state stays, and what is published never changes.
create trigger changes_are_marked after insert or update of state or delete or truncate on sourcing.profile
    for each statement execute function remembered.leave_mark('profiles');
