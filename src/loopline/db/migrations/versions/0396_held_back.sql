-- How what was learnt held for the last days before it, learnt from those before them: of each stage how many of so many
-- were as fast as what would have been promised and how long that is on average, by what was learnt and by the terms.
create table promises.held_back (
    version           integer not null references promises.learning (version),
    stage             text not null constraint held_back_stage_is_known check (stage in ('ready', 'lane')),
    since             timestamptz not null,
    aim_percent       smallint not null constraint held_back_aims_at_a_share check (aim_percent between 1 and 100),
    observed          integer not null constraint held_back_is_observed check (observed > 0),
    covered           integer not null constraint held_back_covered_is_a_part check (covered between 0 and observed),
    minutes_mean      integer not null constraint held_back_takes_time check (minutes_mean > 0),
    told_covered      integer not null
        constraint held_back_told_covered_is_a_part check (told_covered between 0 and observed),
    told_minutes_mean integer not null constraint held_back_told_takes_time check (told_minutes_mean > 0),
    primary key (version, stage)
);
grant select, insert on promises.held_back to loopline_app;
