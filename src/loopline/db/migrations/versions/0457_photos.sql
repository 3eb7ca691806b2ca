-- What asks for a photo of goods that are looked at before they are packed: a cause, everywhere or (category) for goods of one
-- category, which is heard before what holds everywhere. `from_minor`: from which price of a unit on goods are dear, in the
-- currency of the order.
create table fulfilment.photo_rule (
  cause text not null,
  category text,
  demand text not null,
  from_minor bigint,
  set_at timestamptz not null,
  set_by text not null,
  constraint photo_rule_key unique nulls not distinct (cause, category),
  constraint photo_cause_known check (cause in ('any', 'high_value', 'fragile', 'cold', 'last_units')),
  constraint photo_demand_known check (demand in ('off', 'asked', 'required')),
  constraint dear_begins_somewhere check ((cause = 'high_value') = (from_minor is not null)),
  constraint dear_begins_above_nothing check (from_minor > 0)
);

insert into fulfilment.photo_rule (cause, category, demand, from_minor, set_at, set_by)
values
  ('high_value', null, 'required', 300000, now(), 'loopline'),
  ('fragile', null, 'asked', null, now(), 'loopline'),
  ('last_units', null, 'asked', null, now(), 'loopline');

-- What was asked of a line of a task when it was checked. Who sends the goods without a photo says why.
create table fulfilment.photo_point (
  task_id uuid not null,
  allocation_id uuid not null,
  causes text[] not null,
  demand text not null,
  waived_reason text,
  waived_by text,
  waived_at timestamptz,
  constraint photo_point_key primary key (task_id, allocation_id),
  constraint photo_point_demand_known check (demand in ('asked', 'required')),
  constraint photo_point_has_a_cause check (cardinality(causes) > 0),
  constraint photo_waived_reason_known check (
    waived_reason in ('no_camera', 'packed_already', 'customer_waits', 'nothing_to_show')
  ),
  constraint photo_is_waived_by_somebody check (
    (waived_reason is null) = (waived_by is null) and (waived_reason is null) = (waived_at is null)
  )
);

-- Photos of lines of tasks, as they were made anew from what was sent: nothing of the phone is in them. `content` goes when its
-- time is over or its customer is forgotten; that there was a photo stays.
create table fulfilment.photo (
  id uuid not null,
  task_id uuid not null,
  allocation_id uuid not null,
  taken_at timestamptz not null,
  taken_by text not null,
  kept_at timestamptz not null,
  media_type text not null,
  width integer not null,
  height integer not null,
  sent_hash bytea not null,
  content bytea,
  forgotten_at timestamptz,
  constraint photo_key primary key (id),
  constraint photo_has_a_size check (width > 0 and height > 0),
  constraint photo_hash_is_sha256 check (octet_length(sent_hash) = 32),
  constraint photo_is_kept_or_forgotten check ((content is null) = (forgotten_at is not null))
);
-- Pictures are compressed already.
alter table fulfilment.photo alter column content set storage external;
create index photo_by_task on fulfilment.photo (task_id, allocation_id);
create index photo_to_forget on fulfilment.photo (kept_at) where content is not null;

grant select, insert, update, delete on fulfilment.photo_rule to loopline_app;
grant select, insert, update on fulfilment.photo_point, fulfilment.photo to loopline_app;
