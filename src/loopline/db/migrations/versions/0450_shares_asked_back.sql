-- What is asked back of a share that a gateway paid to a merchant's account, and what became of it. Its id is its number at
-- the gateway, made once.
create table payouts.reclaim (
    id           uuid primary key,
    line_id      uuid not null references payouts.line (id),
    amount_minor bigint not null constraint reclaim_asks_for_something check (amount_minor > 0),
    needs_second boolean not null,
    state        text not null
        constraint reclaim_state_is_known check (state in ('planned', 'approved', 'asked', 'came', 'failed', 'withdrawn')),
    made_by      text not null,
    made_at      timestamptz not null,
    approved_by  text,
    approved_at  timestamptz,
    asked_at     timestamptz,
    tries        integer not null default 0,
    next_try_at  timestamptz,
    given_up_at  timestamptz,
    ended_at     timestamptz,
    ended_by     text,
    reason       text,
    constraint reclaim_is_approved_before_it_is_asked check (
        (approved_by is null) = (approved_at is null) and (state in ('planned', 'withdrawn') or approved_by is not null)),
    constraint reclaim_approved_by_another check (not needs_second or approved_by is null or approved_by <> made_by),
    constraint reclaim_asked_at_a_moment check ((state in ('asked', 'came', 'failed')) = (asked_at is not null)),
    constraint reclaim_tried_while_asked check ((state = 'asked') = (next_try_at is not null)),
    constraint reclaim_ends_once check ((state in ('came', 'failed', 'withdrawn')) = (ended_at is not null))
);
create unique index reclaim_one_at_a_time_of_a_line on payouts.reclaim (line_id)
    where state in ('planned', 'approved', 'asked');
create index reclaim_by_line on payouts.reclaim (line_id);
create index reclaim_to_ask on payouts.reclaim (approved_at, id) where state = 'approved';
create index reclaim_due on payouts.reclaim (next_try_at, id) where next_try_at is not null;
create index reclaim_by_time on payouts.reclaim (made_at, id);
revoke delete on payouts.reclaim from loopline_app;

-- How much of what a line paid is asked back, or came back: never more than reached the party.
alter table payouts.line add column reclaimed_minor bigint not null default 0;
alter table payouts.line
    add constraint line_gives_back_what_it_paid check (reclaimed_minor between 0 and net_minor) not valid;

-- How long after a share it may be asked back, and how often of one receiver; 0 where the contract does not allow it.
alter table payouts.contract
    add column reclaim_within_days integer not null default 0
        constraint contract_reclaims_within_days check (reclaim_within_days >= 0),
    add column reclaims_per_receiver integer not null default 0
        constraint contract_reclaims_are_counted check (reclaims_per_receiver >= 0);

-- What is asked back, by who owes it and to whom: for proofs across rooms.
create view payouts.published_reclaim with (security_invoker = true) as
select
    reclaim.id as reclaim_id,
    payout.party_id,
    payout.entity_id,
    payout.currency,
    reclaim.amount_minor,
    reclaim.state
from payouts.reclaim as reclaim
join payouts.line as line on line.id = reclaim.line_id
join payouts.payout as payout on payout.id = line.payout_id;

-- What reclaims post: a debt → asked back; asked back → gateway, or a debt again.
alter table ledger.account
    drop constraint account_purpose_known,
    add constraint account_purpose_known check (
        purpose in (
            'cash', 'gateway', 'customer_deposit', 'receivable', 'refund_payable', 'revenue', 'charges', 'tax',
            'sharing_cost', 'share_pending', 'share_due', 'voucher_liability', 'adjustment', 'bad_debt', 'stock_loss',
            'payout_in_transit', 'withheld_tax', 'payment_fee', 'supply_cost', 'consigned', 'supply_revenue',
            'intercompany', 'refund_liability', 'right_to_goods', 'cost_of_sales', 'cash_difference', 'petty_cash',
            'reclaim_in_transit'
        )
    );
alter table ledger.entry
    drop constraint entry_kind_known,
    add constraint entry_kind_known check (
        kind in (
            'sale', 'charge', 'voucher', 'payment', 'refund', 'share', 'share_release', 'share_claw_back', 'reversal',
            'blind_return', 'adjustment', 'opening', 'payout', 'payout_paid', 'payout_returned', 'fee',
            'supply', 'bonus', 'expected_returns', 'paid_for_another', 'drawer', 'reclaim', 'reclaim_came',
            'reclaim_failed'
        )
    ) not valid;  -- all that is there satisfies it; looking would keep everybody out meanwhile
