-- What customers are promised, by when, and what became of it.
create schema promises;

-- The terms that promises are made by: every version that ever was; the highest is in force.
create table promises.terms (
    version  integer primary key constraint terms_version_is_counted check (version >= 1),
    set_at   timestamptz not null,
    set_by   text not null,
    comment  text not null constraint terms_say_why check (comment <> ''),
    terms    jsonb not null
);

-- When something was learnt of how long things take, and how well promises had been kept by then.
create table promises.learning (
    version   integer primary key constraint learning_version_is_counted check (version >= 1),
    learnt_at timestamptz not null,
    since     timestamptz not null,
    promises  integer not null constraint learning_promises_not_negative check (promises >= 0),
    kept      integer not null constraint learning_kept_is_a_part check (kept between 0 and promises)
);

-- How long a site takes until goods are ready (in minutes that it is open), and how long lanes take: of a band of
-- distances from all sites, or from one. `observed` promises taught it; `told` is what it would be without them.
create table promises.pace (
    version   integer not null references promises.learning (version),
    stage     text not null constraint pace_stage_is_known check (stage in ('ready', 'lane')),
    site_id   uuid,
    band      smallint constraint pace_band_not_negative check (band >= 0),
    minutes   integer not null constraint pace_takes_time check (minutes > 0),
    observed  integer not null constraint pace_is_observed check (observed > 0),
    told      integer not null constraint pace_was_told check (told > 0),
    constraint pace_is_of_a_site_or_a_band check (case stage
        when 'ready' then site_id is not null and band is null
        else band is not null end),
    constraint pace_is_told_once unique nulls not distinct (version, stage, site_id, band)
);

-- A promise: kept as it was shown. A new promise for the same order is a new row that names the one it replaces.
create table promises.promise (
    id             uuid primary key,
    order_id       uuid not null,
    kind           text not null constraint promise_kind_is_known
        check (kind in ('deliver', 'collect', 'courier', 'appointment')),
    site_id        uuid,
    promised_at    timestamptz not null,
    due_at         timestamptz not null,
    first_due_at   timestamptz not null,
    starts_at      timestamptz,
    source_by      timestamptz not null,
    accept_by      timestamptz not null,
    hand_over_by   timestamptz not null,
    ready_minutes  integer not null constraint promise_ready_takes_time check (ready_minutes > 0),
    lane_minutes   integer not null constraint promise_lane_not_negative check (lane_minutes >= 0),
    band           smallint constraint promise_band_not_negative check (band >= 0),
    terms_version  integer not null,
    pace_version   integer not null,
    sourced_at     timestamptz,
    accepted_at    timestamptz,
    handed_over_at timestamptz,
    arrived_at     timestamptz,
    by_site_id     uuid,
    risk           text constraint promise_risk_is_known check (risk in ('source', 'accept', 'hand_over', 'arrive')),
    risk_at        timestamptz,
    look_at        timestamptz,
    state          text not null constraint promise_state_is_known
        check (state in ('open', 'kept', 'broken', 'replaced', 'void', 'untold')),
    ended_at       timestamptz,
    replaces_id    uuid constraint promise_is_replaced_once unique references promises.promise (id),
    constraint promise_milestones_in_order
        check (promised_at <= source_by and source_by <= accept_by and accept_by <= hand_over_by
            and hand_over_by <= due_at),
    constraint promise_of_an_appointment_has_its_hour check ((kind = 'appointment') = (starts_at is not null)),
    constraint promise_risk_has_its_moment check ((risk is null) = (risk_at is null)),
    constraint promise_that_ended_is_not_looked_at check ((state = 'open') = (ended_at is null)
        and (state = 'open' or look_at is null)),
    constraint promise_kept_in_time check (state <> 'kept' or coalesce(arrived_at, handed_over_at) <= due_at)
);
create unique index promise_open_by_order on promises.promise (order_id) where state = 'open';
create index promise_by_order on promises.promise (order_id, id);
create index promise_to_look_at on promises.promise (look_at, id) where look_at is not null;
create index promise_by_time on promises.promise (promised_at, id);
create index promise_appointments on promises.promise (site_id, starts_at)
    where kind = 'appointment' and state = 'open';

-- Parcels that reached their customers, as carriers and couriers tell it.
create table promises.arrival (
    task_id    uuid primary key,
    order_id   uuid not null,
    arrived_at timestamptz not null,
    told_at    timestamptz not null,
    told_by    text not null
);
create index arrival_by_order on promises.arrival (order_id);

create trigger changes_are_marked after insert or update or delete or truncate on promises.terms
    for each statement execute function remembered.leave_mark('promises');
create trigger changes_are_marked after insert or update or delete or truncate on promises.learning
    for each statement execute function remembered.leave_mark('promises');

grant usage on schema promises to loopline_app;
grant select, insert on promises.terms, promises.learning, promises.pace, promises.arrival to loopline_app;
grant select, insert, update on promises.promise to loopline_app;
