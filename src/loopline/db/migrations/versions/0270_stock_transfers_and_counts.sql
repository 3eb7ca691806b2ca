-- Transfers between sites, and counts that take a while.
--
-- What is sent leaves one leaf at once and comes to the other when somebody there says so; in between it is in
-- transit, and no one's to promise. A count keeps what the books said when each thing was looked at, so that what is
-- sold while people count is neither lost nor taken twice.

create table stock.transfer (
  id uuid primary key,
  from_leaf_id uuid not null references stock.node,
  to_leaf_id uuid not null references stock.node,
  sent_at timestamptz not null,
  sent_by text not null,
  constraint transfer_goes_elsewhere check (from_leaf_id <> to_leaf_id)
);
create index transfer_by_sender on stock.transfer (from_leaf_id, id);
create index transfer_by_receiver on stock.transfer (to_leaf_id, id);
revoke update, delete on stock.transfer from loopline_app;

create table stock.transfer_line (
  transfer_id uuid not null references stock.transfer,
  sku_id uuid not null,
  lot_id uuid,
  sent bigint not null,
  received bigint not null default 0,
  lost bigint not null default 0,
  in_transit bigint generated always as (sent - received - lost) stored,
  constraint transfer_line_once unique nulls not distinct (transfer_id, sku_id, lot_id),
  constraint transfer_line_sends check (sent > 0),
  constraint transfer_line_adds_up check (received >= 0 and lost >= 0 and received + lost <= sent)
);
create index transfer_line_under_way on stock.transfer_line (sku_id) where in_transit > 0;
revoke delete on stock.transfer_line from loopline_app;

-- What came, or will not come, and why. The id is its sender's: the same arrival again counts nothing.
create table stock.transfer_arrival (
  id uuid primary key,
  transfer_id uuid not null references stock.transfer,
  sku_id uuid not null,
  lot_id uuid,
  received bigint not null,
  unsellable bigint not null,
  lost bigint not null,
  reason text,
  at timestamptz not null,
  by text not null,
  constraint arrival_says_something check (received >= 0 and lost >= 0 and received + lost > 0),
  constraint arrival_unsellable_came check (unsellable between 0 and received),
  constraint arrival_loss_has_reason check ((lost > 0) = (reason is not null)),
  constraint arrival_reason_known check (reason in ('missing', 'broken', 'stolen'))
);
create index arrival_by_transfer on stock.transfer_arrival (transfer_id, sku_id);
revoke update, delete on stock.transfer_arrival from loopline_app;

create table stock.count_session (
  id uuid primary key,
  leaf_id uuid not null references stock.node,
  opened_at timestamptz not null,
  opened_by text not null,
  ended_at timestamptz,
  how_ended text,
  constraint count_end_known check (how_ended in ('posted', 'dropped')),
  constraint count_end_has_its_moment check ((ended_at is null) = (how_ended is null))
);
create index count_session_by_leaf on stock.count_session (leaf_id, id);
revoke delete on stock.count_session from loopline_app;

-- The last look at each thing: how many there were, and how many the books said at that moment.
create table stock.count_line (
  id uuid primary key,
  count_id uuid not null references stock.count_session,
  sku_id uuid not null,
  lot_id uuid,
  units bigint not null,
  expected bigint not null,
  counted_at timestamptz not null,
  counted_by text not null,
  constraint count_line_once unique nulls not distinct (count_id, sku_id, lot_id),
  constraint count_line_not_negative check (units >= 0)
);
revoke delete on stock.count_line from loopline_app;
