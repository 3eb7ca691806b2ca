-- The number a parcel goes by: given with its first label, the same on every other. `tracking_number` is the carrier's.
create sequence fulfilment.label_number as bigint start 100001;
create table fulfilment.label (
  task_id uuid primary key references fulfilment.task (id),
  number text not null,
  tracking_number text,
  made_at timestamptz not null,
  constraint label_number_is_one_parcels unique (number),
  constraint tracking_number_can_be_read check (tracking_number ~ '^[A-Za-z0-9-]{1,64}$')
);

-- Each time that a label was printed, by whom and how. What was on it is not kept.
create table fulfilment.label_print (
  id bigint generated always as identity primary key,
  task_id uuid not null references fulfilment.label (task_id),
  form text not null,
  printed_by text not null,
  printed_at timestamptz not null,
  constraint label_form_known check (form in ('pdf', 'zpl'))
);
create index label_print_by_task on fulfilment.label_print (task_id);

grant usage on sequence fulfilment.label_number to loopline_app;
grant select, insert, update on fulfilment.label to loopline_app;
grant select, insert on fulfilment.label_print to loopline_app;

-- Boxes that parcels are packed in, by their inner sizes: of a site, or (null) of the whole brand. Where nobody named any, the
-- house's own hold.
create table fulfilment.box_kind (
  site_id uuid,
  code text not null,
  name text not null,
  length_mm integer not null,
  width_mm integer not null,
  height_mm integer not null,
  grams_most integer,
  is_insulated boolean not null,
  set_at timestamptz not null,
  set_by text not null,
  constraint box_kind_key unique nulls not distinct (site_id, code),
  constraint box_has_room check (length_mm > 0 and width_mm > 0 and height_mm > 0),
  constraint box_carries_something check (grams_most > 0)
);

-- What a parcel was packed in, and what was proposed; null: another box, or none was proposed.
create table fulfilment.packed_in (
  task_id uuid primary key references fulfilment.task (id),
  box_code text,
  proposed_code text,
  materials text[] not null,
  packed_at timestamptz not null,
  constraint materials_known check (materials <@ array['padding', 'ice_packs', 'dry_ice'])
);

grant select, insert, update, delete on fulfilment.box_kind to loopline_app;
grant select, insert on fulfilment.packed_in to loopline_app;
