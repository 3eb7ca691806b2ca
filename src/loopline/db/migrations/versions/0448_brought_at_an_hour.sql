-- A courier brings goods from the store that is named. All that is there satisfies it; looking would keep everybody out
-- meanwhile.
alter table orders.order
    drop constraint order_delivery_is_known,
    add constraint order_delivery_is_known
        check (delivery in ('deliver', 'courier', 'collect', 'carried_out')) not valid;

-- How long the couriers of a site take from its door to the customer's is learnt, too.
alter table promises.pace
    drop constraint pace_stage_is_known,
    add constraint pace_stage_is_known check (stage in ('ready', 'lane', 'courier')) not valid,
    drop constraint pace_is_of_a_site_or_a_band,
    add constraint pace_is_of_a_site_or_a_band check (case
        when stage = 'lane' then band is not null
        else site_id is not null and band is null end) not valid;
alter table promises.held_back
    drop constraint held_back_stage_is_known,
    add constraint held_back_stage_is_known check (stage in ('ready', 'lane', 'courier')) not valid;

-- Appointments have places in slots from now on; those that stand take theirs. Nobody counts promises any more.
insert into slots.slot (site_id, way, starts_at, ends_at, taken)
select
    site_id,
    'in_store',
    starts_at,
    starts_at + interval '1 hour',
    count(*)
from promises.promise
where kind = 'appointment' and state = 'open' and site_id is not null
group by site_id, starts_at;
insert into slots.booking (order_id, way, site_id, starts_at, ends_at, state, moves, made_at)
select
    order_id,
    'in_store',
    site_id,
    starts_at,
    starts_at + interval '1 hour',
    'held',
    0,
    promised_at
from promises.promise
where kind = 'appointment' and state = 'open' and site_id is not null;
drop index promises.promise_appointments;
