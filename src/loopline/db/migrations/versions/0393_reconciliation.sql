-- What outside parties state of what moved, held against our books.
create schema bills;

-- Who states, for which company and currency, and how their files are laid out. `revision` counts bills and runs, so
-- that whoever matches outside a transaction sees that others were faster.
create table bills.source (
    id               uuid primary key,
    code             text not null constraint source_code_is_one_source unique,
    name             text not null constraint source_has_a_name check (name <> ''),
    kind             text not null constraint source_kind_is_known
        check (kind in ('gateway', 'marketplace', 'bank', 'carrier')),
    layout           text not null constraint source_layout_is_known
        check (layout in ('wechat_pay', 'alipay', 'mapped')),
    entity_id        uuid not null,
    currency         text not null constraint source_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    zone             text not null,
    account          text not null constraint source_account_is_known
        check (account in ('gateway', 'cash', 'receivable')),
    methods          text[] not null,
    channel          text,
    payer            text not null,
    grace_days       smallint not null constraint source_grace_is_days check (grace_days between 0 and 31),
    fee_basis_points smallint not null constraint source_fee_is_a_part check (fee_basis_points between 0 and 5000),
    mapping          jsonb,
    revision         integer not null default 0,
    saved_at         timestamptz not null,
    saved_by         text not null
);
create index source_by_entity on bills.source (entity_id, code);

-- A file that was taken in, whole; the same bytes for the same source once.
create table bills.bill (
    id           uuid primary key,
    source_id    uuid not null references bills.source (id),
    content_hash bytea not null constraint bill_has_its_hash check (length(content_hash) = 32),
    file_name    text not null,
    size_bytes   integer not null,
    lines        integer not null constraint bill_states_something check (lines > 0),
    first_day    date not null,
    last_day     date not null,
    amount_minor bigint not null,
    fee_minor    bigint not null,
    taken_at     timestamptz not null,
    taken_by     text not null,
    -- The source's when it was taken in: runs of a higher one have seen it.
    revision     integer not null,
    constraint bill_is_taken_in_once unique (source_id, content_hash),
    constraint bill_days_in_order check (first_day <= last_day)
);
create index bill_by_time on bills.bill (source_id, taken_at desc, id);

-- A line of a bill, where it stands in the file. Positive came to us. `keys` are the numbers it names, the surest first.
create table bills.line (
    id           uuid primary key,
    bill_id      uuid not null references bills.bill (id),
    source_id    uuid not null,
    row          integer not null constraint line_stands_somewhere check (row > 0),
    day          date not null,
    kind         text not null constraint line_kind_is_known
        check (kind in ('payment', 'refund', 'fee', 'payout', 'other')),
    amount_minor bigint not null,
    fee_minor    bigint not null,
    number       text not null,
    keys         text[] not null,
    wording      text not null,
    constraint line_stands_once unique (bill_id, row)
);
create index line_by_day on bills.line (source_id, day, id);
create index line_by_number on bills.line (source_id, number, id) where number <> '';

-- A run: the bills of some days held against the books, with what was found in all and by class.
create table bills.run (
    id         uuid primary key,
    source_id  uuid not null references bills.source (id),
    first_day  date not null,
    last_day   date not null,
    run_at     timestamptz not null,
    run_by     text not null,
    totals     jsonb not null,
    classes    jsonb not null,
    opened     integer not null,
    closed     integer not null,
    revision   integer not null,
    constraint run_days_in_order check (first_day <= last_day)
);
create index run_by_time on bills.run (source_id, run_at desc, id);

-- Which line of a bill is which line of our books. Each stands in one pair of its source at most.
create table bills.pair (
    line_id          uuid primary key references bills.line (id),
    source_id        uuid not null,
    our_kind         text not null,
    our_id           uuid not null,
    our_day          date not null,
    our_amount_minor bigint not null,
    our_number       text not null,
    our_subject      uuid,
    way              text not null constraint pair_way_is_known check (way in ('key', 'rule', 'likelihood')),
    probability      real not null constraint pair_probability_is_one check (probability between 0 and 1),
    run_id           uuid not null references bills.run (id) deferrable initially deferred,
    constraint our_line_is_paired_once unique (source_id, our_kind, our_id)
);
create index pair_by_our_day on bills.pair (source_id, our_day);

