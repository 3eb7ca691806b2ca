-- Versions of promotions. A draft may change until it is published; then it stands, but for an end that is brought
-- forward. A later version under the same code takes over from its beginning on.
create table pricing.promotion (
    id            uuid not null primary key,
    code          text not null constraint promotion_code_is_normal check (code = btrim(code) and code <> ''),
    version       integer not null constraint promotion_version_is_counted check (version >= 1),
    name          text not null,
    currency      text not null constraint promotion_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    effect        jsonb not null,
    conditions    jsonb not null,
    -- Where it holds, of what the conditions say: who may see and change it depends on that.
    org_unit_id   uuid generated always as ((conditions ->> 'org_unit_id')::uuid) stored,
    site_id       uuid generated always as ((conditions ->> 'site_id')::uuid) stored,
    stack_group   integer not null constraint promotion_group_is_counted check (stack_group between 1 and 9),
    is_exclusive  boolean not null,
    most_minor    bigint constraint promotion_takes_something_at_most check (most_minor > 0),
    funders       jsonb not null constraint promotion_is_borne_by_somebody check (jsonb_array_length(funders) > 0),
    valid_from    timestamptz,
    valid_until   timestamptz,
    author        text not null,
    comment       text not null constraint promotion_says_why check (comment <> ''),
    saved_at      timestamptz not null,
    tried_at      timestamptz,
    published_at  timestamptz,
    published_by  text,
    constraint promotion_version_is_unique unique (code, version),
    constraint published_promotion_was_tried check (published_at is null or tried_at is not null),
    constraint published_promotion_has_a_beginning check (
        num_nulls(published_at, published_by) in (0, 2) and (published_at is null or valid_from >= published_at)
    )
);
create unique index promotion_waits_once on pricing.promotion (code) where published_at is null;
revoke delete on pricing.promotion from loopline_app;
create trigger changes_are_marked after insert or update or delete or truncate on pricing.promotion
    for each statement execute function remembered.leave_mark('pricing');

-- What parties agreed to bear of promotions in a currency. Append-only.
create table pricing.funding_agreement (
    id                 uuid not null primary key,
    party_id           uuid not null,
    currency           text not null constraint agreement_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    most_basis_points  integer not null constraint agreement_is_to_a_part check (most_basis_points between 1 and 10000),
    valid_from         timestamptz not null,
    valid_until        timestamptz constraint agreement_ends_after_its_start check (valid_until > valid_from),
    comment            text not null constraint agreement_says_what check (comment <> ''),
    agreed_by          text not null,
    agreed_at          timestamptz not null
);
create index agreement_by_party on pricing.funding_agreement (party_id, currency);
revoke update, delete on pricing.funding_agreement from loopline_app;

-- What is borne of parts that were handed over: by which version of a promotion, in which role, and by which party, where
-- it owes that to the seller of record; null: the seller bears it itself. Append-only: returns invert the entries.
create table pricing.borne (
    part_id       uuid not null,
    position      integer not null,
    order_id      uuid not null,
    line_id       uuid not null,
    promotion_id  uuid not null constraint borne_of_a_promotion references pricing.promotion,
    bearer        text not null constraint bearer_is_known check (
        bearer in ('seller', 'brand', 'dealer', 'platform', 'party')
    ),
    seller_id     uuid not null,
    owed_by       uuid,
    currency      text not null,
    units         integer not null constraint borne_of_units check (units > 0),
    amount_minor  bigint not null constraint borne_is_something check (amount_minor > 0),
    at            timestamptz not null,
    primary key (part_id, position)
);
create index borne_by_promotion on pricing.borne (promotion_id, at);
create index borne_by_party on pricing.borne (owed_by, at) where owed_by is not null;
create index borne_by_line on pricing.borne (line_id);
revoke update, delete on pricing.borne from loopline_app;

-- What others bear of a company's discounts, and what a company bears of others'. All that is there satisfies the checks
-- below: looking would keep everybody out meanwhile.
alter table ledger.account
    drop constraint account_purpose_known,
    add constraint account_purpose_known check (
        purpose in (
            'cash', 'gateway', 'customer_deposit', 'receivable', 'refund_payable', 'revenue', 'charges', 'tax',
            'sharing_cost', 'share_pending', 'share_due', 'voucher_liability', 'adjustment', 'bad_debt', 'stock_loss',
            'payout_in_transit', 'withheld_tax', 'payment_fee', 'supply_cost', 'consigned', 'supply_revenue',
            'intercompany', 'refund_liability', 'right_to_goods', 'cost_of_sales', 'cash_difference', 'petty_cash',
            'reclaim_in_transit', 'promotion_funded', 'promotion_cost'
        )
    );
alter table ledger.entry
    drop constraint entry_kind_known,
    add constraint entry_kind_known check (
        kind in (
            'sale', 'charge', 'voucher', 'payment', 'refund', 'share', 'share_release', 'share_claw_back', 'reversal',
            'blind_return', 'adjustment', 'opening', 'payout', 'payout_paid', 'payout_returned', 'fee',
            'supply', 'bonus', 'expected_returns', 'paid_for_another', 'drawer', 'reclaim', 'reclaim_came',
            'reclaim_failed', 'promotion'
        )
    ) not valid;

-- A percentage of what the seller gets in all: what is paid, and what others bear, less the tax in both. What others bear
-- is the tenth fact of what was split, where there is any.
alter table sharing.rule_row
    drop constraint rule_row_base_known,
    add constraint rule_row_base_known check (base in ('list', 'paid', 'net', 'margin', 'funded'));
alter table sharing.split
    drop constraint facts_are_nine,
    add constraint facts_are_nine_or_ten check (cardinality(facts) in (9, 10)) not valid;
