-- Whose customer a member is: one guide and one dealer at a time, with the ones before them.
create table customers.binding (
    member_id  uuid not null,
    role       text not null,
    party_id   uuid not null,
    bound_at   timestamptz not null,
    ended_at   timestamptz,
    reason     text not null,
    constraint binding_role_is_known check (role in ('guide', 'dealer')),
    constraint binding_ends_after_its_start check (ended_at >= bound_at),
    primary key (member_id, role, bound_at)
);
create unique index one_open_binding_per_role on customers.binding (member_id, role) where ended_at is null;
