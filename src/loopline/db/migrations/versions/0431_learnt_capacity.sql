-- A lower limit than a site says, because it hands over less in truth; of version `version` of what was learnt. Where a day
-- has a limit of its own, that holds.
create table fulfilment.learnt_limit (
  site_id uuid primary key,
  tasks_per_day integer not null,
  version integer not null,
  set_at timestamptz not null,
  constraint learnt_limit_not_negative check (tasks_per_day >= 0)
);
grant select, insert, update, delete on fulfilment.learnt_limit to loopline_app;
create trigger changes_are_marked after insert or update or delete or truncate on fulfilment.learnt_limit
    for each statement execute function remembered.leave_mark('site_limits');

-- Somebody answers for what a site says: whatever is learnt, it holds.
alter table fulfilment.site_limit
  add column fixed_at timestamptz,
  add column fixed_by text,
  add column fixed_because text,
  add constraint fixed_limit_says_by_whom_and_why check (num_nonnulls(fixed_at, fixed_by, fixed_because) in (0, 3));

create view fulfilment.published_site_limits with (security_invoker = true) as
select
  site_limit.site_id,
  site_limit.tasks_per_day,
  learnt_limit.tasks_per_day as learnt_per_day,
  learnt_limit.version as learnt_version,
  site_limit.fixed_at,
  site_limit.fixed_by,
  site_limit.fixed_because
from fulfilment.site_limit as site_limit
left join fulfilment.learnt_limit as learnt_limit on learnt_limit.site_id = site_limit.site_id;
grant select on fulfilment.published_site_limits to loopline_app;

create or replace view fulfilment.published_capacity with (security_invoker = true) as
select
  capacity.site_id,
  capacity.day,
  coalesce(capacity.tasks_limit, least(site_limit.tasks_per_day, learnt_limit.tasks_per_day), 0) as tasks_limit,
  capacity.held,
  capacity.confirmed
from fulfilment.capacity
left join fulfilment.site_limit on site_limit.site_id = capacity.site_id
left join fulfilment.learnt_limit on learnt_limit.site_id = capacity.site_id;

-- What was learnt once of all sites' days from one to another, both included; those from `held_back_from` on were held
-- back to measure it.
create table insight.capacity_version (
  version integer generated always as identity primary key,
  learnt_at timestamptz not null,
  first_day date not null,
  last_day date not null,
  held_back_from date not null,
  constraint capacity_days_in_order check (first_day <= held_back_from and held_back_from <= last_day)
);

-- What a version knows of a site. `learnt_per_day`: null where its days do not tell. Errors are of the days held back, in
-- tasks a day: of what it said, and of what was learnt without these days.
create table insight.capacity_site (
  version integer not null references insight.capacity_version (version),
  site_id uuid not null,
  stated_per_day integer not null,
  learnt_per_day integer,
  days integer not null,
  full_days integer not null,
  held_back_days integer not null,
  stated_error double precision,
  learnt_error double precision,
  better_by_error double precision,
  verdict text not null,
  primary key (version, site_id),
  constraint capacity_verdict_known
    check (verdict in ('too_few_full_days', 'never_at_its_end', 'not_less', 'not_measured', 'not_better', 'better')),
  constraint full_days_are_days check (full_days between 0 and days),
  constraint better_is_measured check (verdict not in ('better', 'not_better') or num_nulls(
    learnt_per_day, stated_error, learnt_error, better_by_error
  ) = 0)
);
grant select, insert on insight.capacity_version to loopline_app;
grant select, insert, delete on insight.capacity_site to loopline_app;
