create schema supply;

-- Terms between the company whose goods are sold and the one that sells them (cost: one company), of an SKU or of all
-- goods, from a moment on. Never changed.
create table supply.term (
    id           uuid primary key,
    owner_id     uuid not null,
    buyer_id     uuid not null,
    sku_id       uuid,
    currency     text not null,
    kind         text not null constraint term_kind_is_known check (kind in ('purchase', 'consignment', 'cost')),
    base         text constraint term_base_is_known check (base in ('list', 'net')),
    basis_points integer constraint term_is_a_part check (basis_points between 0 and 10000),
    unit_minor   bigint constraint term_takes_nothing_away check (unit_minor >= 0),
    from_at      timestamptz not null,
    agreed_at    timestamptz not null,
    agreed_by    text not null,
    comment      text not null,
    constraint term_is_one_thing check ((basis_points is null) <> (unit_minor is null)),
    constraint term_percentage_has_its_base check ((base is null) = (basis_points is null)),
    constraint cost_is_one_companys check ((kind = 'cost') = (owner_id = buyer_id)),
    constraint cost_is_of_units check (kind <> 'cost' or (sku_id is not null and unit_minor is not null)),
    constraint one_term_at_a_moment unique nulls not distinct (owner_id, buyer_id, currency, sku_id, from_at)
);
grant usage on schema supply to loopline_app;
grant select, insert on supply.term to loopline_app;

-- Units that were handed over though their owner and who sold them had agreed on nothing; gone once they have.
create table supply.noted (
    part_id    uuid primary key,
    order_id   uuid not null,
    line_id    uuid not null,
    owner_id   uuid not null,
    buyer_id   uuid not null,
    sku_id     uuid not null,
    currency   text not null,
    units      integer not null,
    units_of   integer not null,
    list_minor bigint not null,
    net_minor  bigint not null,
    placed_at  timestamptz not null,
    at         timestamptz not null,
    constraint noted_is_between_two check (owner_id <> buyer_id),
    constraint noted_units_are_a_part check (units between 0 and units_of and units_of > 0)
);
create index noted_by_pair on supply.noted (owner_id, buyer_id, currency);
grant select, insert, update, delete on supply.noted to loopline_app;

alter table ledger.account
    drop constraint account_purpose_known,
    add constraint account_purpose_known check (
        purpose in (
            'cash', 'gateway', 'customer_deposit', 'receivable', 'refund_payable', 'revenue', 'charges', 'tax',
            'sharing_cost', 'share_pending', 'share_due', 'voucher_liability', 'adjustment', 'bad_debt', 'stock_loss',
            'payout_in_transit', 'withheld_tax', 'payment_fee', 'supply_cost', 'consigned', 'supply_revenue',
            'intercompany'
        )
    );
alter table ledger.entry
    drop constraint entry_kind_known,
    add constraint entry_kind_known check (
        kind in (
            'sale', 'charge', 'voucher', 'payment', 'refund', 'share', 'share_release', 'share_claw_back', 'reversal',
            'blind_return', 'adjustment', 'opening', 'payout', 'payout_paid', 'payout_returned', 'fee', 'supply'
        )
    );
