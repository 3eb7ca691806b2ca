-- Notices: what customers are told of their orders by message, once each.
create schema notices;

-- The gateway that tells, since when, and when it was at work last: nothing is put down that nobody could tell.
create table notices.gateway (
    is_one  boolean primary key constraint gateway_is_one check (is_one),
    name    text not null,
    since   timestamptz not null,
    seen_at timestamptz not null
);

-- Something to be told of an order: put down once, tried until a gateway took it or it may not be told any more.
-- `facts` is what its sentence says: no name, no phone, no code.
create table notices.notice (
    id          uuid primary key,
    order_id    uuid not null,
    about       text not null constraint notice_is_about_something_known check (about in (
        'new_date', 'new_ready', 'goods_day', 'ready', 'collect_soon', 'sent', 'on_its_way', 'called_off',
        'partly_called_off', 'not_collected', 'return_here', 'refunded')),
    version     uuid not null,
    member_id   uuid not null,
    site_id     uuid,
    zone        text not null,
    facts       jsonb not null,
    happened_at timestamptz not null,
    stale_at    timestamptz not null,
    state       text not null constraint notice_state_is_known check (state in ('waiting', 'sent', 'left_out', 'failed')),
    "end"       text,
    tries       integer not null default 0 constraint notice_tries_are_counted check (tries >= 0),
    is_unsure   boolean not null default false,
    next_try_at timestamptz,
    told_at     timestamptz,
    ended_at    timestamptz,
    language    text constraint notice_language_is_known check (language in ('zh', 'en')),
    reference   text,
    note        text,
    constraint notice_is_put_down_once unique (order_id, about, version),
    constraint notice_waits_for_a_moment check ((state = 'waiting') = (next_try_at is not null)),
    constraint notice_ends_once check ((state = 'waiting') = (ended_at is null)),
    constraint notice_end_fits_its_state check (
        case state
            when 'left_out' then "end" in ('stale', 'overtaken', 'declined', 'no_phone', 'erased')
            when 'failed' then "end" in ('refused', 'not_taken', 'unknown')
            else "end" is null
        end),
    constraint notice_sent_was_tried check (state not in ('sent', 'failed') or (tries > 0 and told_at is not null)),
    constraint notice_tried_has_a_language check ((told_at is null) = (language is null))
);
create index notice_due on notices.notice (next_try_at, id) where state = 'waiting';
create index notice_not_told on notices.notice (happened_at desc, id desc) where state in ('waiting', 'failed');
create index notice_ended on notices.notice (ended_at) where ended_at is not null;
create index notice_by_moment on notices.notice (happened_at desc, id desc);
create index notice_of_a_member on notices.notice (member_id, happened_at desc);

-- What was told to whom when, for proofs across rooms.
create view notices.published_told with (security_invoker = true) as
select
    notice.id,
    notice.order_id,
    notice.member_id,
    notice.state,
    notice.told_at
from notices.notice;

-- What was told stays.
revoke delete on notices.notice from loopline_app;
