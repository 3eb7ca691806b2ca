create schema simulator;

-- How far a replay has come. Written in the transaction of each step's effect, so that a replay killed anywhere goes
-- on where it was: `invoices` are through every step, the `under_way` ones after them are one batch that is through
-- its first `steps`.
create table simulator.replay (
    name text not null primary key,
    seed bigint not null,
    source_hash bytea not null constraint source_hash_is_sha256 check (octet_length(source_hash) = 32),
    invoices bigint not null constraint invoices_are_counted check (invoices >= 0),
    under_way bigint not null constraint batch_is_counted check (under_way >= 0),
    steps integer not null constraint steps_are_counted check (steps >= 0),
    returned bigint not null constraint returned_are_placed check (returned between 0 and invoices + under_way),
    counts jsonb not null,
    finished_at_invoices bigint constraint finished_where_it_is check (finished_at_invoices <= invoices)
);
