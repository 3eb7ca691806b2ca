-- Customers: who is known, by what, what they agreed to, whose customers they are, what happened to them.
--
-- Personal data are sealed with a key of each member's own, which is itself sealed with a key from a file outside the
-- database: deleting the member's key makes every copy of their data unreadable. Blind indexes (keyed hashes) find a
-- member by what is typed without keeping it readable. `sealed_with` and `indexed_with` name keys of that file.
create schema customers;

create table customers.member (
    id             uuid not null,
    registered_at  timestamptz not null,
    channel        text,
    name           bytea,
    name_blind     bytea,
    indexed_with   bigint not null,
    erased_at      timestamptz,
    constraint member_pkey primary key (id),
    constraint name_is_found_and_read check ((name is null) = (name_blind is null)),
    constraint erased_member_has_no_name check (erased_at is null or name is null)
);
create index member_by_name on customers.member (name_blind) where name_blind is not null;

create table customers.member_key (
    member_id    uuid not null,
    wrapped      bytea not null,
    sealed_with  bigint not null,
    constraint member_key_pkey primary key (member_id),
    constraint key_of_a_member foreign key (member_id) references customers.member (id)
);

-- What a member is known by: a phone, a card … is one member's.
create table customers.identity (
    kind          text not null,
    blind         bytea not null,
    member_id     uuid not null,
    value         bytea not null,
    last_four     bytea,
    indexed_with  bigint not null,
    added_at      timestamptz not null,
    constraint identity_is_one_members primary key (kind, blind),
    constraint identity_of_a_member foreign key (member_id) references customers.member (id)
);
create index identity_by_member on customers.identity (member_id);
create index identity_by_last_four on customers.identity (last_four) where last_four is not null;

-- What a member agreed to, and until when they had not: every statement is kept.
create table customers.consent_change (
    member_id    uuid not null,
    purpose      text not null,
    channel      text not null,
    receiver_id  uuid not null,
    at           timestamptz not null,
    granted      boolean not null,
    source       text not null,
    recorded_at  timestamptz not null,
    constraint consent_change_pkey primary key (member_id, purpose, channel, receiver_id, at, granted),
    constraint consent_change_of_a_member foreign key (member_id) references customers.member (id)
);
revoke update, delete on customers.consent_change from loopline_app;

-- The latest of them, for the gate in front of every message. No row means no.
create table customers.consent (
    member_id    uuid not null,
    purpose      text not null,
    channel      text not null,
    receiver_id  uuid not null,
    granted      boolean not null,
    since        timestamptz not null,
    constraint consent_pkey primary key (member_id, purpose, channel, receiver_id),
    constraint consent_of_a_member foreign key (member_id) references customers.member (id)
);

-- Whose customer a member is: one party per role at a time, with the rule that made it.
create table customers.binding (
    id         bigint generated always as identity,
    member_id  uuid not null,
    role       text not null,
    party_id   uuid not null,
    bound_at   timestamptz not null,
    ended_at   timestamptz,
    reason     text not null,
    constraint binding_pkey primary key (id),
    constraint binding_of_a_member foreign key (member_id) references customers.member (id),
    constraint binding_role_is_known check (role in ('guide', 'dealer')),
    constraint binding_ends_after_it_began check (ended_at >= bound_at)
);
create unique index one_open_binding_per_role on customers.binding (member_id, role) where ended_at is null;
create index binding_by_member on customers.binding (member_id, bound_at);
create index binding_by_party on customers.binding (party_id) where ended_at is null;

-- The timeline: follows the log and can be rebuilt from it.
create table customers.moment (
    member_id  uuid not null,
    at         timestamptz not null,
    kind       text not null,
    subject    uuid not null,
    constraint moment_pkey primary key (member_id, at, kind, subject)
);

-- Who opened whose personal data, and what for.
create table customers.access (
    id          uuid not null,
    at          timestamptz not null,
    actor       text not null,
    purpose     text not null,
    member_ids  uuid[] not null,
    constraint access_pkey primary key (id),
    constraint access_has_a_purpose check (purpose <> '' and actor <> '')
);
revoke update, delete on customers.access from loopline_app;

create view customers.published_members with (security_invoker = true) as
select
    id as member_id,
    registered_at,
    channel,
    erased_at
from customers.member;

create view customers.published_consents with (security_invoker = true) as
select
    member_id,
    purpose,
    channel,
    receiver_id,
    granted,
    since
from customers.consent;

create view customers.published_bindings with (security_invoker = true) as
select
    member_id,
    role,
    party_id,
    bound_at,
    ended_at
from customers.binding;
