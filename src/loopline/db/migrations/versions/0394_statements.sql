-- What parties are told of their shares: days that are sealed so that each party can prove its own, and disputed lines.
create schema statements;

-- A day (UTC) whose statements stand for good. The secret makes every party's salt; the root names the one before. The
-- hashes of the leaves stand one after the other by the positions of their parties.
create table statements.seal (
    day           date primary key,
    secret        bytea not null constraint seal_secret_is_long check (octet_length(secret) = 32),
    tree_size     integer not null constraint seal_tree_not_negative check (tree_size >= 0),
    lines         bigint not null constraint seal_lines_not_negative check (lines >= 0),
    leaf_hashes   bytea not null,
    tree_root     bytea not null constraint seal_tree_root_is_a_hash check (octet_length(tree_root) = 32),
    previous_root bytea not null constraint seal_previous_is_a_hash check (octet_length(previous_root) = 32),
    root          bytea not null constraint seal_root_is_a_hash check (octet_length(root) = 32),
    sealed_at     timestamptz not null,
    constraint seal_keeps_its_leaf_hashes check (octet_length(leaf_hashes) = 32 * tree_size),
    constraint seal_follows_one_other unique (previous_root),
    constraint seal_root_is_its_own unique (root)
);

-- Where each party's leaf stands in every tree from a day on. Positions are counted from 0 and never change.
create table statements.sealed_party (
    party_id  uuid primary key,
    position  integer not null constraint sealed_party_position_unique unique,
    since_day date not null references statements.seal (day),
    code      text not null,
    constraint sealed_party_position_not_negative check (position >= 0)
);

-- What a party's day holds, where it holds a line: how many, their root, what stood before, what they moved,
-- and what each kind of entry moved.
-- Of a day without a seal these are drafts, which nobody reads.
create table statements.leaf (
    party_id   uuid not null,
    day        date not null,
    line_count bigint not null constraint leaf_holds_a_line check (line_count > 0),
    lines_root bytea not null constraint leaf_lines_root_is_a_hash check (octet_length(lines_root) = 32),
    opening    jsonb not null,
    moved      jsonb not null,
    kinds      jsonb not null,
    primary key (party_id, day)
);
create index leaf_by_day on statements.leaf (day);

-- The lines of a party's day as they were sealed, some hundreds to a page, with the entry of each line.
create table statements.page (
    party_id   uuid not null,
    day        date not null,
    number     integer not null constraint page_is_counted check (number >= 0),
    line_count integer not null constraint page_holds_a_line check (line_count > 0),
    entry_ids  uuid[] not null constraint page_names_the_entry_of_each_line check (cardinality(entry_ids) = line_count),
    lines      text not null,
    primary key (party_id, day, number)
);
create index page_by_day on statements.page (day);

create function statements.guard_sealed_day() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' or exists (select from statements.seal where seal.day = old.day) then
        raise exception 'day % is sealed', old.day
            using errcode = 'check_violation', schema = 'statements', table = tg_table_name,
                constraint = 'sealed_days_stay';
    end if;
    return old;
end
$$;

create trigger sealed_days_stay before update or delete on statements.leaf
    for each row execute function statements.guard_sealed_day();
create trigger sealed_days_stay before update or delete on statements.page
    for each row execute function statements.guard_sealed_day();

-- A line that its party questions. Of a line at most one is open, and none after one that corrected it: what corrects
-- it is a line too.
create table statements.dispute (
    id                  uuid primary key,
    party_id            uuid not null,
    entry_id            uuid not null,
    part_id             uuid not null,
    currency            text not null,
    entity_id           uuid not null,
    pending_minor       bigint not null,
    due_minor           bigint not null,
    order_number        text,
    state               text not null constraint dispute_state_is_known
        check (state in ('open', 'answered', 'rejected', 'corrected', 'withdrawn')),
    opened_at           timestamptz not null,
    opened_by           uuid not null,
    decided_at          timestamptz,
    decided_by          uuid,
    reversal_entry_id   uuid,
    correction_entry_id uuid,
    constraint dispute_decision_is_complete
        check (num_nonnulls(decided_at, decided_by) = case when state in ('open', 'answered') then 0 else 2 end),
    constraint dispute_corrected_by_entries check ((state = 'corrected') = (reversal_entry_id is not null))
);
create unique index dispute_once_for_a_line on statements.dispute (party_id, entry_id, part_id, currency, entity_id)
    where state in ('open', 'answered', 'corrected');
create index dispute_by_party on statements.dispute (party_id, id);
create index dispute_by_state on statements.dispute (state, id);

-- Everything that was said in a dispute, by whom, in order.
create table statements.dispute_word (
    dispute_id uuid not null references statements.dispute (id),
    number     integer not null constraint dispute_word_is_counted check (number >= 1),
    kind       text not null constraint dispute_word_kind_is_known
        check (kind in ('question', 'answer', 'reply', 'rejection', 'correction', 'withdrawal')),
    said_at    timestamptz not null,
    said_by    uuid not null,
    said       text not null constraint dispute_word_says_something check (said <> ''),
    primary key (dispute_id, number)
);

revoke update, delete on statements.seal, statements.sealed_party, statements.dispute_word from loopline_app;
revoke update on statements.leaf, statements.page from loopline_app;
revoke delete on statements.dispute from loopline_app;
