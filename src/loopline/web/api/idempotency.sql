-- name: claim_key
-- Take a key, or take one over whose answer is too old to be given again. Waits for whoever is taking it; locks its row.
insert into edge.answer as standing (caller, key, content_hash, status, body, at)
values (
    %(caller)s::text,
    %(key)s::text,
    %(content_hash)s::bytea,
    0,
    ''::bytea,
    %(now)s::timestamptz
)
on conflict on constraint answer_pkey do update
set
    content_hash = excluded.content_hash,
    status = 0,
    body = ''::bytea,
    at = excluded.at
where standing.at < %(forgotten)s::timestamptz;

-- name: kept_answer
-- What was answered under a key. Locks nothing.
select
    answer.content_hash,
    answer.status,
    answer.body
from edge.answer
where answer.caller = %(caller)s::text
  and answer.key = %(key)s::text;

-- name: keep_answer
-- Write the answer under a key this transaction took. Locks its row, which it holds already.
update edge.answer
set
    status = %(status)s::integer,
    body = %(body)s::bytea
where answer.caller = %(caller)s::text
  and answer.key = %(key)s::text;

-- name: kept_answers
-- What was answered under many keys, but for what is too old to be given again. Locks nothing.
select
    answer.caller,
    answer.key,
    answer.content_hash,
    answer.status,
    answer.body
from unnest(%(callers)s::text[], %(keys)s::text[]) as wanted (caller, key)
join edge.answer
    on answer.caller = wanted.caller
    and answer.key = wanted.key
where answer.at >= %(forgotten)s::timestamptz;

-- name: keep_answers
-- Keep answers under keys that have none, or one too old to be given again. Waits for rivals; locks the rows it makes.
insert into edge.answer as standing (caller, key, content_hash, status, body, at)
select
    given.caller,
    given.key,
    given.content_hash,
    given.status,
    given.body,
    %(now)s::timestamptz
from unnest(
    %(callers)s::text[],
    %(keys)s::text[],
    %(content_hashes)s::bytea[],
    %(statuses)s::integer[],
    %(bodies)s::bytea[]
) as given (caller, key, content_hash, status, body)
order by given.caller collate "C", given.key collate "C"
on conflict on constraint answer_pkey do update
set
    content_hash = excluded.content_hash,
    status = excluded.status,
    body = excluded.body,
    at = excluded.at
where standing.at < %(forgotten)s::timestamptz;

-- name: keep_conflict
-- Count that a key came with other content. Locks its row.
insert into edge.answer_conflict as standing (caller, key, content_hash, first_at, last_at, times)
values (
    %(caller)s::text,
    %(key)s::text,
    %(content_hash)s::bytea,
    %(now)s::timestamptz,
    %(now)s::timestamptz,
    1
)
on conflict on constraint answer_conflict_pkey do update
set
    last_at = excluded.last_at,
    times = standing.times + 1;

-- name: sweep_answers
-- Forget old answers, the oldest first. Locks them; passes by those somebody holds.
with old as (
    select
        answer.caller,
        answer.key
    from edge.answer
    where answer.at < %(forgotten)s::timestamptz
    order by answer.at, answer.caller, answer.key
    limit %(at_most)s::bigint
    for update skip locked
)
delete from edge.answer
using old
where answer.caller = old.caller
  and answer.key = old.key;
