-- Wrong codes that were said at the doors of orders, in a row; changed under the lock of the order's booking alone.
create table slots.code_failure (
    order_id     uuid not null primary key
        constraint code_failure_of_a_booking references slots.booking (order_id),
    failures     integer not null constraint code_failures_are_counted check (failures >= 0),
    last_at      timestamptz not null,
    locked_until timestamptz
);

grant select, insert, update, delete on slots.code_failure to loopline_app;
