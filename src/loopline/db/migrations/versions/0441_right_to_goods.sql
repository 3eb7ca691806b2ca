-- What goods that are expected back are worth to who gets them, and what it takes off the cost of what was sold.
alter table ledger.account
    drop constraint account_purpose_known,
    add constraint account_purpose_known check (
        purpose in (
            'cash', 'gateway', 'customer_deposit', 'receivable', 'refund_payable', 'revenue', 'charges', 'tax',
            'sharing_cost', 'share_pending', 'share_due', 'voucher_liability', 'adjustment', 'bad_debt', 'stock_loss',
            'payout_in_transit', 'withheld_tax', 'payment_fee', 'supply_cost', 'consigned', 'supply_revenue',
            'intercompany', 'refund_liability', 'right_to_goods', 'cost_of_sales'
        )
    );

-- What of the carrying amount of goods it costs to recover them when they come back, their loss of value included, in a
-- currency: every version that ever was; the highest is in force.
create table closing.recovery (
    currency     text not null constraint recovery_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    version      integer not null constraint recovery_version_is_counted check (version >= 1),
    basis_points integer not null constraint recovery_costs_a_part check (basis_points between 0 and 10000),
    set_at       timestamptz not null,
    set_by       text not null,
    comment      text not null constraint recovery_says_why check (comment <> ''),
    primary key (currency, version)
);
revoke update, delete on closing.recovery from loopline_app;

alter table closing.close add column recovery_basis_points integer not null default 0
    constraint close_recovery_is_a_part check (recovery_basis_points between 0 and 10000);
alter table closing.expectation add column right_minor bigint not null default 0
    constraint right_to_goods_not_negative check (right_minor >= 0);
