-- What parties are due, paid out: from which account of which legal entity, to which account of theirs, and what became
-- of it.
create schema payouts;

-- What payouts are made by, in one currency: every version that ever was; the highest is in force.
create table payouts.terms (
    currency     text not null constraint terms_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    version      integer not null constraint terms_version_is_counted check (version >= 1),
    least_minor  bigint not null constraint terms_least_is_an_amount check (least_minor >= 1),
    second_person_above_minor bigint not null
        constraint terms_second_person_not_negative check (second_person_above_minor >= 0),
    withheld_basis_points integer not null
        constraint terms_withhold_a_part check (withheld_basis_points between 0 and 9999),
    set_at       timestamptz not null,
    set_by       text not null,
    comment      text not null constraint terms_say_why check (comment <> ''),
    primary key (currency, version)
);

-- Accounts that legal entities pay from: a merchant's account at a gateway, or one at a bank.
create table payouts.payer (
    id        uuid primary key,
    entity_id uuid not null,
    currency  text not null constraint payer_currency_is_a_code check (currency ~ '^[A-Z]{3}$'),
    way       text not null constraint payer_way_is_known check (way in ('wechat_sharing', 'wechat_transfer', 'bank_file')),
    number    text not null constraint payer_number_is_said check (number ~ '^[0-9A-Za-z]{4,40}$'),
    name      text not null constraint payer_is_called_something check (name <> ''),
    added_at  timestamptz not null,
    added_by  text not null,
    closed_at timestamptz,
    constraint payer_of_its_entity unique (id, entity_id, currency)
);
create unique index payer_by_way on payouts.payer (entity_id, currency, way) where closed_at is null;

-- Where parties are paid to. What names the receiver is sealed with a key of each account's own, which is sealed with a
-- key outside the database; `masked` is what people see.
create table payouts.account (
    id          uuid primary key,
    party_id    uuid not null,
    kind        text not null constraint account_kind_is_known check (kind in ('wechat_merchant', 'wechat_person', 'bank')),
    masked      text not null,
    sealed      bytea not null,
    wrapped_key bytea not null,
    sealed_with bigint not null,
    added_at    timestamptz not null,
    added_by    text not null,
    closed_at   timestamptz
);
create unique index account_in_use_by_party on payouts.account (party_id) where closed_at is null;
create index account_by_sealing_key on payouts.account (sealed_with, id);

-- What the contract with a gateway allows a payer, as the gateway said last.
create table payouts.contract (
    payer_id                 uuid primary key references payouts.payer (id),
    receivers_per_request    integer not null constraint contract_allows_receivers check (receivers_per_request >= 1),
    requests_per_transaction integer not null constraint contract_allows_requests check (requests_per_transaction >= 1),
    ratio_basis_points       integer not null constraint contract_ratio_is_a_part check (ratio_basis_points between 0 and 10000),
    asked_at                 timestamptz not null
);

-- Payments of customers that a gateway holds for a payer and of which shares may be paid. `left_minor` is what the
-- gateway said last that is not shared yet.
create table payouts.transaction (
    payer_id     uuid not null references payouts.payer (id),
    number       text not null constraint transaction_number_is_said check (number <> ''),
    payment_id   uuid not null,
    amount_minor bigint not null constraint transaction_has_an_amount check (amount_minor > 0),
    left_minor   bigint constraint transaction_left_is_a_part check (left_minor between 0 and amount_minor),
    taken_at     timestamptz not null,
    asked_at     timestamptz,
    requests     integer not null default 0 constraint transaction_requests_not_negative check (requests >= 0),
    shared_minor bigint not null default 0 constraint transaction_shares_no_more_than_it_took
        check (shared_minor between 0 and amount_minor),
    primary key (payer_id, number),
    constraint transaction_of_one_payment unique (payment_id)
);
create index transaction_to_share on payouts.transaction (payer_id, taken_at, number) where left_minor is distinct from 0;

-- A payout: what one legal entity pays one party in one currency. The payer is an account of the very entity that owes.
create table payouts.payout (
    id             uuid primary key,
    number         bigint generated always as identity constraint payout_number_unique unique,
    party_id       uuid not null,
    entity_id      uuid not null,
    currency       text not null,
    payer_id       uuid not null,
    account_id     uuid not null references payouts.account (id),
    gross_minor    bigint not null constraint payout_pays_something check (gross_minor > 0),
    withheld_minor bigint not null,
    withheld_basis_points integer not null,
    terms_version  integer not null,
    needs_second   boolean not null,
    state          text not null constraint payout_state_is_known
        check (state in ('planned', 'approved', 'sent', 'paid', 'partly_paid', 'failed', 'withdrawn')),
    made_by        text not null,
    made_at        timestamptz not null,
    approved_by    text,
    approved_at    timestamptz,
    look_at        timestamptz,
    sent_at        timestamptz,
    ended_at       timestamptz,
    ended_by       text,
    reason         text,
    constraint payout_is_paid_by_who_owes_it
        foreign key (payer_id, entity_id, currency) references payouts.payer (id, entity_id, currency),
    constraint payout_withholds_a_part check (withheld_minor between 0 and gross_minor - 1),
    constraint payout_is_approved_before_it_is_sent check (
        (approved_by is null) = (approved_at is null) and (state in ('planned', 'withdrawn') or approved_by is not null)),
    constraint payout_approved_by_another check (not needs_second or approved_by is null or approved_by <> made_by),
    constraint payout_looked_at_while_approved check ((state = 'approved') = (look_at is not null)),
    constraint payout_sent_at_a_moment check ((state in ('sent', 'paid', 'partly_paid', 'failed')) = (sent_at is not null)),
    constraint payout_ends_once check ((state in ('paid', 'partly_paid', 'failed', 'withdrawn')) = (ended_at is not null))
);
create unique index payout_one_at_a_time on payouts.payout (party_id, entity_id, currency)
    where state in ('planned', 'approved', 'sent');
