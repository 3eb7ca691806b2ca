-- Versions of the programme of points. A draft may change until it is published; then it stands until the next one is.
create table pricing.points_programme (
    id            uuid not null primary key,
    version       integer not null constraint programme_version_is_unique unique
        constraint programme_version_is_counted check (version > 0),
    terms         jsonb not null,
    author        text not null,
    comment       text not null constraint programme_says_why check (comment <> ''),
    saved_at      timestamptz not null,
    published_at  timestamptz,
    published_by  text,
    constraint programme_was_published_by_somebody check (num_nulls(published_at, published_by) in (0, 2))
);
create unique index one_draft_of_the_programme on pricing.points_programme ((true)) where published_at is null;
revoke delete on pricing.points_programme from loopline_app;

-- What a member has of points: pending until nothing may come back, to use, and held by orders that wait to be paid.
-- `available` may be less than nothing: points that were used were taken back. `liability_minor` is what is deferred for
-- them. Nothing of it ends before `next_expiry_at`.
create table pricing.points_account (
    member_id        uuid not null primary key,
    pending          bigint not null default 0 constraint pending_points_are_there check (pending >= 0),
    available        bigint not null default 0,
    held             bigint not null default 0 constraint held_points_are_there check (held >= 0),
    liability_minor  bigint not null default 0 constraint no_less_is_deferred_than_nothing check (liability_minor >= 0),
    next_expiry_at   timestamptz
);
create index points_account_by_expiry on pricing.points_account (next_expiry_at, member_id)
    where next_expiry_at is not null;
revoke delete on pricing.points_account from loopline_app;

-- What points came of: a part of a line that was handed over, a correction, or points that came back too late. `whole` is
-- what it gave for `units`, `points` what is left of that after returns.
create table pricing.points_lot (
    id            uuid not null primary key,
    member_id     uuid not null constraint lot_of_an_account references pricing.points_account,
    programme_id  uuid not null constraint lot_of_a_programme references pricing.points_programme,
    order_id      uuid,
    line_id       uuid,
    units         integer not null default 1 constraint lot_of_units check (units > 0),
    whole         bigint not null constraint lot_gave_something check (whole >= 0),
    points        bigint not null constraint lot_keeps_a_part check (points between 0 and whole),
    is_pending    boolean not null,
    due_at        timestamptz not null,
    expires_at    timestamptz not null constraint lot_ends_after_it_is_due check (expires_at > due_at),
    constraint lot_of_a_line_of_an_order check (num_nulls(order_id, line_id) in (0, 2))
);
create index points_lot_by_member on pricing.points_lot (member_id, expires_at, id);
create index points_lot_by_order on pricing.points_lot (order_id) where order_id is not null;
create index points_lot_pending on pricing.points_lot (due_at, id) where is_pending;
revoke delete on pricing.points_lot from loopline_app;

-- What orders use of points, line by line, and how much of it they hold and have spent now. `is_kept`: goods that took the
-- place of others, at their price: they take what those gave back, once they are paid for.
create table pricing.points_use (
    order_id      uuid not null primary key,
    member_id     uuid not null constraint use_of_an_account references pricing.points_account,
    programme_id  uuid not null constraint use_of_a_programme references pricing.points_programme,
    line_ids      uuid[] not null,
    line_points   bigint[] not null,
    is_kept       boolean not null,
    held          bigint not null constraint use_holds_no_less_than_nothing check (held >= 0),
    spent         bigint not null constraint use_spends_no_less_than_nothing check (spent >= 0),
    changes       integer not null default 0,
    constraint use_is_of_lines check (cardinality(line_ids) = cardinality(line_points))
);
create index points_use_by_member on pricing.points_use (member_id);
revoke delete on pricing.points_use from loopline_app;

-- What happened to points, in the order in which it did. Append-only; `key` says what for, once and for all.
create table pricing.points_entry (
    number           bigint not null generated always as identity primary key,
    key              text not null constraint points_move_once unique,
    member_id        uuid not null constraint points_of_an_account references pricing.points_account,
    kind             text not null constraint points_kind_is_known check (
        kind in ('earned', 'matured', 'taken_back', 'held', 'released', 'spent', 'back', 'expired', 'adjusted')
    ),
    pending          bigint not null,
    available        bigint not null,
    held             bigint not null,
    liability_minor  bigint not null,
    lot_id           uuid,
    order_id         uuid,
    at               timestamptz not null,
    by               text not null,
    reason           text not null default '',
    constraint points_move_somehow check (pending <> 0 or available <> 0 or held <> 0),
    constraint adjusted_points_say_why check (kind <> 'adjusted' or reason <> '')
);
create index points_entry_by_member on pricing.points_entry (member_id, number);
create index points_entry_by_order on pricing.points_entry (order_id) where order_id is not null;
create index points_entry_by_lot on pricing.points_entry (lot_id) where lot_id is not null;
revoke update, delete on pricing.points_entry from loopline_app;

-- Revenue that is put off for points, and what is owed for them. All that is there satisfies the checks below: looking
-- would keep everybody out meanwhile.
alter table ledger.account
    drop constraint account_purpose_known,
    add constraint account_purpose_known check (
        purpose in (
            'cash', 'gateway', 'customer_deposit', 'receivable', 'refund_payable', 'revenue', 'charges', 'tax',
            'sharing_cost', 'share_pending', 'share_due', 'voucher_liability', 'adjustment', 'bad_debt', 'stock_loss',
            'payout_in_transit', 'withheld_tax', 'payment_fee', 'supply_cost', 'consigned', 'supply_revenue',
            'intercompany', 'refund_liability', 'right_to_goods', 'cost_of_sales', 'cash_difference', 'petty_cash',
            'reclaim_in_transit', 'promotion_funded', 'promotion_cost', 'points_deferred', 'points_liability'
        )
    );
alter table ledger.entry
    drop constraint entry_kind_known,
    add constraint entry_kind_known check (
        kind in (
            'sale', 'charge', 'voucher', 'payment', 'refund', 'share', 'share_release', 'share_claw_back', 'reversal',
            'blind_return', 'adjustment', 'opening', 'payout', 'payout_paid', 'payout_returned', 'fee',
            'supply', 'bonus', 'expected_returns', 'paid_for_another', 'drawer', 'reclaim', 'reclaim_came',
            'reclaim_failed', 'promotion', 'points'
        )
    ) not valid;
