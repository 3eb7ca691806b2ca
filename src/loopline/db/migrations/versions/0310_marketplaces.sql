-- What marketplaces are lent of the stock, by when they want orders shipped, and which of their orders are tests.
create schema marketplaces;

-- The terms of a marketplace: every version that ever was; one of each channel is in force.
create table marketplaces.marketplace (
    channel            text not null,
    version            integer not null constraint marketplace_version_is_counted check (version >= 1),
    id                 uuid not null,
    connector          text not null,
    is_on              boolean not null,
    weight             integer not null constraint marketplace_weight_not_negative check (weight >= 0),
    most_units         bigint constraint marketplace_most_not_negative check (most_units >= 0),
    buffer_units       bigint not null constraint marketplace_buffer_not_negative check (buffer_units >= 0),
    puts_back          boolean not null,
    ship_hours         integer constraint marketplace_ships_within_a_time check (ship_hours > 0),
    alarm_hours        integer not null constraint marketplace_alarm_is_before check (alarm_hours >= 0),
    late_basis_points  integer not null constraint marketplace_penalty_is_a_part
        check (late_basis_points between 0 and 10000),
    late_least_minor   bigint not null constraint marketplace_penalty_not_negative check (late_least_minor >= 0),
    late_most_minor    bigint constraint marketplace_penalty_most_is_most check (late_most_minor >= late_least_minor),
    test_prefixes      text[] not null,
    set_at             timestamptz not null,
    set_by             text not null,
    note               text not null,
    replaced_at        timestamptz,
    primary key (channel, version)
);
create unique index marketplace_in_force on marketplaces.marketplace (channel) where replaced_at is null;

-- Terms of some goods at a marketplace, before those of all goods: of a category, or of a SKU before that. Every version.
create table marketplaces.goods_terms (
    channel       text not null,
    subject       text not null constraint goods_terms_subject_is_known check (subject in ('category', 'sku')),
    subject_code  text not null,
    version       integer not null constraint goods_terms_version_is_counted check (version >= 1),
    is_on         boolean not null,
    weight        integer constraint goods_weight_not_negative check (weight >= 0),
    most_units    bigint constraint goods_most_not_negative check (most_units >= 0),
    buffer_units  bigint constraint goods_buffer_not_negative check (buffer_units >= 0),
    set_at        timestamptz not null,
    set_by        text not null,
    note          text not null,
    replaced_at   timestamptz,
    primary key (channel, subject, subject_code, version)
);
create unique index goods_terms_in_force on marketplaces.goods_terms (channel, subject, subject_code)
    where replaced_at is null;

-- A SKU as it was looked at last: what could be promised at each node that marketplaces sell from. `turn` rises with
-- every look that lends; `is_changed`: to be looked at.
create table marketplaces.goods (
    sku_id      uuid primary key,
    turn        bigint not null default 0,
    rooms       bigint[] not null default '{}',
    is_changed  boolean not null
) with (fillfactor = 70);
create index goods_changed on marketplaces.goods (sku_id) where is_changed;

-- Units of a SKU that a marketplace may sell as far as we know: the sum of its entries, changed by deltas alone. Below
-- nought it sold more than it was lent. `asked_back` are in steps that are not answered; `is_empty`: it answered that it
-- has none left, and what still counts as lent must have been sold.
create table marketplaces.loan (
    channel        text not null,
    sku_id         uuid not null,
    balance        bigint not null,
    asked_back     bigint not null constraint loan_asked_back_not_negative check (asked_back >= 0),
    is_empty       boolean not null default false,
    refused_until  timestamptz,
    refused_why    text,
    units          bigint not null generated always as (greatest(0, balance)) stored,
    beyond         bigint not null generated always as (greatest(0, -balance)) stored,
    primary key (channel, sku_id)
) with (fillfactor = 70);
create index loan_by_sku on marketplaces.loan (sku_id);

-- Why a loan is what it is, entry by entry.
create table marketplaces.entry (
    id        uuid primary key,
    channel   text not null,
    sku_id    uuid not null,
    units     bigint not null constraint entry_moves_units check (units <> 0),
    cause     text not null constraint entry_cause_is_known check (cause in (
        'lent', 'not_taken', 'given_up', 'sold', 'put_back', 'reinstated', 'test_sold', 'test_put_back',
        'forgiven', 'written_off'
    )),
    cause_id  uuid not null,
    at        timestamptz not null,
    note      text,
    constraint entry_of_a_loan foreign key (channel, sku_id) references marketplaces.loan
);
create index entry_by_loan on marketplaces.entry (channel, sku_id, id);

-- What a marketplace is told: so many units more, or so many asked back. Its id is what it is known by at the
-- marketplace; it is put there again and again until it is answered with how many units were really taken or given up.
create table marketplaces.step (
    id            uuid primary key,
    channel       text not null,
    sku_id        uuid not null,
    units         bigint not null constraint step_moves_units check (units <> 0),
    made_at       timestamptz not null,
    tries         integer not null default 0 constraint step_tries_are_counted check (tries >= 0),
    next_try_at   timestamptz,
    answered_at   timestamptz,
    moved         bigint constraint step_moved_no_more_than_told check (moved between 0 and abs(units)),
    why           text,
    constraint step_is_open_or_answered check ((next_try_at is null) = (answered_at is not null)),
    constraint step_answer_is_whole check ((answered_at is null) = (moved is null)),
    constraint step_of_a_loan foreign key (channel, sku_id) references marketplaces.loan
) with (fillfactor = 70);
create index step_due on marketplaces.step (next_try_at, id) where next_try_at is not null;
create index step_by_loan on marketplaces.step (channel, sku_id, id);

-- By when a marketplace's order is to be shipped, and whether it was. `ship_by` is what the marketplace said, or follows
-- from the payment by the terms.
create table marketplaces.shipment (
    order_id        uuid primary key,
    channel         text not null,
    placed_at       timestamptz not null,
    stated_by       timestamptz,
    ship_by         timestamptz,
    alarm_at        timestamptz,
    handed_over_at  timestamptz,
    ended_at        timestamptz,
    alarmed_at      timestamptz,
    missed_at       timestamptz
) with (fillfactor = 70);
create index shipment_open on marketplaces.shipment (ship_by, order_id) where ended_at is null and ship_by is not null;
create index shipment_alarm on marketplaces.shipment (alarm_at, order_id)
    where ended_at is null and alarmed_at is null and alarm_at is not null;
create index shipment_missed on marketplaces.shipment (channel, missed_at) where missed_at is not null;

-- Orders that a marketplace's own people placed to look alive: known by their number, and nothing besides.
create table marketplaces.test_order (
    id               uuid primary key,
    channel          text not null,
    external_number  text not null,
    because          text not null constraint test_order_cause_is_known check (because in ('said', 'number')),
    placed_at        timestamptz not null,
    received_at      timestamptz not null,
    paid_at          timestamptz,
    paid_minor       bigint not null default 0,
    currency         text,
    cancelled_at     timestamptz,
    constraint test_order_number_is_taken_once unique (channel, external_number)
);
create table marketplaces.test_line (
    test_order_id  uuid not null constraint line_of_a_test_order references marketplaces.test_order,
    position       integer not null,
    sku_code       text not null,
    sku_id         uuid,
    units          bigint not null constraint test_line_has_units check (units > 0),
    primary key (test_order_id, position)
);

revoke delete on marketplaces.marketplace, marketplaces.goods_terms, marketplaces.goods, marketplaces.loan,
    marketplaces.step, marketplaces.shipment, marketplaces.test_order from loopline_app;
revoke update, delete on marketplaces.entry, marketplaces.test_line from loopline_app;
