-- By which phones the code of a single unit was scanned, and how often. A phone is the random number that its browser keeps.
create table touchpoints.unit_scan (
    unit_id   uuid not null,
    visitor   uuid not null,
    first_at  timestamptz not null,
    last_at   timestamptz not null,
    scans     integer not null,
    constraint unit_scan_pkey primary key (unit_id, visitor),
    constraint unit_scans_are_counted_up check (scans > 0),
    constraint unit_scan_ends_after_it_began check (last_at >= first_at)
);
revoke delete on touchpoints.unit_scan from loopline_app;

-- How many codes of units that are none were tried within an hour, by the keyed hash of the internet address they came from.
create table touchpoints.unit_guess (
    asker  bytea not null,
    hour   timestamptz not null,
    wrong  integer not null,
    constraint unit_guess_pkey primary key (asker, hour),
    constraint unit_guesses_are_counted_up check (wrong > 0)
);

-- Orders by which somebody at one site reserved goods at another for a member, who comes and pays there. The goods are held by the
-- order, until its time to pay is over or somebody there says that it is settled.
create table orders.reservation (
    order_id      uuid not null,
    site_id       uuid not null,
    member_id     uuid not null,
    made_at_site  uuid not null,
    made_by       uuid not null,
    made_at       timestamptz not null,
    until         timestamptz not null,
    ended_at      timestamptz,
    ended_as      text,
    ended_by      uuid,
    constraint reservation_pkey primary key (order_id),
    constraint reservation_ends_after_it_began check (until > made_at),
    constraint reservation_end_is_known check (ended_as in ('sold', 'not_wanted')),
    constraint ended_reservation_has_its_person check (
        (ended_at is null) = (ended_as is null) and (ended_at is null) = (ended_by is null)
    )
);
create index reservation_at_site on orders.reservation (site_id, until) where ended_at is null;
create index reservation_made_at on orders.reservation (made_at_site, until) where ended_at is null;
revoke delete on orders.reservation from loopline_app;
