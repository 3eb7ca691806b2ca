-- name: insert_messages
-- Keep messages under names nobody has, in the order given (by name); locks the rows it makes.
insert into inbox.message (
    id,
    branch_id,
    sender,
    may_move_money,
    channel,
    external_id,
    kind,
    external_number,
    content_hash,
    conflicts_with,
    sealed,
    wrapped_key,
    sealed_with,
    received_at,
    last_seen_at,
    state,
    next_try_at
)
select
    id,
    branch_id,
    sender,
    may_move_money,
    channel,
    external_id,
    kind,
    external_number,
    content_hash,
    conflicts_with,
    sealed,
    wrapped_key,
    sealed_with,
    %(now)s::timestamptz,
    %(now)s::timestamptz,
    'received',
    %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[],
    %(branch_ids)s::uuid[],
    %(senders)s::text[],
    %(may_move_money)s::boolean[],
    %(channels)s::text[],
    %(external_ids)s::text[],
    %(kinds)s::text[],
    %(external_numbers)s::text[],
    %(content_hashes)s::bytea[],
    %(conflicts_with)s::uuid[],
    %(sealed)s::bytea[],
    %(wrapped_keys)s::bytea[],
    %(sealed_with)s::bigint[]
) with ordinality as new (
    id,
    branch_id,
    sender,
    may_move_money,
    channel,
    external_id,
    kind,
    external_number,
    content_hash,
    conflicts_with,
    sealed,
    wrapped_key,
    sealed_with,
    position
)
order by position
on conflict do nothing
returning id

-- name: first_steps
-- Begin the history of new messages. The caller has just written them.
insert into inbox.step (message_id, number, at, actor, state)
select
    id,
    1,
    received_at,
    sender,
    state
from inbox.message
where id = any (%(ids)s::uuid[])

-- name: named
-- The messages that are kept under names. Locks nothing.
select
    message.id,
    message.branch_id,
    message.channel,
    message.external_id,
    message.content_hash,
    message.conflicts_with
from (
    select distinct
        branch_id,
        channel,
        external_id
    from unnest(%(branch_ids)s::uuid[], %(channels)s::text[], %(external_ids)s::text[])
        as asked (branch_id, channel, external_id)
) as asked
join inbox.message as message
    on message.branch_id = asked.branch_id
    and message.channel = asked.channel
    and message.external_id = asked.external_id
order by message.id

-- name: count_again
-- Count messages that came again. Locks them by id.
update inbox.message
set times = message.times + again.times,
    last_seen_at = greatest(message.last_seen_at, %(now)s::timestamptz)
from (
    select
        kept.id,
        seen.times
    from unnest(%(ids)s::uuid[], %(times)s::integer[]) as seen (id, times)
    join inbox.message as kept on kept.id = seen.id
    order by kept.id
    for update of kept
) as again
where message.id = again.id

-- name: lock_messages
-- Messages as they stand, with the text that was put right last. Locks them by id.
select
    message.id,
    message.branch_id,
    message.sender,
    message.may_move_money,
    message.channel,
    message.external_id,
    message.kind,
    message.external_number,
    message.conflicts_with,
    message.sealed,
    message.wrapped_key,
    message.sealed_with,
    (
        select step.corrected
        from inbox.step as step
        where step.message_id = message.id
            and step.corrected is not null
        order by step.number desc
        limit 1
    ) as corrected,
    message.received_at,
    message.last_seen_at,
    message.times,
    message.state,
    message.reason,
    message.sentence,
    message.details::text as details,
    message.tries,
    message.next_try_at,
    message.order_id,
    message.settled_at
from inbox.message as message
where message.id = any (%(ids)s::uuid[])
order by message.id
for update of message

-- name: change_messages
-- Bring messages where they stand from now on. The caller holds them.
update inbox.message
set state = change.state,
    reason = change.reason,
    sentence = change.sentence,
    details = change.details::jsonb,
    order_id = coalesce(change.order_id, message.order_id),
    next_try_at = change.next_try_at,
    tries = message.tries + change.is_try::integer,
    settled_at = case when change.state in ('applied', 'dismissed') then %(now)s::timestamptz end,
    channel = coalesce(change.channel, message.channel),
    kind = coalesce(change.kind, message.kind),
    external_number = case when change.kind is null then message.external_number else change.external_number end,
    may_move_money = message.may_move_money or change.may_move_money
