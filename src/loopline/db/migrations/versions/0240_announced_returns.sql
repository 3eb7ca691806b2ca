-- Announced returns: what customers said they will send or bring back. Nothing is undone before the goods are here.

create table returns.announced (
  -- The id that the return will have.
  id uuid primary key,
  channel text not null,
  external_number text not null,
  content_hash bytea not null,
  order_id uuid not null,
  member_id uuid,
  announced_at timestamptz not null,
  ended_at timestamptz,
  how_ended text,
  constraint announced_number_once unique (channel, external_number),
  constraint announced_end_known check (how_ended in ('received', 'withdrawn')),
  constraint announced_end_has_its_moment check ((ended_at is null) = (how_ended is null))
);
create index announced_by_order on returns.announced (order_id);
create index announced_by_member on returns.announced (member_id, announced_at) where member_id is not null;
revoke delete on returns.announced from loopline_app;

create table returns.announced_line (
  announced_id uuid not null references returns.announced,
  position smallint not null,
  line_id uuid not null,
  code text not null,
  sku_id uuid,
  units bigint not null,
  reason text not null,
  primary key (announced_id, position),
  constraint announced_line_once unique (announced_id, line_id),
  constraint announced_line_has_units check (units > 0),
  constraint announced_reason_known check (
    reason in ('unwanted', 'defect', 'damaged_in_transit', 'wrong_item', 'late', 'size', 'other')
  )
);
create index announced_by_line on returns.announced_line (line_id);
revoke update, delete on returns.announced_line from loopline_app;
