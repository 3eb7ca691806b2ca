-- What is owed for money that was paid ahead, and what its bonus takes off. All that is there satisfies the checks below: looking
-- would keep everybody out meanwhile.
alter table ledger.account
    drop constraint account_purpose_known,
    add constraint account_purpose_known check (
        purpose in (
            'cash', 'gateway', 'customer_deposit', 'receivable', 'refund_payable', 'revenue', 'charges', 'tax',
            'sharing_cost', 'share_pending', 'share_due', 'voucher_liability', 'adjustment', 'bad_debt', 'stock_loss',
            'payout_in_transit', 'withheld_tax', 'payment_fee', 'supply_cost', 'consigned', 'supply_revenue',
            'intercompany', 'refund_liability', 'right_to_goods', 'cost_of_sales', 'cash_difference', 'petty_cash',
            'reclaim_in_transit', 'promotion_funded', 'promotion_cost', 'points_deferred', 'points_liability',
            'revenue_on_way', 'cost_on_way', 'stored_value', 'stored_value_bonus'
        )
    );
alter table ledger.entry
    drop constraint entry_kind_known,
    add constraint entry_kind_known check (
        kind in (
            'sale', 'charge', 'voucher', 'payment', 'refund', 'share', 'share_release', 'share_claw_back', 'reversal',
            'blind_return', 'adjustment', 'opening', 'payout', 'payout_paid', 'payout_returned', 'fee',
            'supply', 'bonus', 'expected_returns', 'paid_for_another', 'drawer', 'reclaim', 'reclaim_came',
            'reclaim_failed', 'promotion', 'points', 'on_way', 'stored_value'
        )
    ) not valid;

-- A till takes money ahead, too: it is in the drawer, and of no sale.
alter table payments.till_move
    drop constraint till_move_kind_known,
    add constraint till_move_kind_known check (
        kind in ('sale', 'refund', 'bank_drop', 'change', 'petty_cash', 'top_up')
    ) not valid,
    drop constraint till_move_has_a_source,
    add constraint till_move_has_a_source check (
        (source_id is null) = (kind not in ('sale', 'refund', 'top_up'))
    ) not valid;
