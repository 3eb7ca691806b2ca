-- What a task, or a call to one of its sites, pays on top because its work came back: fixed when it is put to the site, by
-- the version of the profile that held then, and never changed. `since`: when the work was first put to anybody; `rounds`:
-- how often it came back. At most `most_percent` of what the site earns of it by the rules of sharing; 0: no such limit.
create table fulfilment.waiting_pay (
  work_id uuid not null,
  site_id uuid not null,
  order_id uuid not null,
  profile_version integer not null,
  since timestamptz not null,
  rounds smallint not null,
  extra_minor bigint not null,
  most_percent integer not null,
  fixed_at timestamptz not null,
  primary key (work_id, site_id),
  constraint waiting_pay_is_something check (extra_minor > 0),
  constraint waiting_pay_has_come_back check (rounds > 0),
  constraint waiting_pay_percent_not_negative check (most_percent >= 0),
  constraint waiting_pay_has_waited check (since <= fixed_at)
);
create index waiting_pay_by_order on fulfilment.waiting_pay (order_id);
grant select, insert on fulfilment.waiting_pay to loopline_app;

-- The share that pays for waiting is of row 0: no row of the rules made it, but the profile. It says which version, since
-- when the work waited and how often it came back. Splits that are there have none; looking would keep everybody out.
alter table sharing.split
  add column waited_since timestamptz,
  add column waited_rounds smallint,
  add column waited_version integer,
  add constraint share_for_waiting_says_why check (
    num_nonnulls(waited_since, waited_rounds, waited_version) = case when 0 = any(rule_rows) then 3 else 0 end
  ) not valid;

create or replace view sharing.share with (security_invoker = true) as
select
  split.order_id,
  split.line_id,
  split.part_id,
  split.rule_set_id,
  share.rule_row,
  case when share.rule_row = 0 then 'shipping_site' else rule_row.role end as role,
  share.party_id,
  split.entity_id,
  split.currency,
  share.amount_minor,
  coalesce(taken.cancelled_minor, 0)::bigint as cancelled_minor,
  coalesce(taken.clawed_back_minor, 0)::bigint as clawed_back_minor,
  split.due_at,
  case when pending_part.line_id is null then 'due' else 'pending' end as state,
  case when share.rule_row = 0 then split.waited_since end as waited_since,
  case when share.rule_row = 0 then split.waited_rounds end as waited_rounds,
  case when share.rule_row = 0 then split.waited_version end as waited_version
from sharing.split as split
cross join lateral unnest(split.party_ids, split.rule_rows, split.amounts_minor) with ordinality
  as share (party_id, rule_row, amount_minor, position)
left join sharing.rule_row as rule_row
  on rule_row.rule_set_id = split.rule_set_id and rule_row.position = share.rule_row
left join sharing.pending_part as pending_part
  on pending_part.due_at = split.due_at
  and pending_part.line_id = split.line_id
  and pending_part.part_id = split.part_id
left join lateral (
  select
    sum(claw_back.amounts_minor[share.position]) filter (where not claw_back.from_due) as cancelled_minor,
    sum(claw_back.amounts_minor[share.position]) filter (where claw_back.from_due) as clawed_back_minor
  from sharing.claw_back as claw_back
  where claw_back.line_id = split.line_id and claw_back.part_id = split.part_id
) as taken on true;
