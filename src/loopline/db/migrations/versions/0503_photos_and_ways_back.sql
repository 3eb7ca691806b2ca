-- What asks for a photo of goods that come back over a counter: the state they are in, or why they come back.
create table returns.photo_rule (
  about text not null,
  value text not null,
  demand text not null,
  set_at timestamptz not null,
  set_by text not null,
  constraint return_photo_rule_key primary key (about, value),
  constraint return_photo_rule_is_about_something check (about in ('grade', 'reason')),
  constraint return_photo_demand_known check (demand in ('off', 'asked', 'required'))
);

insert into returns.photo_rule (about, value, demand, set_at, set_by)
values
  ('grade', 'damaged', 'asked', now(), 'loopline'),
  ('grade', 'fake', 'asked', now(), 'loopline'),
  ('grade', 'wrong', 'asked', now(), 'loopline'),
  ('reason', 'damaged_in_transit', 'asked', now(), 'loopline'),
  ('reason', 'defect', 'asked', now(), 'loopline');

-- Photos of what comes back, made anew from what was sent. `return_id` is known before there is a return: a customer's photo
-- comes with the announcement, a counter's while its form is filled in. `content` goes when its time is over or its customer
-- is forgotten; that there was a photo stays.
create table returns.photo (
  id uuid not null,
  return_id uuid not null,
  order_id uuid,
  line_id uuid,
  by_customer boolean not null,
  taken_by text not null,
  kept_at timestamptz not null,
  media_type text not null,
  width integer not null,
  height integer not null,
  sent_hash bytea not null,
  content bytea,
  forgotten_at timestamptz,
  constraint return_photo_key primary key (id),
  constraint return_photo_once unique nulls not distinct (return_id, line_id, sent_hash),
  constraint return_photo_has_a_size check (width > 0 and height > 0),
  constraint return_photo_hash_is_sha256 check (octet_length(sent_hash) = 32),
  constraint return_photo_is_kept_or_forgotten check ((content is null) = (forgotten_at is not null))
);
-- Pictures are compressed already.
alter table returns.photo alter column content set storage external;
create index return_photo_of_order on returns.photo (order_id) where order_id is not null;
create index return_photo_to_forget on returns.photo (kept_at) where content is not null;

-- Why there is no photo of goods that needed one; the last word of a line stands.
create table returns.photo_waived (
  return_id uuid not null,
  line_id uuid not null,
  reason text not null,
  waived_by text not null,
  waived_at timestamptz not null,
  constraint return_photo_waived_key primary key (return_id, line_id),
  constraint return_photo_waived_reason_known check (reason in ('no_camera', 'customer_waits', 'nothing_to_show'))
);

grant select, insert, update on returns.photo_rule, returns.photo_waived to loopline_app;
grant select, insert, update, delete on returns.photo to loopline_app;
revoke delete on returns.photo_rule, returns.photo_waived from loopline_app;

-- Which ways back are offered to members, and what one costs us; never changed, the last word of a way holds.
create table returns.way_terms (
  number bigint generated always as identity primary key,
  way text not null,
  is_offered boolean not null,
  cost_minor bigint not null,
  currency text not null,
  set_at timestamptz not null,
  set_by text not null,
  constraint way_known check (way in ('store', 'courier', 'parcel')),
  constraint way_costs_nothing_negative check (cost_minor >= 0),
  constraint way_currency_code check (currency ~ '^[A-Z]{3}$')
);
create index way_terms_last on returns.way_terms (way, number desc);

-- By which way announced goods come back: under a code of theirs, to a site where somebody waits for them, at what cost to us.
-- `sent_at`: a courier has them, or their member gave the number of the carrier's parcel.
create table returns.announced_way (
  announced_id uuid primary key references returns.announced,
  way text not null,
  code text not null,
  site_id uuid,
  cost_minor bigint not null,
  currency text not null,
  sent_at timestamptz,
  sent_by text,
  tracking_number text,
  constraint announced_way_known check (way in ('store', 'courier', 'parcel')),
  constraint announced_way_code_once unique (code),
  constraint announced_way_is_sent_by_somebody check ((sent_at is null) = (sent_by is null)),
  constraint announced_way_tracked_once_sent check (tracking_number is null or sent_at is not null),
  constraint nothing_is_sent_that_is_brought check (way <> 'store' or sent_at is null)
);
create index announced_way_to_site on returns.announced_way (site_id) where way <> 'store';
create index announced_way_by_parcel on returns.announced_way (tracking_number) where tracking_number is not null;

-- What the way back of a return cost us.
create view returns.published_ways with (security_invoker = true) as
select
  announced_way.announced_id as return_id,
  announced_way.way,
  announced_way.cost_minor,
  announced_way.currency
from returns.announced_way;

grant select, insert on returns.way_terms to loopline_app;
grant select, insert, update on returns.announced_way to loopline_app;
revoke update, delete on returns.way_terms from loopline_app;
revoke delete on returns.announced_way from loopline_app;
