-- One more thing that is limited at counters. What was written before keeps to it; the table is small and seldom written.
alter table org.counter_limit
    drop constraint counter_limit_setting_known,
    add constraint counter_limit_setting_known check (setting in ('blind_alone_minor', 'price_alone_percent'));

-- A lower price that somebody at a till asks for, beyond what they may give alone: for so many units of one SKU at that
-- till. Somebody else decides, unless it is withdrawn before; approved, it is good for one line of one sale.
create table orders.price_ask (
    id           uuid primary key,
    till_id      uuid not null,
    site_id      uuid not null,
    sku_id       uuid not null,
    units        integer not null constraint price_ask_of_something check (units >= 1),
    currency     text not null,
    before_minor bigint not null,
    unit_minor   bigint not null constraint price_ask_is_lower check (unit_minor >= 0 and unit_minor < before_minor),
    reason       text not null,
    asked_by     uuid not null,
    asked_at     timestamptz not null,
    withdrawn_at timestamptz,
    decided_by   uuid constraint price_ask_by_another check (decided_by <> asked_by),
    decided_at   timestamptz,
    is_approved  boolean,
    note         text,
    order_id     uuid,
    constraint price_ask_decided_whole check (num_nulls(decided_by, decided_at, is_approved, note) in (0, 4)),
    constraint price_ask_decided_or_withdrawn check (decided_at is null or withdrawn_at is null),
    constraint price_ask_declined_with_a_note check (is_approved or length(note) > 0),
    constraint price_ask_used_if_approved check (order_id is null or is_approved is true)
);
create index price_ask_open on orders.price_ask (site_id, asked_at) where decided_at is null and withdrawn_at is null;
grant select, insert, update on orders.price_ask to loopline_app;
revoke delete on orders.price_ask from loopline_app;

-- Lines that a till sold for less than they cost at that moment: by how much, whether that was allowed, who did it why, and
-- who approved it. One approval stands for one line.
create table orders.price_change (
    line_id      uuid primary key,
    order_id     uuid not null,
    site_id      uuid not null,
    sku_id       uuid not null,
    units        integer not null,
    currency     text not null,
    before_minor bigint not null,
    unit_minor   bigint not null constraint price_change_is_lower check (unit_minor >= 0 and unit_minor < before_minor),
    standing     text not null constraint price_change_standing_known
                 check (standing in ('alone', 'approved', 'read_earlier', 'not_allowed')),
    reason       text,
    changed_by   uuid not null,
    changed_at   timestamptz not null,
    approved_by  uuid,
    ask_id       uuid constraint price_change_spends_once unique references orders.price_ask (id),
    recorded_at  timestamptz not null,
    constraint price_change_approved_by_somebody check ((standing = 'approved') = (ask_id is not null)
                                                        and (ask_id is null) = (approved_by is null)),
    constraint price_change_alone_with_a_reason check (standing not in ('alone', 'approved') or reason is not null)
);
create index price_change_of_site on orders.price_change (site_id, changed_at);
create index price_change_by_time on orders.price_change (changed_at, line_id);
create index price_change_of_order on orders.price_change (order_id);
grant select, insert on orders.price_change to loopline_app;
revoke update, delete on orders.price_change from loopline_app;
