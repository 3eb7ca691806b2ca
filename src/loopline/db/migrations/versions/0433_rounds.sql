-- Tasks of a site that one person picks together. Whoever takes a round over is its picker from then on.
create table fulfilment.round (
  id uuid primary key,
  site_id uuid not null,
  picker_id uuid not null,
  begun_at timestamptz not null,
  taken_over_at timestamptz,
  constraint round_is_taken_over_after_it_began check (taken_over_at >= begun_at)
);
create index round_by_site on fulfilment.round (site_id, id);

-- Which box of a round a task's goods go into: box 1 is the most urgent. `left_at`: it was put back unpicked.
create table fulfilment.round_task (
  round_id uuid not null references fulfilment.round (id),
  task_id uuid not null references fulfilment.task (id),
  box smallint not null,
  left_at timestamptz,
  constraint round_task_key primary key (round_id, task_id),
  constraint round_has_one_task_per_box unique (round_id, box),
  constraint boxes_count_from_one check (box > 0)
);
create unique index task_is_picked_in_one_round on fulfilment.round_task (task_id) where left_at is null;

-- How many units of an allocation lie in its box, as somebody last saw them. The later moment holds.
create table fulfilment.boxed (
  round_id uuid not null references fulfilment.round (id),
  allocation_id uuid not null,
  units integer not null,
  boxed_at timestamptz not null,
  boxed_by uuid not null,
  constraint boxed_key primary key (round_id, allocation_id),
  constraint boxed_not_negative check (units >= 0)
);

-- Units of a SKU that the picker of a round could not bring. The id is the phone's: said twice, they are missing once.
create table fulfilment.round_short (
  id uuid primary key,
  round_id uuid not null references fulfilment.round (id),
  sku_id uuid not null,
  units integer not null,
  reason text not null,
  said_at timestamptz not null,
  said_by uuid not null,
  constraint something_is_short check (units > 0),
  constraint short_reason_known check (reason in ('not_found', 'damaged', 'display_worn'))
);
create index round_short_by_round on fulfilment.round_short (round_id);

grant select, insert, update on fulfilment.round, fulfilment.round_task, fulfilment.boxed to loopline_app;
grant select, insert on fulfilment.round_short to loopline_app;