create index payout_to_send on payouts.payout (look_at, id) where look_at is not null;
create index payout_by_time on payouts.payout (made_at, id);
create index payout_by_party on payouts.payout (party_id, made_at);

-- What a gateway is asked, or a file, under a number of our own that was kept before anybody was asked. What is given up
-- is asked for and never sent again.
create table payouts.request (
    id             uuid primary key,
    payer_id       uuid not null references payouts.payer (id),
    way            text not null constraint request_way_is_known check (way in ('wechat_sharing', 'wechat_transfer', 'bank_file')),
    transaction_number text,
    state          text not null constraint request_state_is_known check (state in ('open', 'done')),
    tries          integer not null default 0,
    next_try_at    timestamptz,
    written_at     timestamptz not null,
    sent_at        timestamptz,
    given_up_at    timestamptz,
    given_up_by    text,
    ended_at       timestamptz,
    reference      text,
    reason         text,
    content_hash   bytea,
    constraint request_shares_a_transaction check ((way = 'wechat_sharing') = (transaction_number is not null)),
    constraint request_of_a_known_transaction
        foreign key (payer_id, transaction_number) references payouts.transaction (payer_id, number),
    constraint request_open_is_tried check ((next_try_at is not null) = (state = 'open' and way <> 'bank_file')),
    constraint request_ends_once check ((state = 'done') = (ended_at is not null))
);
create index request_due on payouts.request (next_try_at, id) where next_try_at is not null;
create index request_by_time on payouts.request (written_at, id);

-- What of a payout one request pays. A receiver stands in a request once.
create table payouts.line (
    id             uuid primary key,
    payout_id      uuid not null references payouts.payout (id),
    request_id     uuid not null references payouts.request (id),
    account_id     uuid not null references payouts.account (id),
    gross_minor    bigint not null,
    withheld_minor bigint not null constraint line_withholds_nothing_negative check (withheld_minor >= 0),
    net_minor      bigint not null constraint line_pays_something check (net_minor > 0),
    state          text not null constraint line_state_is_known check (state in ('in_transit', 'paid', 'returned')),
    ended_at       timestamptz,
    reason         text,
    constraint line_adds_up check (gross_minor = withheld_minor + net_minor),
    constraint line_ends_once check ((state = 'in_transit') = (ended_at is null)),
    constraint line_receiver_once unique (request_id, account_id)
);
create index line_by_payout on payouts.line (payout_id, id);

-- Notifications of gateways that were heard: one that comes again says nothing new.
create table payouts.notice (
    id       text primary key,
    heard_at timestamptz not null
);

-- Who was given a file that names receivers, and when.
create table payouts.download (
    id         bigint generated always as identity primary key,
    request_id uuid not null references payouts.request (id),
    by_whom    text not null,
    at         timestamptz not null
);
create index download_by_request on payouts.download (request_id, id);

-- What was paid, by who owed it and who was paid: for proofs across rooms.
create view payouts.published_line with (security_invoker = true) as
select
    line.id as line_id,
    payout.id as payout_id,
    payout.party_id,
    payout.entity_id,
    payout.currency,
    line.gross_minor,
    line.withheld_minor,
    line.net_minor,
    line.state
from payouts.line as line
join payouts.payout as payout on payout.id = line.payout_id;

-- What was decided and heard stays; of money nothing is deleted.
revoke update, delete on payouts.terms, payouts.notice, payouts.download from loopline_app;
revoke delete on payouts.payer, payouts.account, payouts.contract, payouts.transaction, payouts.payout, payouts.request,
    payouts.line from loopline_app;

-- What payouts post: due → in transit and withheld; in transit → paid, or both back.
alter table ledger.account
    drop constraint account_purpose_known,
    add constraint account_purpose_known check (
        purpose in (
            'cash', 'gateway', 'customer_deposit', 'receivable', 'refund_payable', 'revenue', 'charges', 'tax',
            'sharing_cost', 'share_pending', 'share_due', 'voucher_liability', 'adjustment', 'bad_debt', 'stock_loss',
            'payout_in_transit', 'withheld_tax'
        )
    );
alter table ledger.entry
    drop constraint entry_kind_known,
    add constraint entry_kind_known check (
        kind in (
            'sale', 'charge', 'voucher', 'payment', 'refund', 'share', 'share_release', 'share_claw_back', 'reversal',
            'blind_return', 'adjustment', 'opening', 'payout', 'payout_paid', 'payout_returned'
        )
    );
