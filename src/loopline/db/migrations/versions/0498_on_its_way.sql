-- What was earned, and what it cost, of goods that are with a carrier at the end of a month: put off by closes alone. All that
-- is there satisfies the check of kinds: looking would keep everybody out meanwhile.
alter table ledger.account
    drop constraint account_purpose_known,
    add constraint account_purpose_known check (
        purpose in (
            'cash', 'gateway', 'customer_deposit', 'receivable', 'refund_payable', 'revenue', 'charges', 'tax',
            'sharing_cost', 'share_pending', 'share_due', 'voucher_liability', 'adjustment', 'bad_debt', 'stock_loss',
            'payout_in_transit', 'withheld_tax', 'payment_fee', 'supply_cost', 'consigned', 'supply_revenue',
            'intercompany', 'refund_liability', 'right_to_goods', 'cost_of_sales', 'cash_difference', 'petty_cash',
            'reclaim_in_transit', 'promotion_funded', 'promotion_cost', 'points_deferred', 'points_liability',
            'revenue_on_way', 'cost_on_way'
        )
    );
alter table ledger.entry
    drop constraint entry_kind_known,
    add constraint entry_kind_known check (
        kind in (
            'sale', 'charge', 'voucher', 'payment', 'refund', 'share', 'share_release', 'share_claw_back', 'reversal',
            'blind_return', 'adjustment', 'opening', 'payout', 'payout_paid', 'payout_returned', 'fee',
            'supply', 'bonus', 'expected_returns', 'paid_for_another', 'drawer', 'reclaim', 'reclaim_came',
            'reclaim_failed', 'promotion', 'points', 'on_way'
        )
    ) not valid;

-- What closes post belongs to the month it is dated in, whenever it was committed.
create or replace function ledger.is_of_month(
    at timestamptz, cut integer, kind text, start_at timestamptz, end_at timestamptz, after_cut integer, before_cut integer
) returns boolean language sql immutable parallel safe
return (
        (at >= start_at and at < end_at)
        or (at < start_at and cut >= after_cut and kind not in ('expected_returns', 'on_way'))
    )
    and (cut < before_cut or kind in ('expected_returns', 'on_way'));

-- After how many days goods count as arrived where no carrier says; closes made before this have put nothing off.
alter table closing.recovery add column arrives_within_days integer not null default 7
    constraint arrives_within_some_days check (arrives_within_days between 1 and 60);
alter table closing.close add column arrives_within_days integer not null default 0
    constraint close_waits_some_days check (arrives_within_days between 0 and 60);
alter table closing.close add column on_way jsonb not null default '[]';
