-- What each serving process placed in each second: the surge board sums them up. The processes write them about once a
-- second, outside of any order's transaction; an hour later they are swept. `latencies` are counts of orders by how long
-- placing took, one per step of insight.surge.LATENCY_STEPS_MS and one for what took longer; `waiting` is how many waited
-- for their batch at most.
create table insight.placing (
  second timestamptz not null,
  process_id uuid not null,
  accepted bigint not null,
  repeated bigint not null,
  latencies bigint[] not null,
  waiting bigint not null,
  primary key (second, process_id),
  constraint placing_counts check (accepted >= 0 and repeated >= 0 and waiting >= 0),
  constraint placing_latencies_by_step check (cardinality(latencies) = 24)
);

create table insight.placing_refused (
  second timestamptz not null,
  process_id uuid not null,
  code text not null,
  orders bigint not null,
  primary key (second, process_id, code),
  constraint refused_when_placing foreign key (second, process_id)
    references insight.placing (second, process_id) on delete cascade,
  constraint placing_refused_counts check (orders > 0)
);

-- What happened to a SKU, the latest first.
create index movement_by_sku on stock.movement (sku_id, at, id);
-- Whose order that was.
create index task_line_by_allocation on fulfilment.task_line (allocation_id);