-- What has no equal half, and why; worked off by somebody, or closed because its other half came.
create table bills.difference (
    id           uuid primary key,
    source_id    uuid not null references bills.source (id),
    subject      text not null,
    kind         text not null constraint difference_kind_is_known check (
        kind in ('timing', 'fee', 'refund', 'missing_ours', 'missing_theirs', 'duplicate', 'amount')
    ),
    day          date not null,
    theirs_minor bigint not null,
    ours_minor   bigint not null,
    lines        integer not null,
    line_id      uuid references bills.line (id),
    our_kind     text,
    our_id       uuid,
    our_number   text not null,
    our_day      date,
    our_subject  uuid,
    state        text not null constraint difference_state_is_known
        check (state in ('open', 'told', 'explained', 'corrected', 'matched')),
    owner        text not null,
    note         text not null,
    opened_at    timestamptz not null,
    changed_at   timestamptz not null,
    run_id       uuid not null references bills.run (id) deferrable initially deferred,
    entry_id     uuid,
    correction   text constraint difference_correction_is_known check (correction in ('fee', 'adjustment', 'loss')),
    constraint difference_is_kept_once unique (source_id, subject),
    constraint difference_names_our_line check ((our_kind is null) = (our_id is null)),
    constraint corrected_difference_has_its_entry
        check ((state = 'corrected') = (entry_id is not null) and (entry_id is null) = (correction is null)),
    constraint settled_difference_says_why check (state in ('open', 'matched') or note <> '')
);
create index difference_standing on bills.difference (source_id, kind, day, id) where state in ('open', 'told');
create index difference_by_our_line on bills.difference (source_id, our_kind, our_id) where our_id is not null;
create index difference_by_line on bills.difference (line_id) where line_id is not null;

-- What became of a difference, each step kept.
create table bills.step (
    difference_id uuid not null references bills.difference (id),
    at            timestamptz not null,
    place         bigint generated always as identity,
    by            text not null,
    state         text not null,
    kind          text not null,
    note          text not null,
    constraint step_in_its_place primary key (difference_id, place)
);

grant usage on schema bills to loopline_app;
grant select, insert on bills.bill, bills.line, bills.run, bills.step to loopline_app;
grant select, insert, update on bills.source, bills.difference to loopline_app;
grant select, insert on bills.pair to loopline_app;

-- Money of some days is looked for by when it moved; what was recorded together lies together.
create index payment_by_taken_at on payments.payment using brin (taken_at) with (autosummarize = on);
create index refund_by_refunded_at on payments.refund using brin (refunded_at) with (autosummarize = on);

-- Fees that gateways, banks and marketplaces keep are a cost of their own, posted by an entry of its own kind.
alter table ledger.account
    drop constraint account_purpose_known,
    add constraint account_purpose_known check (
        purpose in (
            'cash', 'gateway', 'customer_deposit', 'receivable', 'refund_payable', 'revenue', 'charges', 'tax',
            'sharing_cost', 'share_pending', 'share_due', 'voucher_liability', 'adjustment', 'bad_debt', 'stock_loss',
            'payout_in_transit', 'withheld_tax', 'payment_fee'
        )
    );
alter table ledger.entry
    drop constraint entry_kind_known,
    add constraint entry_kind_known check (
        kind in (
            'sale', 'charge', 'voucher', 'payment', 'refund', 'share', 'share_release', 'share_claw_back', 'reversal',
            'blind_return', 'adjustment', 'opening', 'payout', 'payout_paid', 'payout_returned', 'fee'
        )
    );

-- By which number a carrier knows a parcel it took over.
create table fulfilment.waybill (
    task_id         uuid not null constraint waybill_of_one_parcel primary key,
    order_id        uuid not null,
    site_id         uuid not null,
    tracking_number text not null constraint waybill_has_a_number check (tracking_number <> ''),
    handed_over_at  timestamptz not null
);
create index waybill_by_time on fulfilment.waybill (handed_over_at, task_id);
revoke update, delete, truncate on fulfilment.waybill from loopline_app;
grant select, insert on fulfilment.waybill to loopline_app;
