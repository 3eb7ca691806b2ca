-- Stock: a ledger of movements per leaf and SKU, and promises nested in a tree of nodes.
--
-- Two constraints carry the promise that nothing is oversold: a leaf row's shortage must equal what is recorded as
-- short, and what a node holds beyond what is free must equal what is recorded as overheld. Statements that serve
-- asks can only lower those two records, so no ask can ever promise what is not there.

create schema stock;

create table stock.node (
  id uuid primary key,
  kind text not null,
  name text not null,
  parent_id uuid references stock.node,
  path uuid[] not null,
  depth smallint generated always as (cardinality(path) - 1) stored,
  site_id uuid,
  owner_id uuid,
  constraint node_kind_known check (kind in ('brand', 'network', 'site', 'leaf')),
  constraint brand_is_root check ((kind = 'brand') = (parent_id is null)),
  constraint path_leads_to_node check (path[cardinality(path)] = id),
  constraint path_passes_parent check (parent_id is null or path[cardinality(path) - 1] = parent_id),
  constraint site_where_goods_are check ((site_id is not null) = (kind in ('site', 'leaf'))),
  constraint leaf_has_owner check ((owner_id is not null) = (kind = 'leaf'))
);
create unique index one_leaf_per_site_and_owner on stock.node (site_id, owner_id) where kind = 'leaf';
create index node_by_parent on stock.node (parent_id);

-- Rows are updated far more often than they are made: room on each page keeps the updates off the indexes.
create table stock.node_stock (
  node_id uuid not null references stock.node,
  sku_id uuid not null,
  free bigint not null default 0,
  held bigint not null default 0,
  overheld bigint not null default 0,
  primary key (sku_id, node_id),
  constraint node_free_not_negative check (free >= 0),
  constraint node_held_not_negative check (held >= 0),
  constraint node_held_within_free check (overheld = greatest(0, held - free))
) with (fillfactor = 70);

-- A leaf is a node too: its free units are its sellable ones, so that they need no row and no column of their own.
create table stock.leaf_stock (
  leaf_id uuid not null references stock.node,
  sku_id uuid not null,
  on_hand bigint not null default 0,
  allocated bigint not null default 0,
  unsellable bigint not null default 0,
  safety bigint not null default 0,
  held bigint not null default 0,
  short bigint not null default 0,
  overheld bigint not null default 0,
  sellable bigint generated always as (greatest(0, on_hand - allocated - unsellable - safety)) stored,
  missing bigint generated always as (greatest(0, allocated + unsellable - on_hand)) stored,
  primary key (sku_id, leaf_id),
  constraint leaf_allocated_not_negative check (allocated >= 0),
  constraint leaf_unsellable_not_negative check (unsellable >= 0),
  constraint leaf_safety_not_negative check (safety >= 0),
  constraint leaf_held_not_negative check (held >= 0),
  constraint leaf_missing_is_short check (short = missing),
  constraint leaf_held_within_sellable check (overheld = greatest(0, held - sellable))
) with (fillfactor = 70);
create index leaf_stock_by_leaf on stock.leaf_stock (leaf_id);

-- What happened to a leaf, for good. The id is a UUIDv7; a fact's own id makes it known when it comes twice.
create table stock.movement (
  id uuid primary key,
  at timestamptz not null,
  leaf_id uuid not null,
  sku_id uuid not null,
  reason text not null,
  on_hand bigint not null,
  allocated bigint not null,
  unsellable bigint not null,
  safety bigint not null,
  reference uuid,
  constraint movement_reason_known check (reason in (
    'opening', 'receipt', 'sale', 'returned', 'count', 'damage', 'expiry', 'recall', 'scrap', 'transfer_in',
    'transfer_out', 'adjustment', 'not_found', 'regraded',
    'allocated', 'allocation_released', 'handed_over', 'safety_set'
  )),
  constraint movement_moves check (on_hand <> 0 or allocated <> 0 or unsellable <> 0 or safety <> 0)
);
revoke update, delete, truncate on stock.movement from loopline_app;

-- Open holds only: a hold that is used up, released or expired is gone. Its node never changes while it is open.
create table stock.hold (
  line_id uuid primary key,
  order_id uuid not null,
  node_id uuid not null,
  sku_id uuid not null,
  units bigint not null,
  expires_at timestamptz,
  constraint hold_has_units check (units > 0)
) with (fillfactor = 90);
create index hold_by_expiry on stock.hold (expires_at, line_id) where expires_at is not null;
create index hold_by_sku on stock.hold (sku_id);

-- Open allocations only, each with the node its hold lay at, where a release may put it back.
create table stock.allocation (
  id uuid primary key,
  order_id uuid not null,
  line_id uuid not null,
  leaf_id uuid not null,
  sku_id uuid not null,
  hold_node_id uuid not null,
  units bigint not null,
  constraint allocation_has_units check (units > 0)
) with (fillfactor = 90);
create index allocation_by_sku on stock.allocation (sku_id);

-- Units promised that a fact took away. At most one is open per kind, node and SKU; closed ones stay as history.
create table stock.shortfall (
  id uuid primary key,
  kind text not null,
  node_id uuid not null,
  sku_id uuid not null,
  units bigint not null,
  units_most bigint not null,
  opened_at timestamptz not null,
  changed_at timestamptz not null,
  closed_at timestamptz,
  constraint shortfall_kind_known check (kind in ('missing', 'overheld')),
  constraint shortfall_closed_when_covered check (units >= 0 and (units = 0) = (closed_at is not null)),
  constraint shortfall_most_is_most check (units_most >= units and units_most > 0)
);
create unique index one_open_shortfall on stock.shortfall (node_id, sku_id, kind) where closed_at is null;

-- What other rooms' boards may read.
create view stock.published_node with (security_invoker) as
select id, kind, name, parent_id, depth, site_id, owner_id from stock.node;

create view stock.published_leaf_stock with (security_invoker) as
select
  stock.leaf_id,
  leaf.site_id,
  leaf.owner_id,
  stock.sku_id,
  stock.on_hand,
  stock.allocated,
  stock.unsellable,
  stock.safety,
  stock.held,
  stock.sellable,
  stock.missing
from stock.leaf_stock as stock
join stock.node as leaf on leaf.id = stock.leaf_id;

create view stock.published_shortfall with (security_invoker) as
select id, kind, node_id, sku_id, units, units_most, opened_at, changed_at, closed_at from stock.shortfall;

create view stock.published_hold with (security_invoker) as
select line_id, order_id, node_id, sku_id, units, expires_at from stock.hold;

create view stock.published_allocation with (security_invoker) as
select id, order_id, line_id, leaf_id, sku_id, units from stock.allocation;
