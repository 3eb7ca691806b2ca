-- Drafts of ladders, one under each code; `trial`: what months of the past would have come to by it as it stands.
create table sharing.ladder_draft (
    code       text primary key,
    id         uuid not null,
    role       text not null,
    currency   text not null constraint ladder_draft_currency_code check (currency ~ '^[A-Z]{3}$'),
    way        text not null constraint ladder_draft_way_is_known check (way in ('whole', 'above')),
    steps      jsonb not null,
    from_month date not null constraint ladder_draft_begins_with_a_month check (extract(day from from_month) = 1),
    author_id  uuid not null,
    comment    text not null,
    channels   text[] not null,
    categories text[] not null,
    saved_at   timestamptz not null,
    trial      jsonb
);
grant select, insert, update, delete on sharing.ladder_draft to loopline_app;

-- On which trial a ladder was published, or why on none: those before there were trials say so.
alter table sharing.ladder
    add column published_by uuid,
    add column trial jsonb,
    add column untried_because text;
update sharing.ladder set untried_because = 'Published before ladders were tried.';
alter table sharing.ladder
    add constraint ladder_tried_or_says_why check (
        num_nonnulls(trial, untried_because) = 1 and (untried_because is null or untried_because ~ '[^[:space:]]')
    );
