-- Lots: the units of a leaf by the batch they were made in, or one by one by their serial numbers.
--
-- A leaf that is kept in lots has one row per lot, and they sum to the leaf's own: units to on hand, unsellable to
-- unsellable. What nobody has named a lot for lies in the SKU's unnamed lot, whose id is the SKU's; it alone may fall
-- below zero, when more is sold than the books know of. A lot that is recalled or expired is unsellable as a whole.

alter table stock.leaf_stock add column in_lots boolean not null default false;

create table stock.lot (
  id uuid primary key,
  sku_id uuid not null,
  code text not null,
  -- The batch a serial-numbered unit was made in; a batch is its own.
  batch text not null,
  is_serial boolean not null default false,
  made_on date,
  expires_on date,
  recalled_at timestamptz,
  recall_reason text,
  constraint lot_named_once unique (sku_id, code),
  constraint unnamed_lot_has_the_id_of_its_sku check ((id = sku_id) = (code = '')),
  constraint unnamed_lot_says_nothing check (
    id <> sku_id or (not is_serial and made_on is null and expires_on is null and recalled_at is null)
  ),
  constraint lot_made_before_it_expires check (made_on <= expires_on),
  constraint recall_has_its_reason check ((recalled_at is null) = (recall_reason is null))
);
create index lot_by_batch on stock.lot (sku_id, batch);
revoke delete on stock.lot from loopline_app;

create table stock.leaf_lot (
  leaf_id uuid not null references stock.node,
  sku_id uuid not null,
  lot_id uuid not null references stock.lot,
  units bigint not null default 0,
  damaged bigint not null default 0,
  planned bigint not null default 0,
  is_recalled boolean not null default false,
  is_expired boolean not null default false,
  is_serial boolean not null default false,
  -- The last day on which it is sold: that on which it expires, less what its SKU keeps back.
  sell_until date,
  unsellable bigint generated always as (case when is_recalled or is_expired then units else damaged end) stored,
  primary key (sku_id, leaf_id, lot_id),
  constraint lot_damaged_not_negative check (damaged >= 0),
  constraint lot_planned_not_negative check (planned >= 0),
  constraint named_lot_has_its_units check (lot_id = sku_id or (units >= 0 and damaged <= units)),
  constraint lot_planned_within_sellable check (lot_id = sku_id or planned <= units - unsellable),
  constraint unnamed_lot_is_never_locked check (lot_id <> sku_id or not (is_recalled or is_expired)),
  constraint serial_is_one_unit check (not is_serial or units <= 1)
) with (fillfactor = 80);
create index leaf_lot_by_lot on stock.leaf_lot (lot_id);
create index leaf_lot_to_expire on stock.leaf_lot (sell_until) where units > 0 and not is_expired;
create unique index serial_in_one_place on stock.leaf_lot (lot_id) where is_serial and units > 0;
revoke delete on stock.leaf_lot from loopline_app;

-- From which lots allocated units shall be taken: advice to who picks, and what a recall takes back.
create table stock.lot_plan (
  allocation_id uuid not null,
  lot_id uuid not null,
  leaf_id uuid not null,
  sku_id uuid not null,
  units bigint not null,
  primary key (allocation_id, lot_id),
  constraint lot_plan_has_units check (units > 0)
);
create index lot_plan_by_leaf on stock.lot_plan (sku_id, leaf_id);
create index lot_plan_by_lot on stock.lot_plan (lot_id);

-- What movements did to lots, for good. `gone` units went to an order.
create table stock.lot_movement (
  movement_id uuid not null,
  lot_id uuid not null,
  leaf_id uuid not null,
  sku_id uuid not null,
  units bigint not null,
  unsellable bigint not null,
  gone bigint not null,
  order_id uuid,
  line_id uuid,
  at timestamptz not null,
  primary key (movement_id, lot_id),
  constraint gone_to_an_order check (gone >= 0 and (gone > 0) = (order_id is not null))
);
create index lot_movement_by_lot on stock.lot_movement (lot_id, at);
create index lot_movement_by_line on stock.lot_movement (line_id) where line_id is not null;
revoke update, delete on stock.lot_movement from loopline_app;

-- How many days before it expires goods of a SKU are no longer sold; without a row, none.
create table stock.shelf_life (
  sku_id uuid primary key,
  days_before_expiry smallint not null,
  constraint days_before_expiry_not_negative check (days_before_expiry between 0 and 3650)
);
