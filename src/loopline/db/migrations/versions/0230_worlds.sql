-- Where a made-up world stands: one row per brand. `is_real_time` says whether its clock is ours or its own, `reached`
-- how far that clock has come; what comes later never happens before. `told` is what whoever looks on is shown.
create table simulator.world (
    name text not null primary key,
    seed bigint not null,
    is_real_time boolean not null,
    reached timestamptz not null,
    told jsonb not null,
    told_at timestamptz not null
);
