-- Webhooks: who wants to be told of what, and what they were told.
create schema webhooks;

-- A subscription at a branch: at the top of the tree it hears everything, elsewhere what happens at its sites. The secret
-- is not kept: it is reckoned from a key outside the database and `secret_version`.
create table webhooks.subscription (
    id                 uuid not null primary key,
    name               text not null,
    url                text not null,
    branch_id          uuid not null,
    types              text[] not null constraint subscription_wants_something check (cardinality(types) > 0),
    state              text not null constraint subscription_state_is_known check (state in ('active', 'paused', 'stopped')),
    secret_version     integer not null constraint secret_versions_are_counted check (secret_version > 0),
    secret_renewed_at  timestamptz,
    made_at            timestamptz not null,
    failing_since      timestamptz,
    stopped_because    text
);
create index subscription_by_branch on webhooks.subscription (branch_id);

-- What a subscriber is told: one row per event and subscription, its body frozen, so that each try says the same.
create table webhooks.delivery (
    id               uuid not null primary key,
    subscription_id  uuid not null constraint delivery_of_a_subscription references webhooks.subscription on delete cascade,
    event_id         uuid not null,
    type             text not null,
    body             text not null,
    state            text not null constraint delivery_state_is_known check (state in ('waiting', 'delivered', 'given_up')),
    tries            integer not null default 0 constraint tries_are_counted check (tries >= 0),
    next_try_at      timestamptz,
    last_status      integer,
    last_error       text,
    made_at          timestamptz not null,
    delivered_at     timestamptz,
    constraint event_is_told_once unique (subscription_id, event_id),
    constraint waiting_has_a_next_try check ((state = 'waiting') = (next_try_at is not null)),
    constraint delivered_has_its_moment check ((state = 'delivered') = (delivered_at is not null))
);
create index delivery_due on webhooks.delivery (next_try_at, id) where state = 'waiting';
create index delivery_by_age on webhooks.delivery (made_at, id);
