-- Orders: what was asked for or has happened, line by line, and where the units of each line stand.
create schema orders;

-- What people read aloud: the number of an order before it is spelt (rules of `orders.numbers`).
create sequence orders.order_number as bigint;

-- The only arbiter of sameness: a channel's number is one order, whatever else arrives under it.
create table orders.known (
    channel          text not null,
    external_number  text not null,
    content_hash     bytea not null,
    order_id         uuid not null,
    placed_at        timestamptz not null,
    known_at         timestamptz not null,
    constraint number_is_one_order primary key (channel, external_number),
    constraint content_hash_has_32_bytes check (octet_length(content_hash) = 32)
) partition by hash (channel, external_number);

create table orders.known_00 partition of orders.known for values with (modulus 16, remainder 0);
create table orders.known_01 partition of orders.known for values with (modulus 16, remainder 1);
create table orders.known_02 partition of orders.known for values with (modulus 16, remainder 2);
create table orders.known_03 partition of orders.known for values with (modulus 16, remainder 3);
create table orders.known_04 partition of orders.known for values with (modulus 16, remainder 4);
create table orders.known_05 partition of orders.known for values with (modulus 16, remainder 5);
create table orders.known_06 partition of orders.known for values with (modulus 16, remainder 6);
create table orders.known_07 partition of orders.known for values with (modulus 16, remainder 7);
create table orders.known_08 partition of orders.known for values with (modulus 16, remainder 8);
create table orders.known_09 partition of orders.known for values with (modulus 16, remainder 9);
create table orders.known_10 partition of orders.known for values with (modulus 16, remainder 10);
create table orders.known_11 partition of orders.known for values with (modulus 16, remainder 11);
create table orders.known_12 partition of orders.known for values with (modulus 16, remainder 12);
create table orders.known_13 partition of orders.known for values with (modulus 16, remainder 13);
create table orders.known_14 partition of orders.known for values with (modulus 16, remainder 14);
create table orders.known_15 partition of orders.known for values with (modulus 16, remainder 15);

-- The same number with other content: kept with what it said, once per content, and counted.
create table orders.conflict (
    id               uuid primary key,
    channel          text not null,
    external_number  text not null,
    order_id         uuid not null,
    content_hash     bytea not null,
    content          jsonb not null,
    first_seen_at    timestamptz not null,
    last_seen_at     timestamptz not null,
    times            integer not null default 1,
    constraint conflict_is_kept_once unique (channel, external_number, content_hash),
    constraint conflict_was_seen check (times >= 1)
);

-- An order's head, with the sums of its goods lines, so that its stage needs no look at them. The sums move by the
-- deltas that move the lines, in the same transaction.
create table orders.order (
    id                uuid not null,
    number            bigint not null,
    channel           text not null,
    external_number   text not null,
    kind              text not null,
    placed_at         timestamptz not null,
    written_at        timestamptz not null,
    changed_at        timestamptz not null,
    in_work_since     timestamptz,
    member_id         uuid,
    site_id           uuid,
    seller_entity_id  uuid not null,
    currency          text not null,
    country           text not null,
    delivery          text not null,
    longitude         double precision,
    latitude          double precision,
    on_shortage       text not null,
    hold_minutes      integer,
    -- Until when an ask waits to be paid; null when it is, or need not be. Nothing is sent before.
    pay_until         timestamptz,
    guide_id          uuid,
    dealer_id         uuid,
    streamer_id       uuid,
    amount_minor      bigint not null,
    tax_minor         bigint not null,
    units             bigint not null,
    parked            bigint not null,
    held              bigint not null,
    allocated         bigint not null,
    handed_over       bigint not null,
    cancelled         bigint not null,
    returned          bigint not null,
    lost              bigint not null,
    -- What holds it up most says where it stands; the same rule as `rules.order_stage`.
    stage             text not null generated always as (
        case
            when units = 0 then 'handed_over'
            when parked > 0 then 'parked'
            when held > 0 then 'placed'
            when allocated > 0 and in_work_since is null then 'sourced'
            when allocated > 0 then 'accepted'
            when cancelled = units then 'cancelled'
            when returned = handed_over then 'returned'
            else 'handed_over'
        end
    ) stored,
    constraint order_pkey primary key (id),
    constraint order_kind_is_known check (kind in ('ask', 'fact')),
    constraint order_delivery_is_known check (delivery in ('deliver', 'collect', 'carried_out')),
    constraint order_shortage_rule_is_known check (on_shortage in ('refuse', 'park')),
    constraint order_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    constraint order_country_is_a_code check (country ~ '^[A-Z]{2}$'),
    constraint order_destination_is_a_place check ((longitude is null) = (latitude is null)),
    constraint order_units_add_up check (units = parked + held + allocated + handed_over + cancelled),
    constraint order_units_not_negative check (least(parked, held, allocated, handed_over, cancelled) >= 0),
    constraint order_returned_within_handed_over check (returned between 0 and handed_over),
    constraint order_lost_within_handed_over check (lost between 0 and handed_over)
) partition by range (id);
create table orders.order_default partition of orders.order default with (fillfactor = 70);

