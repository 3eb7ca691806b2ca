-- Stored value: what members paid ahead to a company, and use when they buy.
create schema stored_value;

-- On which terms a company takes money ahead in a currency; never changed, the last word of a company and currency holds.
create table stored_value.terms (
    number     bigint not null generated always as identity primary key,
    entity_id  uuid not null,
    currency   text not null constraint terms_currency_code check (currency ~ '^[A-Z]{3}$'),
    terms      jsonb not null,
    set_at     timestamptz not null,
    set_by     text not null
);
create index terms_last on stored_value.terms (entity_id, currency, number desc);
revoke update, delete on stored_value.terms from loopline_app;

-- What a member has with a company in a currency: `principal_minor` was paid and is owed, `bonus_minor` was given beside it
-- and takes something off when it is used.
create table stored_value.account (
    id               uuid not null primary key,
    member_id        uuid not null,
    entity_id        uuid not null,
    currency         text not null,
    principal_minor  bigint not null default 0 constraint principal_is_there check (principal_minor >= 0),
    bonus_minor      bigint not null default 0 constraint bonus_is_there check (bonus_minor >= 0),
    constraint account_of_member_and_company unique (member_id, entity_id, currency)
);
revoke delete on stored_value.account from loopline_app;

-- What happened to it, in the order in which it did. Append-only; a kind and what it is for (`ref`: a top-up, a use, a refund,
-- a cash-out) are there once.
create table stored_value.movement (
    number           bigint not null generated always as identity primary key,
    kind             text not null constraint movement_kind_is_known check (
        kind in ('topped_up', 'used', 'given_back', 'paid_out', 'ended')
    ),
    ref              uuid not null,
    account_id       uuid not null constraint movement_of_an_account references stored_value.account,
    principal_minor  bigint not null,
    bonus_minor      bigint not null,
    method           text not null default '',
    order_id         uuid,
    at               timestamptz not null,
    by               text not null,
    constraint value_moves_once unique (kind, ref),
    constraint value_moves_somehow check (principal_minor <> 0 or bonus_minor <> 0)
);
create index movement_by_account on stored_value.movement (account_id, number);
revoke update, delete on stored_value.movement from loopline_app;

-- What orders were paid with, and what of it was given back. `id` is the capture by which payments know it.
create table stored_value.use (
    id               uuid not null primary key,
    account_id       uuid not null constraint use_of_an_account references stored_value.account,
    order_id         uuid not null,
    amount_minor     bigint not null constraint use_pays_something check (amount_minor > 0),
    bonus_minor      bigint not null constraint use_is_of_principal_and_bonus check (bonus_minor between 0 and amount_minor),
    back_minor       bigint not null default 0,
    back_bonus_minor bigint not null default 0,
    constraint no_more_goes_back_than_was_used check (
        back_minor between 0 and amount_minor
        and back_bonus_minor between 0 and bonus_minor
        and back_minor - back_bonus_minor between 0 and amount_minor - bonus_minor
    )
);
create index use_by_account on stored_value.use (account_id);
revoke delete on stored_value.use from loopline_app;

-- Who asked for what is left of their own money, and what became of it: above a limit somebody else approves it.
create table stored_value.cash_out (
    id            uuid not null primary key,
    account_id    uuid not null constraint cash_out_of_an_account references stored_value.account,
    method        text not null,
    state         text not null constraint cash_out_state_is_known check (state in ('asked', 'paid', 'dropped')),
    amount_minor  bigint not null constraint cash_out_asks_for_something check (amount_minor > 0),
    asked_at      timestamptz not null,
    asked_by      text not null,
    decided_at    timestamptz,
    decided_by    text,
    constraint cash_out_is_decided_by_somebody check (
        (state = 'asked') = (decided_at is null) and (decided_at is null) = (decided_by is null)
    )
);
create unique index one_cash_out_at_a_time on stored_value.cash_out (account_id) where state = 'asked';
revoke delete on stored_value.cash_out from loopline_app;
