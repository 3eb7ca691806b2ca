-- An order whose goods are there, but no site can or will send them now, keeps them: it is sourced again later.
alter table orders.order
  add column source_after timestamptz,
  add column source_waits_for text,
  add constraint order_waits_for_something check ((source_after is null) = (source_waits_for is null)),
  add constraint order_waits_for_a_known_thing check (source_waits_for in ('capacity', 'site'));

drop index orders.order_to_source;
create index order_to_source on orders.order (coalesce(source_after, placed_at), id) where held > 0 and pay_until is null;
create index order_waiting_for_sites on orders.order (source_after, id) where source_after is not null;
