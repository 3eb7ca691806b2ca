-- Slots: what sites bring by courier and receive by appointment, at which hours, and whose each place is.
create schema slots;

-- What a unit sets for a way, for all sites below it. The last row of a unit and way holds; null takes back what was set.
create table slots.setting (
    number  bigint generated always as identity primary key,
    unit_id uuid not null,
    way     text not null constraint setting_way_known check (way in ('courier', 'in_store')),
    terms   jsonb,
    comment text not null constraint setting_says_why check (btrim(comment) <> ''),
    set_at  timestamptz not null,
    set_by  text not null
);
create index setting_of_unit on slots.setting (unit_id, way, number desc);
create trigger changes_are_marked after insert or update or delete or truncate on slots.setting
    for each statement execute function remembered.leave_mark('slots');

-- A stretch of a site's day of which somebody took a place. How many it has follows from the settings; `taken` is only
-- ever changed by deltas, under the row's lock.
create table slots.slot (
    site_id   uuid not null,
    way       text not null constraint slot_way_known check (way in ('courier', 'in_store')),
    starts_at timestamptz not null,
    ends_at   timestamptz not null,
    taken     integer not null constraint slot_taken_not_negative check (taken >= 0),
    primary key (site_id, way, starts_at),
    constraint slot_ends_after_it_begins check (starts_at < ends_at)
);
create index slot_ahead on slots.slot (starts_at);

-- The place of an order: one for good, in one slot at a time.
create table slots.booking (
    order_id  uuid primary key,
    way       text not null,
    site_id   uuid not null,
    starts_at timestamptz not null,
    ends_at   timestamptz not null,
    state     text not null constraint booking_state_known check (state in ('held', 'released')),
    moves     smallint not null,
    carrier   text,
    made_at   timestamptz not null,
    constraint booking_of_a_slot foreign key (site_id, way, starts_at) references slots.slot (site_id, way, starts_at)
);
create index booking_by_slot on slots.booking (site_id, way, starts_at) where state = 'held';

grant usage on schema slots to loopline_app;
grant select, insert on slots.setting to loopline_app;
grant select, insert, update on slots.slot, slots.booking to loopline_app;
