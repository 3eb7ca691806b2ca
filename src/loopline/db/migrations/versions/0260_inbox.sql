-- The inbox: what channels say of orders, kept as it came until it is applied or given up.
create schema inbox;

-- A message under its name: (branch of its sender, channel, its own id). Other content under a known name is a row of its
-- own that names the first. The text is sealed with a key of the message's own, which is sealed with one of the key file.
create table inbox.message (
    id               uuid primary key,
    branch_id        uuid not null,
    sender           text not null,
    may_move_money   boolean not null,
    channel          text not null,
    external_id      text not null,
    kind             text not null constraint message_kind_is_known
        check (kind in ('created', 'paid', 'cancelled', 'unread')),
    external_number  text,
    content_hash     bytea not null,
    conflicts_with   uuid constraint conflict_names_the_first references inbox.message,
    sealed           bytea,
    wrapped_key      bytea,
    sealed_with      bigint,
    received_at      timestamptz not null,
    last_seen_at     timestamptz not null,
    times            integer not null default 1 constraint message_was_seen check (times >= 1),
    state            text not null constraint message_state_is_known
        check (state in ('received', 'waiting', 'quarantined', 'applied', 'dismissed')),
    reason           text,
    sentence         text,
    details          jsonb,
    tries            integer not null default 0 constraint message_tries_are_counted check (tries >= 0),
    next_try_at      timestamptz,
    order_id         uuid,
    settled_at       timestamptz,
    constraint message_content_is_kept_once unique (branch_id, channel, external_id, content_hash),
    constraint message_waits_with_a_reason check ((state in ('waiting', 'quarantined')) = (reason is not null)),
    constraint message_reason_is_whole check (num_nonnulls(reason, sentence, details) in (0, 3)),
    constraint message_open_has_a_next_try check ((state in ('received', 'waiting')) = (next_try_at is not null)),
    constraint message_settled_has_its_moment check ((state in ('applied', 'dismissed')) = (settled_at is not null)),
    constraint message_applied_names_its_order check (state <> 'applied' or order_id is not null),
    constraint message_body_is_whole check (num_nonnulls(sealed, wrapped_key, sealed_with) in (0, 3)),
    constraint message_unsettled_has_its_body check (settled_at is not null or sealed is not null)
);
create unique index message_name_is_taken_once on inbox.message (branch_id, channel, external_id)
    where conflicts_with is null;
create index message_due on inbox.message (next_try_at, id) where next_try_at is not null;
create index message_by_number on inbox.message (channel, external_number) where next_try_at is not null;
create index message_unsettled on inbox.message (id) where settled_at is null;
create index message_to_forget on inbox.message (settled_at, id) where settled_at is not null and sealed is not null;
revoke delete on inbox.message from loopline_app;

-- What became of a message, step by step; its row has what the last step says. A corrected text is sealed with
-- the message's own key, beside the first one, and forgotten with it: without its key nobody reads it.
create table inbox.step (
    message_id  uuid not null constraint step_of_a_message references inbox.message,
    number      integer not null constraint step_is_counted check (number >= 1),
    at          timestamptz not null,
    actor       text not null,
    state       text not null,
    reason      text,
    note        text,
    corrected   bytea,
    primary key (message_id, number)
);
revoke update, delete on inbox.step from loopline_app;
