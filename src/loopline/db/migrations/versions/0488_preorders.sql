-- Pre-orders: how many units of a SKU may be sold before there are any, from when until when, and the day on which they ship. Of one
-- SKU one stands; it ends when nothing more is sold by it and nobody waits. `allowance_most`: the most it ever was; what was sold may be
-- above the allowance only where that was lowered.
create table orders.preorder (
    id              uuid not null,
    sku_id          uuid not null,
    allowance       integer not null,
    allowance_most  integer not null,
    per_order       integer,
    per_member      integer,
    opens_at        timestamptz not null,
    closes_at       timestamptz,
    ships_on        date not null,
    stated_at       timestamptz not null,
    changed_at      timestamptz not null,
    changed_by      text not null,
    closed_at       timestamptz,
    ended_at        timestamptz,
    constraint preorder_pkey primary key (id),
    constraint preorder_allows_no_less_than_nothing check (allowance >= 0),
    constraint preorder_remembers_its_most check (allowance_most >= allowance),
    constraint preorder_per_order_is_counted check (per_order > 0),
    constraint preorder_per_member_is_counted check (per_member > 0),
    constraint preorder_closes_after_it_opens check (closes_at > opens_at)
);
create unique index preorder_that_stands on orders.preorder (sku_id) where ended_at is null;
create index preorder_by_time on orders.preorder (stated_at, id);
revoke delete on orders.preorder from loopline_app;
create trigger changes_are_marked after insert or update or delete or truncate on orders.preorder
    for each statement execute function remembered.leave_mark('preorders');

-- What lines of orders bought ahead. `waiting`: no goods have come for it yet; `covered`: they have; `given_back`: it was called off, or
-- ran out unpaid, before they did. `paid_at` is its place in the queue: until then it gets no goods.
create table orders.preordered (
    order_id     uuid not null,
    line_id      uuid not null,
    preorder_id  uuid not null constraint preordered_of_a_preorder references orders.preorder,
    sku_id       uuid not null,
    member_id    uuid,
    units        integer not null constraint preordered_is_something check (units > 0),
    waiting      integer not null,
    covered      integer not null default 0,
    given_back   integer not null default 0,
    paid_at      timestamptz,
    constraint preordered_pkey primary key (order_id, line_id),
    constraint preordered_adds_up check (
        units = waiting + covered + given_back
        and least(waiting, covered, given_back) >= 0
    )
);
create index preordered_by_preorder on orders.preordered (preorder_id) include (waiting, covered);
create index preordered_by_member on orders.preordered (preorder_id, member_id) where member_id is not null;
revoke delete on orders.preordered from loopline_app;

alter table orders.parking drop constraint parking_reason_known;
alter table orders.parking add constraint parking_reason_known check (reason in ('no_goods', 'must_ship_from', 'pre_order'));
alter table orders.parking drop constraint parking_basis_known;
alter table orders.parking add constraint parking_basis_known check (basis in ('stated', 'on_the_way', 'pre_order'));
