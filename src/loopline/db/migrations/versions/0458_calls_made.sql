-- Until when a member is not on anybody's list of whom to call: somebody did, or will later. The latest word stands.
create table customers.rest (
    member_id  uuid not null,
    how        text not null,
    until      timestamptz not null,
    said_by    text not null,
    said_at    timestamptz not null,
    constraint rest_pkey primary key (member_id),
    constraint rest_of_a_member foreign key (member_id) references customers.member (id),
    constraint rest_how_is_known check (how in ('called', 'later')),
    constraint rest_lasts check (until > said_at)
);

grant select, insert, update, delete on customers.rest to loopline_app;
