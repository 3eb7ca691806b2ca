-- What was learnt of how likely sites accept work, and how fast they answer: one row per time it was learnt. `measures`
-- tells how well it did on the days that were held back, beside the plain rates of the sites. `trees` and `minute_trees`
-- are null where the plain rates did as well.
create table insight.acceptance_version (
  version integer generated always as identity primary key,
  learnt_at timestamptz not null,
  first_day date not null,
  last_day date not null,
  held_back_from date,
  offers integer not null,
  prior_probability double precision not null,
  prior_offers double precision not null,
  prior_minutes double precision not null,
  trees text,
  minute_trees text,
  measures jsonb not null,
  constraint acceptance_days_in_order check (first_day <= last_day),
  constraint held_back_days_are_among_them check (held_back_from between first_day and last_day),
  constraint trees_were_measured check (held_back_from is not null or (trees is null and minute_trees is null)),
  constraint acceptance_prior_is_a_probability check (prior_probability > 0 and prior_probability < 1)
);

-- What a version knows of a site: its plain rates, and what an offer to it is like.
create table insight.acceptance_site (
  version integer not null,
  site_id uuid not null,
  offers integer not null,
  accepted integer not null,
  answered_minutes double precision not null,
  kilometres double precision,
  value_minor bigint not null,
  units double precision not null,
  constraint acceptance_site_key primary key (version, site_id),
  constraint acceptance_site_is_of_a_version foreign key (version) references insight.acceptance_version (version),
  constraint accepted_are_among_the_offers check (accepted between 0 and offers)
);

-- Where an order goes, to a twentieth of a degree (about five kilometres): enough for a distance, too little for a door.
create view orders.published_destinations with (security_invoker = true) as
select
  id as order_id,
  round((longitude * 20)::numeric) / 20.0 as longitude,
  round((latitude * 20)::numeric) / 20.0 as latitude
from orders.order
where longitude is not null;

grant select, insert on insight.acceptance_version to loopline_app;
grant select, insert, delete on insight.acceptance_site to loopline_app;
