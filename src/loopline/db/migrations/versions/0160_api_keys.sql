-- Keys with which programs call: each holds permissions of its own at one branch. Only the hash of a key is kept.
create table org.api_key (
    id          uuid not null primary key,
    name        text not null,
    branch_id   uuid not null constraint key_at_a_branch references org.unit,
    permissions text[] not null constraint key_may_do_something check (cardinality(permissions) > 0),
    token_hash  bytea not null constraint key_hash_is_sha256 check (octet_length(token_hash) = 32),
    made_by     uuid constraint key_made_by_a_person references org.person,
    made_at     timestamptz not null,
    expires_at  timestamptz,
    revoked_at  timestamptz,
    constraint key_is_found_by_its_hash unique (token_hash),
    constraint key_ends_after_its_start check (expires_at > made_at)
);
create index api_key_by_branch on org.api_key (branch_id);

-- What callers were answered under an Idempotency-Key, kept a day for whoever asks again.
create schema edge;
create table edge.answer (
    caller       text not null,
    key          text not null,
    content_hash bytea not null constraint answer_hash_is_sha256 check (octet_length(content_hash) = 32),
    status       integer not null,
    body         bytea not null,
    at           timestamptz not null,
    constraint answer_pkey primary key (caller, key)
);
create index answer_by_age on edge.answer (at);

-- The same key with other content: refused, and kept.
create table edge.answer_conflict (
    caller       text not null,
    key          text not null,
    content_hash bytea not null,
    first_at     timestamptz not null,
    last_at      timestamptz not null,
    times        bigint not null,
    constraint answer_conflict_pkey primary key (caller, key, content_hash)
);
