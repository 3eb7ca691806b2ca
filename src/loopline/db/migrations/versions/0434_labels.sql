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
