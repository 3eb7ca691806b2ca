-- Who asks for goods and has not paid: counted by member, address and device, so that nobody holds a shop's stock.
alter table orders.channel
    -- The shortest time an unpaid ask is held, where risk shortens it; null: always hold_minutes_default.
    add column hold_minutes_least integer,
    -- How many unpaid asks one member, one address, one device may have; null: the channel does not say.
    add column unpaid_per_member integer,
    add column unpaid_per_address integer,
    add column unpaid_per_device integer,
    add constraint hold_minutes_in_order check (hold_minutes_least between 2 and hold_minutes_default),
    add constraint unpaid_caps_positive check (least(unpaid_per_member, unpaid_per_address, unpaid_per_device) > 0);

-- One row for every order that waits to be paid and has goods to lose, and, for a day, for those whose time ran out.
-- `address` is a blind index, `device` a random id that a browser keeps. A row ends with the wait, in its transaction.
create table orders.unpaid (
    order_id   uuid not null,
    member_id  uuid,
    address    uuid,
    device     uuid,
    pay_until  timestamptz not null,
    lapsed_at  timestamptz,
    constraint unpaid_pkey primary key (order_id)
);
create index unpaid_by_member on orders.unpaid (member_id) where member_id is not null;
create index unpaid_by_address on orders.unpaid (address) where address is not null;
create index unpaid_by_device on orders.unpaid (device) where device is not null;
create index unpaid_by_end on orders.unpaid (pay_until, order_id) where lapsed_at is null;
create index unpaid_lapsed on orders.unpaid (lapsed_at) where lapsed_at is not null;

insert into orders.unpaid (order_id, member_id, pay_until)
select id, member_id, pay_until
from orders.order
where pay_until is not null and parked + held + allocated > 0;

-- Members who paid an order that waited for it, or were handed something: those we know better.
create table orders.payer (
    member_id  uuid not null,
    constraint payer_pkey primary key (member_id)
);

insert into orders.payer (member_id)
select distinct member_id
from orders.order
where member_id is not null and handed_over > 0;
