-- What there is to doubt in where orders go, as a carrier reads it: kinds of doubts, which tell nothing of the customer. What is in no doubt
-- has no row. Somebody may have said that it is right all the same.
create table customers.delivery_doubt (
    order_id  uuid not null,
    kinds     text[] not null,
    right_at  timestamptz,
    right_by  text,
    constraint delivery_doubt_pkey primary key (order_id),
    constraint delivery_doubt_is_of_a_delivery foreign key (order_id) references customers.delivery (order_id) on delete cascade,
    constraint delivery_doubt_is_of_something check (cardinality(kinds) > 0),
    constraint doubted_address_is_right_by_somebody check ((right_at is null) = (right_by is null))
);

-- Archives of codes for printing houses, drawn slice by slice by a job: how many of how many are in it, what it holds so far, and which
-- codes it is to hold, in their order. One that ended with fewer than all of them broke.
create table touchpoints.archive (
    id        uuid not null,
    asked_by  text not null,
    asked_at  timestamptz not null,
    place     text not null,
    codes     integer not null,
    drawn     integer not null default 0,
    to_draw   jsonb not null,
    content   bytea not null,
    ended_at  timestamptz,
    constraint archive_pkey primary key (id),
    constraint archive_holds_something check (codes > 0),
    constraint archive_holds_no_more_than_all check (drawn between 0 and codes),
    constraint whole_archive_has_ended check (drawn < codes or ended_at is not null)
);
create index archive_by_moment on touchpoints.archive (asked_at);
