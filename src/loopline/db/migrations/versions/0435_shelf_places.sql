-- Where in a site a SKU lies, as its people call the place: `A-2-10`. What has no row lies where people know.
create table stock.shelf_place (
  site_id uuid not null,
  sku_id uuid not null,
  place text not null,
  set_at timestamptz not null,
  set_by text not null,
  constraint shelf_place_key primary key (site_id, sku_id),
  constraint shelf_place_is_a_short_word check (place ~ '^[^[:space:][:cntrl:]]([^[:cntrl:]]{0,22}[^[:space:][:cntrl:]])?$')
);

grant select, insert, update, delete on stock.shelf_place to loopline_app;
