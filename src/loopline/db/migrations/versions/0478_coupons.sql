-- Batches of coupons. A draft may change until it is published; then it stands, but for its end and what it has given.
create table pricing.coupon_batch (
    id               uuid not null primary key,
    code             text not null constraint batch_code_is_unique unique
        constraint batch_code_is_normal check (code = btrim(code) and code <> ''),
    name             text not null,
    currency         text not null constraint batch_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    effect           jsonb not null,
    conditions       jsonb not null,
    -- Where it holds, of what the conditions say: who may see and change it depends on that.
    org_unit_id      uuid generated always as ((conditions ->> 'org_unit_id')::uuid) stored,
    site_id          uuid generated always as ((conditions ->> 'site_id')::uuid) stored,
    least_minor      bigint not null constraint batch_needs_no_less_than_nothing check (least_minor >= 0),
    with_promotions  boolean not null,
    with_coupons     boolean not null,
    funders          jsonb not null constraint batch_is_borne_by_somebody check (jsonb_array_length(funders) > 0),
    valid_from       timestamptz,
    valid_until      timestamptz,
    days             integer constraint batch_days_are_counted check (days > 0),
    total            integer not null constraint batch_total_is_counted check (total > 0),
    per_person       integer constraint batch_per_person_is_counted check (per_person > 0),
    shared_code      text constraint shared_code_leads_to_one_batch unique,
    by_staff         boolean not null,
    author           text not null,
    comment          text not null constraint batch_says_why check (comment <> ''),
    saved_at         timestamptz not null,
    published_at     timestamptz,
    published_by     text,
    stopped_at       timestamptz,
    stopped_by       text,
    given            integer not null default 0,
    constraint batch_gives_no_more_than_its_total check (given between 0 and total),
    constraint batch_ends_some_day check (valid_until is not null or days is not null),
    constraint batch_ends_after_its_start check (valid_until > valid_from),
    constraint batch_was_published_by_somebody check (num_nulls(published_at, published_by) in (0, 2)),
    constraint batch_was_stopped_by_somebody check (num_nulls(stopped_at, stopped_by) in (0, 2)),
    constraint stopped_batch_was_published check (stopped_at is null or published_at is not null),
    constraint draft_gives_nothing check (published_at is not null or given = 0)
);
create index coupon_batch_by_time on pricing.coupon_batch (saved_at, id);
create index coupon_batch_for_staff on pricing.coupon_batch (name) where by_staff and stopped_at is null;
revoke delete on pricing.coupon_batch from loopline_app;

-- Coupons, and the order that has each: held until it is paid, then spent. A coupon of nobody is whoever's has its code.
create table pricing.coupon (
    id           uuid not null primary key,
    batch_id     uuid not null constraint coupon_of_a_batch references pricing.coupon_batch,
    secret       text not null constraint coupon_secret_is_unique unique,
    member_id    uuid,
    how          text not null constraint coupon_came_about_somehow check (how in ('code', 'claimed', 'given')),
    given_by     text not null,
    given_at     timestamptz not null,
    valid_from   timestamptz not null,
    valid_until  timestamptz not null constraint coupon_ends_after_its_start check (valid_until > valid_from),
    state        text not null default 'free',
    order_id     uuid,
    taken_at     timestamptz,
    off_minor    bigint not null default 0 constraint coupon_takes_no_less_than_nothing check (off_minor >= 0),
    order_minor  bigint not null default 0,
    constraint coupon_state_is_known check (state in ('free', 'held', 'spent')),
    constraint taken_coupon_has_its_order check (
        num_nulls(order_id, taken_at) in (0, 2)
        and (state = 'free') = (order_id is null)
    )
);
create index coupon_by_batch on pricing.coupon (batch_id, id);
create index coupon_by_member on pricing.coupon (member_id) where member_id is not null;
create index coupon_by_order on pricing.coupon (order_id) where order_id is not null;
create index coupon_taken_by_batch on pricing.coupon (batch_id, state) include (off_minor, order_minor)
    where state <> 'free';
revoke delete on pricing.coupon from loopline_app;

-- How many coupons of a batch a member was ever given; `most` is the batch's limit.
create table pricing.coupon_holder (
    batch_id   uuid not null constraint holder_of_a_batch references pricing.coupon_batch,
    member_id  uuid not null,
    coupons    integer not null constraint holder_has_some check (coupons > 0),
    most       integer,
    primary key (batch_id, member_id),
    constraint nobody_gets_more_than_the_limit check (coupons <= most)
);
revoke delete on pricing.coupon_holder from loopline_app;

-- What a coupon took off a line of an order, whatever became of the coupon since. Append-only.
create table pricing.coupon_line (
    order_id      uuid not null,
    coupon_id     uuid not null constraint taken_off_by_a_coupon references pricing.coupon,
    line_id       uuid not null,
    amount_minor  bigint not null constraint coupon_took_something_off check (amount_minor > 0),
    primary key (order_id, coupon_id, line_id)
);
revoke update, delete on pricing.coupon_line from loopline_app;

-- What happened to coupons, in the order in which it did. Append-only.
create table pricing.coupon_entry (
    number     bigint not null generated always as identity primary key,
    coupon_id  uuid not null constraint entry_of_a_coupon references pricing.coupon,
    step       text not null constraint coupon_step_is_known check (step in ('given', 'held', 'spent', 'back')),
    order_id   uuid,
    at         timestamptz not null,
    constraint entry_names_its_order check ((step = 'given') = (order_id is null))
);
create index coupon_entry_by_coupon on pricing.coupon_entry (coupon_id, number);
revoke update, delete on pricing.coupon_entry from loopline_app;

-- What is borne of a part may be of a batch of coupons, too: doctor looks for what is of neither.
alter table pricing.borne drop constraint borne_of_a_promotion;
