-- Payments: money taken and given back, what gateways were asked to do, and where money and orders disagree.
create schema payments;

-- Money that was taken for an order. What was given back of it is counted here, so that never more goes back.
create table payments.payment (
    id              uuid not null,
    key             text not null,
    content_hash    bytea not null,
    order_id        uuid not null,
    method          text not null,
    entity_id       uuid not null,
    currency        text not null,
    amount_minor    bigint not null,
    refunded_minor  bigint not null default 0,
    taken_at        timestamptz not null,
    recorded_at     timestamptz not null,
    constraint payment_pkey primary key (id),
    constraint payment_key_is_one_payment unique (key),
    constraint payment_takes_money check (amount_minor > 0),
    constraint payment_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    constraint refunded_within_taken check (refunded_minor between 0 and amount_minor)
) with (fillfactor = 80);
create index payment_by_order on payments.payment (order_id);

-- Money that was given back: for an order, from its payments (the parts), or for a return that no order was found for.
create table payments.refund (
    id            uuid not null,
    key           text not null,
    content_hash  bytea not null,
    order_id      uuid,
    return_id     uuid,
    method        text,
    entity_id     uuid not null,
    currency      text not null,
    amount_minor  bigint not null,
    refunded_at   timestamptz not null,
    recorded_at   timestamptz not null,
    constraint refund_pkey primary key (id),
    constraint refund_key_is_one_refund unique (key),
    constraint refund_gives_money check (amount_minor > 0),
    constraint refund_is_for_something check (order_id is not null or return_id is not null),
    constraint blind_refund_names_its_method check (order_id is not null or method is not null)
);
create index refund_by_order on payments.refund (order_id) where order_id is not null;
create index refund_by_return on payments.refund (return_id) where return_id is not null;
revoke update, delete on payments.refund from loopline_app;

create table payments.refund_part (
    refund_id     uuid not null,
    payment_id    uuid not null,
    amount_minor  bigint not null,
    constraint refund_part_pkey primary key (refund_id, payment_id),
    constraint part_of_a_refund foreign key (refund_id) references payments.refund (id),
    constraint part_from_a_payment foreign key (payment_id) references payments.payment (id),
    constraint refund_part_gives_money check (amount_minor > 0)
);
create index refund_part_by_payment on payments.refund_part (payment_id);
revoke update, delete on payments.refund_part from loopline_app;

-- What a gateway is asked to do, written before it is asked: a job calls outside any transaction and reports.
create table payments.intent (
    id             uuid not null,
    key            text not null,
    content_hash   bytea not null,
    kind           text not null,
    gateway        text not null,
    order_id       uuid,
    return_id      uuid,
    of_intent_id   uuid,
    entity_id      uuid not null,
    currency       text not null,
    amount_minor   bigint not null,
    state          text not null,
    reference      text,
    reason         text,
    expires_at     timestamptz,
    written_at     timestamptz not null,
    tries          integer not null default 0,
    next_try_at    timestamptz,
    finished_at    timestamptz,
    constraint intent_pkey primary key (id),
    constraint intent_key_is_one_intent unique (key),
    constraint intent_kind_is_known check (kind in ('authorise', 'capture', 'refund')),
    constraint intent_state_is_known check (state in ('written', 'waiting', 'done', 'failed')),
    constraint intent_moves_money check (amount_minor > 0),
    constraint intent_is_for_something check (order_id is not null or return_id is not null),
    constraint money_is_taken_for_an_order check (kind = 'refund' or order_id is not null),
    constraint only_open_intents_are_tried check ((state in ('written', 'waiting')) = (next_try_at is not null)),
    constraint only_closed_intents_are_finished check ((state in ('done', 'failed')) = (finished_at is not null))
);
create index intent_by_order on payments.intent (order_id) where order_id is not null;
create index intent_to_try on payments.intent (next_try_at) where next_try_at is not null;

-- Where money and orders disagree, and why: open until a person or a process closes it with a note.
create table payments.exception (
    id              uuid not null,
    kind            text not null,
    subject         text not null,
    order_id        uuid,
    currency        text,
    expected_minor  bigint,
    found_minor     bigint,
    content         jsonb not null,
    opened_at       timestamptz not null,
    last_seen_at    timestamptz not null,
    times           integer not null default 1,
    closed_at       timestamptz,
    closed_by       text,
    note            text,
    constraint exception_pkey primary key (id),
    constraint exception_is_closed_by_somebody check (
        (closed_at is null) = (closed_by is null) and (closed_at is null) = (note is null)
    )
);
create unique index one_open_exception_per_subject on payments.exception (kind, subject) where closed_at is null;
create index exception_by_order on payments.exception (order_id) where order_id is not null;

create view payments.published_order_money with (security_invoker = true) as
select
    money.order_id,
    money.entity_id,
    money.currency,
    sum(money.taken_minor)::bigint as taken_minor,
    sum(money.refunded_minor)::bigint as refunded_minor
from (
    select order_id, entity_id, currency, amount_minor as taken_minor, 0 as refunded_minor
    from payments.payment
    union all
    select order_id, entity_id, currency, 0, amount_minor
    from payments.refund
    where order_id is not null
) as money
group by money.order_id, money.entity_id, money.currency;

create view payments.published_exceptions with (security_invoker = true) as
select
    id as exception_id,
    kind,
    subject,
    order_id,
    currency,
    expected_minor,
    found_minor,
    opened_at,
    closed_at
from payments.exception;
