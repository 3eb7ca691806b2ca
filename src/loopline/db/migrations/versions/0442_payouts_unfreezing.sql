-- What a gateway is asked to let go of a payment that nothing more may be shared of, under a number kept before it is asked.
create table payouts.unfreezing (
    id                 uuid primary key,
    payer_id           uuid not null,
    transaction_number text not null,
    tries              integer not null default 0,
    next_try_at        timestamptz,
    written_at         timestamptz not null,
    ended_at           timestamptz,
    reason             text,
    constraint unfreezing_of_a_known_transaction
        foreign key (payer_id, transaction_number) references payouts.transaction (payer_id, number) on update cascade,
    constraint unfreezing_once_for_a_transaction unique (payer_id, transaction_number),
    constraint unfreezing_open_is_tried check ((next_try_at is null) = (ended_at is not null))
);
create index unfreezing_due on payouts.unfreezing (next_try_at, id) where next_try_at is not null;

-- Payments that something was shared of, and of which the gateway may hold some: the few that may be used up.
create index transaction_shared_of on payouts.transaction (payer_id, number)
    where requests > 0 and left_minor is distinct from 0;
revoke delete on payouts.unfreezing from loopline_app;
