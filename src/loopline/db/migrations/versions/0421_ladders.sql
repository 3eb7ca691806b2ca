-- Steps of a month's turnover and what they bring, under a code from a month on. Never changed.
create table sharing.ladder (
    id           uuid primary key,
    code         text not null,
    role         text not null,
    currency     text not null constraint ladder_currency_code check (currency ~ '^[A-Z]{3}$'),
    way          text not null constraint ladder_way_is_known check (way in ('whole', 'above')),
    steps        jsonb not null,
    from_month   date not null constraint ladder_begins_with_a_month check (extract(day from from_month) = 1),
    author_id    uuid not null,
    comment      text not null,
    channels     text[] not null,
    categories   text[] not null,
    published_at timestamptz not null,
    constraint ladder_of_a_month_stands unique (code, from_month)
);
grant select, insert on sharing.ladder to loopline_app;
revoke update, delete, truncate on sharing.ladder from loopline_app;

-- What a month's turnover came to each time it was looked at anew, and by how much that was more than before.
create table sharing.evaluation (
    id           uuid primary key,
    ladder_id    uuid not null references sharing.ladder (id),
    party_id     uuid not null,
    entity_id    uuid not null,
    funder_id    uuid not null constraint funder_is_somebody_else check (funder_id <> party_id),
    currency     text not null,
    month        date not null,
    number       integer not null,
    volume_minor bigint not null,
    bonus_minor  bigint not null,
    change_minor bigint not null constraint evaluation_changes_something check (change_minor <> 0),
    at           timestamptz not null,
    constraint evaluation_has_its_place unique (ladder_id, month, party_id, entity_id, funder_id, number)
);
create index evaluation_by_party on sharing.evaluation (party_id, month);
grant select, insert on sharing.evaluation to loopline_app;
revoke update, delete, truncate on sharing.evaluation from loopline_app;

alter table ledger.entry
    drop constraint entry_kind_known,
    add constraint entry_kind_known check (
        kind in (
            'sale', 'charge', 'voucher', 'payment', 'refund', 'share', 'share_release', 'share_claw_back', 'reversal',
            'blind_return', 'adjustment', 'opening', 'payout', 'payout_paid', 'payout_returned', 'fee', 'supply', 'bonus'
        )
    );
