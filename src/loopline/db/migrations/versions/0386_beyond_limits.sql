-- Orders that no site may serve within the profile's limits wait for other limits, not for a site's time.
alter table orders.order
  drop constraint order_waits_for_a_known_thing,
  add constraint order_waits_for_a_known_thing check (source_waits_for in ('capacity', 'site', 'claim', 'limits'));
