-- Whether a fitter comes with goods. A constant default fills nothing; looking at all rows would keep writers out.
alter table catalogue.sku
    add column fitting text not null default 'none',
    add constraint sku_fitting_is_known check (fitting in ('none', 'offered', 'needed')) not valid;

-- A fitter brings goods from the store that is named. All that is there satisfies what follows.
alter table orders.order
    drop constraint order_delivery_is_known,
    add constraint order_delivery_is_known
        check (delivery in ('deliver', 'courier', 'fitting', 'collect', 'carried_out')) not valid;
alter table promises.promise
    drop constraint promise_kind_is_known,
    add constraint promise_kind_is_known
        check (kind in ('deliver', 'collect', 'courier', 'appointment', 'fitting')) not valid;
alter table slots.setting
    drop constraint setting_way_known,
    add constraint setting_way_known check (way in ('courier', 'in_store', 'at_home')) not valid;
alter table slots.slot
    drop constraint slot_way_known,
    add constraint slot_way_known check (way in ('courier', 'in_store', 'at_home')) not valid;

-- Somebody's way to a customer: who took it on, set out when, and what became of it. `signed_by` is forgotten with its
-- customer.
create table slots.visit (
    order_id   uuid not null,
    number     smallint not null,
    site_id    uuid not null,
    by         text not null,
    taken_at   timestamptz not null,
    set_out_at timestamptz,
    ended_at   timestamptz,
    outcome    text constraint visit_outcome_is_known check (outcome in ('done', 'not_done', 'called_off')),
    reason     text constraint visit_reason_is_known
        check (reason in ('nobody_home', 'not_ready', 'does_not_fit', 'not_wanted', 'damaged')),
    proof      text constraint visit_proof_is_known check (proof in ('code', 'signature')),
    signed_by  text,
    primary key (order_id, number),
    constraint visit_of_a_booking foreign key (order_id) references slots.booking (order_id),
    constraint visit_ends_with_an_outcome check ((ended_at is null) = (outcome is null)),
    constraint visit_done_is_proven check ((outcome is not distinct from 'done') = (proof is not null)),
    constraint visit_not_done_says_why check ((outcome is not distinct from 'not_done') = (reason is not null)),
    constraint visit_ends_after_it_set_out
        check (outcome is null or outcome = 'called_off' or set_out_at is not null)
);
create unique index visit_under_way on slots.visit (order_id) where ended_at is null;

grant select, insert, update on slots.visit to loopline_app;

-- What a fitter brings happened when it was fitted.
create or replace view promises.published_promises with (security_invoker = true) as
select
    id as promise_id,
    order_id,
    kind,
    state,
    source_by,
    accept_by,
    hand_over_by,
    first_due_at,
    sourced_at,
    accepted_at,
    handed_over_at,
    case when kind in ('deliver', 'courier', 'fitting') then arrived_at else handed_over_at end as fact_at,
    replaces_id is null as is_first,
    not exists (select from promises.promise as later where later.replaces_id = promise.id) as is_last
from promises.promise;
