-- Shoppers: members who sign in with their phone, where their goods go, and what they are shown.
--
-- A code sent to a phone proves that it is theirs. Phones and internet addresses stand here as keyed hashes only;
-- addresses and deliveries are sealed with the member's own key, and are unreadable once that is gone.

-- The code that was sent last to a phone; `code_hash` is keyed, and bound to the phone.
create table customers.sign_in_code (
    phone       bytea not null,
    code_hash   bytea not null,
    expires_at  timestamptz not null,
    tries       integer not null default 0,
    constraint sign_in_code_pkey primary key (phone),
    constraint tries_are_counted_up check (tries >= 0)
);
create index sign_in_code_by_end on customers.sign_in_code (expires_at);

-- When something of a kind was last asked for by a phone or an internet address, the oldest first.
create table customers.sign_in_limit (
    kind     text not null,
    blind    bytea not null,
    moments  timestamptz[] not null,
    last_at  timestamptz not null,
    constraint sign_in_limit_pkey primary key (kind, blind)
);
create index sign_in_limit_by_age on customers.sign_in_limit (last_at);

-- Who is signed in where: only the hash of the token is kept.
create table customers.session (
    token_hash  bytea not null,
    member_id   uuid not null,
    opened_at   timestamptz not null,
    expires_at  timestamptz not null,
    constraint session_pkey primary key (token_hash),
    constraint session_of_a_member foreign key (member_id) references customers.member (id),
    constraint session_ends_after_it_began check (expires_at > opened_at)
);
create index session_by_member on customers.session (member_id);
create index session_by_end on customers.session (expires_at);

-- Where a member has goods sent: recipient, phone, region and street, sealed.
create table customers.address (
    id          uuid not null,
    member_id   uuid not null,
    sealed      bytea not null,
    is_default  boolean not null,
    added_at    timestamptz not null,
    constraint address_pkey primary key (id),
    constraint address_of_a_member foreign key (member_id) references customers.member (id)
);
create index address_by_member on customers.address (member_id, added_at);
create unique index one_default_address on customers.address (member_id) where is_default;

-- Where the goods of one order go: a copy, sealed, that a later change of the address does not touch.
create table customers.delivery (
    order_id   uuid not null,
    member_id  uuid not null,
    sealed     bytea not null,
    added_at   timestamptz not null,
    constraint delivery_pkey primary key (order_id),
    constraint delivery_of_a_member foreign key (member_id) references customers.member (id)
);
create index delivery_by_member on customers.delivery (member_id);

-- A member may be a store's customer too.
alter table customers.binding
    drop constraint binding_role_is_known,
    add constraint binding_role_is_known check (role in ('guide', 'store', 'dealer'));
