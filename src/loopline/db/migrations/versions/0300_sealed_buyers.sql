-- Buyers of marketplaces: their data as the platform sealed it, and who opened it for what.
create schema buyers;

-- What a platform handed over of an order's buyer, as it came: sealed by the platform, and masked for people to see.
-- The newest sealing stands; `renewals` counts those it took the place of. Once it was forgotten only that remains.
-- `look_at` is when it is looked at next whether the order is over for long enough to forget it.
create table buyers.sealing (
    order_id        uuid primary key,
    platform        text not null constraint sealing_names_its_platform check (platform <> ''),
    ciphertext_id   text,
    ciphertext      text,
    masked_name     text not null default '',
    masked_phone    text not null default '',
    masked_address  text not null default '',
    sealed_at       timestamptz not null,
    kept_at         timestamptz not null,
    renewals        integer not null default 0 constraint sealing_renewals_are_counted check (renewals >= 0),
    look_at         timestamptz,
    forgotten_at    timestamptz,
    constraint sealing_holds_something
        check ((forgotten_at is null) = (num_nonnulls(ciphertext_id, ciphertext) > 0)),
    constraint sealing_forgotten_shows_nothing
        check (forgotten_at is null or masked_name || masked_phone || masked_address = ''),
    constraint sealing_is_looked_at_until_forgotten check ((look_at is null) = (forgotten_at is not null))
);
create index sealing_to_look_at on buyers.sealing (look_at, order_id) where look_at is not null;
revoke delete on buyers.sealing from loopline_app;

-- Who asked to see the data of an order's buyer, for what, before it was shown: the audit log. `refused` says why not,
-- where we did not put it to the platform. `site_id` is where the parcel was, or which site sold the order.
create table buyers.opening (
    id         uuid primary key,
    at         timestamptz not null,
    person_id  uuid not null,
    order_id   uuid not null,
    purpose    text not null constraint opening_purpose_is_known check (
        purpose in ('ship_parcel', 'print_label', 'customer_service_call', 'fraud_check', 'legal_request')
    ),
    platform   text,
    site_id    uuid,
    refused    text,
    constraint opening_is_put_to_a_platform check (refused is not null or platform is not null)
);
create index opening_by_person on buyers.opening (person_id, id);
create index opening_by_order on buyers.opening (order_id, id);
revoke update, delete on buyers.opening from loopline_app;

-- What the platform said to an opening; written down before it is shown. What has none was asked, and nobody knows more.
create table buyers.opening_end (
    opening_id  uuid primary key constraint end_of_an_opening references buyers.opening,
    at          timestamptz not null,
    outcome     text not null constraint opening_outcome_is_known
        check (outcome in ('opened', 'denied', 'unanswered')),
    reason      text,
    constraint opening_end_has_its_reason check ((outcome = 'opened') = (reason is null))
);
revoke update, delete on buyers.opening_end from loopline_app;