from unnest(
    %(ids)s::uuid[],
    %(states)s::text[],
    %(reasons)s::text[],
    %(sentences)s::text[],
    %(details)s::text[],
    %(order_ids)s::uuid[],
    %(next_try_at)s::timestamptz[],
    %(tries)s::boolean[],
    %(channels)s::text[],
    %(kinds)s::text[],
    %(external_numbers)s::text[],
    %(may_move_money)s::boolean[]
) as change (
    id,
    state,
    reason,
    sentence,
    details,
    order_id,
    next_try_at,
    is_try,
    channel,
    kind,
    external_number,
    may_move_money
)
where message.id = change.id

-- name: add_steps
-- Write what became of messages into their histories. The caller holds the messages.
insert into inbox.step (message_id, number, at, actor, state, reason, note, corrected)
select
    change.id,
    1 + coalesce((select max(step.number) from inbox.step as step where step.message_id = change.id), 0),
    %(now)s::timestamptz,
    change.actor,
    change.state,
    change.reason,
    change.note,
    change.corrected
from unnest(
    %(ids)s::uuid[],
    %(actors)s::text[],
    %(states)s::text[],
    %(reasons)s::text[],
    %(notes)s::text[],
    %(corrected)s::bytea[]
) as change (id, actor, state, reason, note, corrected)

-- name: due
-- The messages that are to be tried, those due longest first. Locks nothing: whoever tries them locks them.
select
    id,
    kind
from inbox.message
where next_try_at <= %(now)s::timestamptz
order by next_try_at, id
limit %(limit)s::integer

-- name: open_under_numbers
-- The messages to be tried that speak of these orders. Locks nothing.
select
    message.id,
    message.kind
from (
    select distinct
        channel,
        external_number
    from unnest(%(channels)s::text[], %(external_numbers)s::text[]) as asked (channel, external_number)
) as asked
join inbox.message as message
    on message.channel = asked.channel
    and message.external_number = asked.external_number
where message.next_try_at is not null
order by message.id

-- name: has_waiting
-- Whether any message waits. Locks nothing.
select exists (select from inbox.message where state = 'waiting' and next_try_at is not null)

-- name: wake
-- Let messages that wait for these orders be tried at once. Locks them by id.
update inbox.message
set next_try_at = least(message.next_try_at, %(now)s::timestamptz)
from (
    select waiting.id
    from unnest(%(channels)s::text[], %(external_numbers)s::text[]) as come (channel, external_number)
    join inbox.message as waiting
        on waiting.channel = come.channel
        and waiting.external_number = come.external_number
    where waiting.state = 'waiting'
        and waiting.next_try_at is not null
    order by waiting.id
    for update of waiting
) as woken
where message.id = woken.id

-- name: forget_texts
-- Forget the texts of messages that were settled long ago, the longest settled first, with the keys that open them.
-- Passes by those that somebody else holds.
update inbox.message
set sealed = null,
    wrapped_key = null,
    sealed_with = null
where id in (
    select id
    from inbox.message
    where settled_at < %(settled_before)s::timestamptz
        and sealed is not null
    order by settled_at, id
    limit %(limit)s::integer
    for update skip locked
)

-- name: wrapped_otherwise
-- Messages whose key is sealed with another key than the current one. Locks them by id, passing by those held.
select
    id,
    wrapped_key,
    sealed_with
from inbox.message
where sealed_with <> %(current)s::bigint
    and (%(after)s::uuid is null or id > %(after)s::uuid)
order by id
limit %(limit)s::integer
for update skip locked

-- name: rewrap
-- Keep messages' own keys sealed anew. The caller holds the messages.
update inbox.message
set wrapped_key = anew.wrapped_key,
    sealed_with = %(sealed_with)s::bigint
from unnest(%(ids)s::uuid[], %(wrapped_keys)s::bytea[]) as anew (id, wrapped_key)
where message.id = anew.id