create index order_by_number on orders.order (number);
create index order_by_member on orders.order (member_id, placed_at) where member_id is not null;
-- The work list of sourcing: only orders that wait are in it.
create index order_to_source on orders.order (placed_at, id) where held > 0 and pay_until is null;

-- How the price of an order came about, as pricing told it. Written once.
create table orders.quote (
    order_id    uuid not null,
    derivation  jsonb not null,
    constraint quote_pkey primary key (order_id)
) partition by range (order_id);
create table orders.quote_default partition of orders.quote default;
revoke update on orders.quote from loopline_app;

-- A line and where its units stand. Charges and vouchers never wait, are held or allocated: they are charged
-- (handed over), cancelled, or neither yet. Amounts are for the whole line, tax included.
create table orders.line (
    order_id               uuid not null,
    line_id                uuid not null,
    seller_entity_id       uuid not null,
    sku_id                 uuid,
    unit_minor             bigint not null,
    amount_minor           bigint not null,
    tax_minor              bigint not null,
    list_unit_minor        bigint,
    tax_rate_basis_points  integer not null,
    units                  integer not null,
    parked                 integer not null default 0,
    held                   integer not null default 0,
    allocated              integer not null default 0,
    handed_over            integer not null default 0,
    cancelled              integer not null default 0,
    returned               integer not null default 0,
    lost                   integer not null default 0,
    kind                   text not null,
    code                   text not null,
    constraint line_pkey primary key (order_id, line_id),
    constraint line_kind_is_known check (kind in ('goods', 'charge', 'voucher')),
    constraint goods_have_a_sku check (kind <> 'goods' or sku_id is not null),
    constraint line_units_positive check (units > 0),
    constraint line_units_not_negative check (least(parked, held, allocated, handed_over, cancelled) >= 0),
    constraint line_units_add_up check (
        case kind
            when 'goods' then units = parked + held + allocated + handed_over + cancelled
            else parked + held + allocated = 0 and handed_over + cancelled <= units
        end
    ),
    constraint line_returned_within_handed_over check (returned between 0 and handed_over),
    constraint line_lost_within_handed_over check (lost between 0 and handed_over),
    constraint line_tax_within_amount check (abs(tax_minor) <= abs(amount_minor) and tax_rate_basis_points >= 0)
) partition by range (order_id);
create table orders.line_default partition of orders.line default with (fillfactor = 50);

-- Lines that wait for goods. Almost every line never enters it, and a change of other counters does not touch it.
create index line_parked_by_sku on orders.line (sku_id, order_id) where parked > 0;

create view orders.published_orders with (security_invoker = true) as
select
    id as order_id,
    number,
    channel,
    external_number,
    kind,
    placed_at,
    written_at,
    changed_at,
    member_id,
    site_id,
    seller_entity_id,
    currency,
    country,
    delivery,
    amount_minor,
    tax_minor,
    units,
    parked,
    held,
    allocated,
    handed_over,
    cancelled,
    returned,
    lost,
    stage
from orders.order;

create view orders.published_lines with (security_invoker = true) as
select
    line.order_id,
    line.line_id,
    head.channel,
    head.site_id,
    head.member_id,
    head.currency,
    head.placed_at,
    head.kind as order_kind,
    line.kind,
    line.sku_id,
    line.code,
    line.seller_entity_id,
    line.units,
    line.unit_minor,
    line.amount_minor,
    line.tax_minor,
    line.list_unit_minor,
    line.parked,
    line.held,
    line.allocated,
    line.handed_over,
    line.cancelled,
    line.returned,
    line.lost
from orders.line as line
join orders.order as head on head.id = line.order_id;
