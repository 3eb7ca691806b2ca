-- What goods are expected to come back for: less revenue, and owed to customers, posted by closes alone.
alter table ledger.account
    drop constraint account_purpose_known,
    add constraint account_purpose_known check (
        purpose in (
            'cash', 'gateway', 'customer_deposit', 'receivable', 'refund_payable', 'revenue', 'charges', 'tax',
            'sharing_cost', 'share_pending', 'share_due', 'voucher_liability', 'adjustment', 'bad_debt', 'stock_loss',
            'payout_in_transit', 'withheld_tax', 'payment_fee', 'supply_cost', 'consigned', 'supply_revenue',
            'intercompany', 'refund_liability'
        )
    );
alter table ledger.entry
    drop constraint entry_kind_known,
    add constraint entry_kind_known check (
        kind in (
            'sale', 'charge', 'voucher', 'payment', 'refund', 'share', 'share_release', 'share_claw_back', 'reversal',
            'blind_return', 'adjustment', 'opening', 'payout', 'payout_paid', 'payout_returned', 'fee',
            'supply', 'bonus', 'expected_returns'
        )
    );

-- Entries are posted between two cuts, and each knows after which: a cut divides what was committed before it from what
-- comes after, for good. The number is drawn from a sequence, so that no snapshot hides it.
create sequence ledger.cut_number as integer;
alter table ledger.entry add column cut integer not null default 0;
alter table ledger.entry
    alter column cut set default coalesce(pg_sequence_last_value('ledger.cut_number'::regclass), 0)::integer;
create index entry_by_cut on ledger.entry using brin (cut) with (autosummarize = on);

-- Whoever posts holds the cut still until the transaction ends. The lock comes before the first row, and with it before
-- the number is read.
create function ledger.hold_cut() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(hashtextextended('ledger.cut', 0));
    return null;
end
$$;
create trigger cut_stands_while_posting before insert on ledger.entry
    for each statement execute function ledger.hold_cut();

-- Waits for all who are posting, draws a number and lets them go on: the lock goes with the block that is undone, the
-- number stays.
create function ledger.take_cut() returns integer language plpgsql as $$
declare
    number integer;
begin
    begin
        perform pg_advisory_xact_lock(hashtextextended('ledger.cut', 0));
        number := nextval('ledger.cut_number');
        raise sqlstate 'LL001';
    exception when sqlstate 'LL001' then
        return number;
    end;
end
$$;

-- What closes speak of: months of a legal entity in a currency that never change again.
create schema closing;

create table closing.close (
    id                     uuid primary key,
    entity_id              uuid not null,
    currency               text not null constraint close_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    month                  date not null constraint close_month_is_its_first_day check (extract(day from month) = 1),
    zone                   text not null,
    start_at               timestamptz not null,
    end_at                 timestamptz not null,
    cut                    integer not null,
    entries                bigint not null constraint close_entries_not_negative check (entries >= 0),
    entries_of_before      bigint not null,
    estimate_entry_id      uuid,
    inversion_entry_id     uuid,
    estimate_before_minor  bigint not null,
    came_back_minor        bigint not null,
    still_expected_minor   bigint not null,
    notices                jsonb not null,
    digest_before          bytea,
    digest                 bytea not null constraint close_digest_is_a_hash check (octet_length(digest) = 32),
    closed_at              timestamptz not null,
    closed_by              text not null,
    comment                text not null constraint close_says_why check (comment <> ''),
    constraint month_closed_once unique (entity_id, currency, month),
    constraint close_follows_one_other unique nulls not distinct (entity_id, currency, digest_before),
    constraint close_ends_after_it_starts check (start_at < end_at and end_at <= closed_at),
    constraint close_entries_of_before_are_entries check (entries_of_before between 0 and entries)
);
create index close_by_time on closing.close (closed_at desc, id desc);

create table closing.balance (
    close_id      uuid not null references closing.close (id),
    purpose       text not null,
    opening_minor bigint not null,
    debit_minor   bigint not null constraint balance_debit_not_negative check (debit_minor >= 0),
    credit_minor  bigint not null constraint balance_credit_not_negative check (credit_minor >= 0),
    closing_minor bigint not null,
    primary key (close_id, purpose),
    constraint balance_adds_up check (closing_minor = opening_minor + debit_minor - credit_minor)
);

create table closing.expectation (
    close_id         uuid not null references closing.close (id),
    category         text not null,
    units            bigint not null,
    returnable_minor bigint not null,
    expected_minor   bigint not null,
    basis            text not null constraint expectation_basis_is_known check (basis in ('category', 'whole', 'none')),
    seen_units       bigint not null,
    seen_minor       bigint not null,
    seen_back_minor  bigint not null,
    primary key (close_id, category),
    constraint expected_within_what_may_come_back check (expected_minor between 0 and returnable_minor)
);

revoke update, delete on closing.close, closing.balance, closing.expectation from loopline_app;

create view closing.published_close with (security_invoker = true) as
select id, entity_id, currency, month, start_at, end_at, cut
from closing.close;

create view closing.published_balance with (security_invoker = true) as
select close_id, purpose, opening_minor, debit_minor, credit_minor, closing_minor
from closing.balance;
