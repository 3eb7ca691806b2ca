-- What sites can send beside ambient goods, since when, and by whose word. A row is never changed but to end it: what was
-- offered to a site can be held against what it could send at that moment.
create table sourcing.site_equipment (
  number bigint generated always as identity primary key,
  site_id uuid not null,
  temperature_class text not null,
  since timestamptz not null,
  declared_by text not null,
  until timestamptz,
  withdrawn_by text,
  constraint equipment_is_for_a_cold_class check (temperature_class in ('cool', 'frozen')),
  constraint equipment_ends_after_it_begins check (until >= since),
  constraint ended_equipment_says_by_whom check ((until is null) = (withdrawn_by is null))
);
create unique index equipment_in_force_once on sourcing.site_equipment (site_id, temperature_class) where until is null;
create index equipment_by_site on sourcing.site_equipment (site_id, temperature_class, since);

-- A brand that says of its goods how cold they keep goes on sending them from where it does, until it says otherwise.
insert into sourcing.site_equipment (site_id, temperature_class, since, declared_by)
select site.id, cold.temperature_class, now(), 'system'
from org.site as site
cross join (values ('cool'), ('frozen')) as cold (temperature_class)
where exists (select from catalogue.sku where sku.temperature_high_celsius < 20)
order by site.code, cold.temperature_class;

grant select, insert, update on sourcing.site_equipment to loopline_app;

create trigger changes_are_marked after insert or update or delete or truncate on sourcing.site_equipment
    for each statement execute function remembered.leave_mark('site_equipment');

-- How cold a task's parcel is kept: decided when it is offered, whatever is said of the goods later. Checks of what was
-- there before are not made here, nor below: all of it satisfies them, and looking would keep everybody out meanwhile.
alter table fulfilment.task
  add column temperature_class text not null default 'ambient',
  add constraint task_class_known check (temperature_class in ('ambient', 'cool', 'frozen')) not valid;
create index cold_task_by_site on fulfilment.task (site_id, temperature_class, offered_at)
  where temperature_class <> 'ambient';
alter table fulfilment.call
  add column temperature_class text not null default 'ambient',
  add constraint call_class_known check (temperature_class in ('ambient', 'cool', 'frozen')) not valid;

-- The class of each parcel of a decision, in their order; null where all are ambient. A site that sends goods of two
-- classes is chosen once and sends two parcels.
alter table sourcing.decision
  add column parcel_classes text[],
  drop constraint every_parcel_has_its_site,
  add constraint every_parcel_has_its_site check (
    case
      when parcel_classes is null then
        length(verdicts) - length(replace(verdicts, '*', '')) = jsonb_array_length(parcels)
      else
        length(verdicts) - length(replace(verdicts, '*', '')) between 1 and jsonb_array_length(parcels)
        and cardinality(parcel_classes) = jsonb_array_length(parcels)
    end
  ) not valid;

-- What no site is equipped for waits until one is.
alter table orders.order
  drop constraint order_waits_for_a_known_thing,
  add constraint order_waits_for_a_known_thing
    check (source_waits_for in ('capacity', 'site', 'claim', 'limits', 'equipment')) not valid;
