-- What delivery by parcel costs, as a unit set it for whoever sells below it. The last row of a unit holds; a null template takes back
-- what was set. `is_open`, of a brand: regions and dealers may set their own.
create table pricing.freight (
    number   bigint generated always as identity primary key,
    unit_id  uuid not null,
    template jsonb,
    is_open  boolean not null,
    comment  text not null constraint freight_says_why check (btrim(comment) <> ''),
    set_at   timestamptz not null,
    set_by   text not null
);
create index freight_of_unit on pricing.freight (unit_id, number desc);
create trigger changes_are_marked after insert or update or delete or truncate on pricing.freight
    for each statement execute function remembered.leave_mark('freight');
revoke update, delete on pricing.freight from loopline_app;
