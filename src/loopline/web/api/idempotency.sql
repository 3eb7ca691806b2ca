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
