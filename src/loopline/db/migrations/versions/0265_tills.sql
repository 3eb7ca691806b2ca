-- Sales that tills rang up, with or without a network, and those that people have to put right.

-- Which order a till's sale is. A till makes its own id once and counts its sales: a number that is missing here was
-- rung up and has not arrived.
create table orders.till_sale (
    till_id     uuid not null,
    number      bigint not null,
    order_id    uuid not null,
    site_id     uuid not null,
    -- Who stood at the till, and who was signed in when the sale was sent: a colleague may send it days later.
    rung_up_by  uuid not null,
    sent_by     uuid not null,
    -- As the till's clock said it; the order is placed then, but never later than it arrived.
    rung_up_at  timestamptz not null,
    arrived_at  timestamptz not null,
    constraint till_sale_pkey primary key (till_id, number),
    constraint till_sale_is_one_order unique (order_id),
    constraint till_counts_from_one check (number > 0)
);
revoke update, delete on orders.till_sale from loopline_app;

-- Sales that were refused and handed over for somebody to put right; `sale` is what the till says, word for word, and
-- `reason` the refusal as a sentence with its fields.
create table orders.till_case (
    till_id     uuid not null,
    number      bigint not null,
    site_id     uuid not null,
    sale        jsonb not null,
    reason      jsonb not null,
    handed_by   uuid not null,
    handed_at   timestamptz not null,
    settled_by  uuid,
    settled_at  timestamptz,
    note        text,
    constraint till_case_pkey primary key (till_id, number),
    constraint till_case_counts_from_one check (number > 0),
    constraint till_case_settled_by_somebody
        check ((settled_at is null) = (settled_by is null) and (settled_at is null) = (note is null))
);
create index till_case_open on orders.till_case (handed_at, till_id, number) where settled_at is null;
revoke delete on orders.till_case from loopline_app;
