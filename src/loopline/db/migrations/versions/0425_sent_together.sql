-- What an order has of SKUs with the same word leaves in one parcel: a lamp and its shade, a pair.
alter table catalogue.sku
  add column sent_with text,
  add constraint sent_with_says_something check (btrim(sent_with) <> '');

-- What no single site has waits until one does.
alter table orders.order
  drop constraint order_waits_for_a_known_thing,
  add constraint order_waits_for_a_known_thing
    check (source_waits_for in ('capacity', 'site', 'claim', 'limits', 'equipment', 'together')) not valid;
