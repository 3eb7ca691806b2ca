create schema fulfilment;

-- How many tasks a site takes on an ordinary day. A site without a row takes none.
create table fulfilment.site_limit (
  site_id uuid primary key,
  tasks_per_day integer not null,
  set_at timestamptz not null,
  constraint tasks_per_day_not_negative check (tasks_per_day >= 0)
);

-- What is taken of a site's day. `tasks_limit` null: the site's ordinary limit. A limit may be set below what is
-- taken already; no more is offered then.
create table fulfilment.capacity (
  site_id uuid not null,
  day date not null,
  tasks_limit integer,
  held integer not null default 0,
  confirmed integer not null default 0,
  constraint capacity_key primary key (site_id, day),
  constraint day_limit_not_negative check (tasks_limit >= 0),
  constraint held_not_negative check (held >= 0),
  constraint confirmed_not_negative check (confirmed >= 0)
) with (fillfactor = 50);

-- A task: one parcel's work, put to one site.
create table fulfilment.task (
  id uuid primary key,
  order_id uuid not null,
  site_id uuid not null,
  kind text not null,
  day date not null,
  state text not null,
  offered_at timestamptz not null,
  deadline timestamptz not null,
  accepted_by uuid,
  accepted_at timestamptz,
  picked_at timestamptz,
  checked_at timestamptz,
  packed_at timestamptz,
  ended_at timestamptz,
  collect_by timestamptz,
  code_hash bytea,
  constraint task_kind_known check (kind in ('deliver', 'collect')),
  constraint task_state_known check (
    state in (
      'offered', 'accepted', 'picking', 'checked', 'packed',
      'handed_over', 'refused', 'lapsed', 'cancelled', 'not_collected'
    )
  ),
  constraint ended_task_has_its_time check (
    (state in ('handed_over', 'refused', 'lapsed', 'cancelled', 'not_collected')) = (ended_at is not null)
  ),
  constraint steps_have_their_times check (
    (accepted_at is not null or state in ('offered', 'refused', 'lapsed', 'cancelled'))
    and (picked_at is null or accepted_at is not null)
    and (checked_at is null or picked_at is not null)
    and (packed_at is null or checked_at is not null)
    and (packed_at is not null or state not in ('packed', 'handed_over', 'not_collected'))
  ),
  constraint waiting_parcel_has_its_code check (
    kind <> 'collect' or state <> 'packed' or (code_hash is not null and collect_by is not null)
  )
);
create index task_by_order on fulfilment.task (order_id);
create index offered_by_deadline on fulfilment.task (deadline, id) where state = 'offered';
create index waiting_by_deadline on fulfilment.task (collect_by, id) where state = 'packed' and kind = 'collect';
create index open_by_site on fulfilment.task (site_id, deadline, id)
  where state in ('offered', 'accepted', 'picking', 'checked', 'packed');
create unique index code_is_one_parcels on fulfilment.task (site_id, code_hash) where code_hash is not null;

-- The units of a task, one row per allocation. No foreign key: written with its task in one go, millions of rows;
-- doctor looks.
create table fulfilment.task_line (
  task_id uuid not null,
  allocation_id uuid not null,
  line_id uuid not null,
  leaf_id uuid not null,
  sku_id uuid not null,
  units integer not null,
  refused_units integer not null default 0,
  cancelled_units integer not null default 0,
  constraint task_line_key primary key (task_id, allocation_id),
  constraint task_line_has_units check (units > 0),
  constraint withdrawn_within_units check (
    refused_units >= 0 and cancelled_units >= 0 and refused_units + cancelled_units <= units
  )
);

-- Units taken out of a task: refused by the site with a reason, or cancelled by us. `id` is the command's, so that the
-- same command twice takes them out once.
create table fulfilment.withdrawal (
  id uuid not null,
  allocation_id uuid not null,
  task_id uuid not null,
  cause text not null,
  reason text,
  units integer not null,
  counted_units integer,
  withdrawn_by uuid,
  at timestamptz not null,
  ends_task boolean not null,
  constraint withdrawal_key primary key (id, allocation_id),
  constraint withdrawal_cause_known check (cause in ('refused', 'cancelled')),
  constraint refused_units_have_a_reason check (
    (cause = 'refused') = (reason is not null)
    and (reason is null or reason in ('not_found', 'damaged', 'display_worn', 'count_differs', 'no_capacity'))
  ),
  constraint withdrawal_has_units check (units > 0),
  constraint count_comes_with_its_reason check (
    (coalesce(reason, '') = 'count_differs') = (counted_units is not null)
  ),
  constraint counted_not_negative check (counted_units >= 0)
);
create index withdrawal_by_task on fulfilment.withdrawal (task_id);
revoke update, delete, truncate on fulfilment.withdrawal from loopline_app;

create view fulfilment.published_tasks with (security_invoker = true) as
select
  id as task_id,
  order_id,
  site_id,
  kind,
  day,
  state,
  offered_at,
  deadline,
  accepted_at,
  packed_at,
  ended_at
from fulfilment.task;

create view fulfilment.published_task_lines with (security_invoker = true) as
select
  task_line.task_id,
  task.order_id,
  task.site_id,
  task.state,
  task_line.allocation_id,
  task_line.line_id,
  task_line.leaf_id,
  task_line.sku_id,
  task_line.units,
  task_line.refused_units,
  task_line.cancelled_units,
  task_line.units - task_line.refused_units - task_line.cancelled_units as left_units
from fulfilment.task_line
join fulfilment.task on task.id = task_line.task_id;

create view fulfilment.published_withdrawals with (security_invoker = true) as
select
  id as withdrawal_id,
  allocation_id,
  task_id,
  cause,
  reason,
  units,
  at
from fulfilment.withdrawal;

create view fulfilment.published_capacity with (security_invoker = true) as
select
  capacity.site_id,
  capacity.day,
  coalesce(capacity.tasks_limit, site_limit.tasks_per_day, 0) as tasks_limit,
  capacity.held,
  capacity.confirmed
from fulfilment.capacity
left join fulfilment.site_limit on site_limit.site_id = capacity.site_id;
