-- Goods of an order that others took the place of. The id is that of the return, announced or taken in; the new order
-- is written in the same transaction. `credit_minor`: what was paid for the old goods and pays for the new ones.
create table returns.exchange (
    id           uuid primary key,
    content_hash bytea not null,
    order_id     uuid not null,
    new_order_id uuid constraint order_of_one_exchange unique,
    currency     text not null,
    credit_minor bigint not null default 0 constraint credit_not_negative check (credit_minor >= 0),
    asked_at     timestamptz not null,
    asked_by     text not null,
    done_at      timestamptz,
    constraint credit_comes_with_the_goods check (credit_minor = 0 or (done_at is not null and new_order_id is not null))
);
create index exchange_by_order on returns.exchange (order_id);
grant select, insert, update on returns.exchange to loopline_app;

-- A payment that no money moved for: the payment of another order it was carried over from, and that one's capture.
-- And whose drawer it lies in, where that is another company's, which owes it. Of what is there nothing is checked: the
-- columns are new, and looking would keep everybody out meanwhile.
alter table payments.payment
    add column carried_from uuid,
    add column carried_intent_id uuid,
    add column drawer_entity_id uuid,
    add constraint payment_carried_from foreign key (carried_from) references payments.payment (id) not valid,
    add constraint carried_capture_is_of_a_payment
        check (carried_intent_id is null or carried_from is not null) not valid,
    add constraint carried_is_not_captured check (intent_id is null or carried_from is null) not valid;
create index payment_carried_from_capture on payments.payment (carried_intent_id) where carried_intent_id is not null;
