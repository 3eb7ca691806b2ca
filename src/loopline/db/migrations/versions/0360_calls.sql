-- A call: units of an order that several sites may claim until a moment; the first that does has them. Until then they
-- stay held at the network, and no site's day has a place taken for them.
create table fulfilment.call (
  id uuid primary key,
  order_id uuid not null,
  state text not null,
  currency text not null,
  opened_at timestamptz not null,
  deadline timestamptz not null,
  ended_at timestamptz,
  site_id uuid,
  claimed_by uuid,
  task_id uuid,
  constraint call_state_known check (state in ('open', 'claimed', 'lapsed', 'withdrawn')),
  constraint call_is_open_for_a_while check (deadline > opened_at),
  constraint ended_call_has_its_time check ((state = 'open') = (ended_at is null)),
  constraint claimed_call_has_its_task check (
    (state = 'claimed') = (site_id is not null)
    and (state = 'claimed') = (task_id is not null)
    and (claimed_by is null or state = 'claimed')
  )
);
create index call_by_order on fulfilment.call (order_id);
create index open_call_by_deadline on fulfilment.call (deadline, id) where state = 'open';
create unique index task_is_of_one_call on fulfilment.call (task_id) where task_id is not null;

-- Who may claim, how far from the customer (null: nobody knows), and about what a parcel from there costs.
create table fulfilment.call_site (
  call_id uuid not null,
  site_id uuid not null,
  metres integer,
  cost_minor bigint not null,
  constraint call_site_key primary key (call_id, site_id),
  constraint call_site_is_of_a_call foreign key (call_id) references fulfilment.call (id),
  constraint call_site_is_somewhere check (metres >= 0),
  constraint call_site_cost_not_negative check (cost_minor >= 0)
);

create table fulfilment.call_line (
  call_id uuid not null,
  line_id uuid not null,
  sku_id uuid not null,
  units integer not null,
  constraint call_line_key primary key (call_id, line_id),
  constraint call_line_is_of_a_call foreign key (call_id) references fulfilment.call (id),
  constraint call_line_has_units check (units > 0)
);

create view fulfilment.published_calls with (security_invoker = true) as
select
  id as call_id,
  order_id,
  state,
  opened_at,
  deadline,
  ended_at,
  site_id,
  task_id
from fulfilment.call;

-- What a call is out for waits for a claim.
alter table orders.order
  drop constraint order_waits_for_a_known_thing,
  add constraint order_waits_for_a_known_thing check (source_waits_for in ('capacity', 'site', 'claim'));
