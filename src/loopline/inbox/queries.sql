-- name: messages_by_ids
-- Messages as they stand, by id. Locks nothing.
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
    and (%(branch_ids)s::uuid[] is null or message.branch_id = any (%(branch_ids)s::uuid[]))
order by message.id

-- name: message_ids
-- The messages asked for, the last received first. Locks nothing.
select id
from inbox.message
where (%(branch_ids)s::uuid[] is null or branch_id = any (%(branch_ids)s::uuid[]))
    and (
        case
            when cardinality(%(states)s::text[]) > 0 then state = any (%(states)s::text[])
            else settled_at is null
        end
    )
    and (%(channel)s::text = '' or channel = %(channel)s::text)
    and (%(kind)s::text = '' or kind = %(kind)s::text)
    and (%(reason)s::text = '' or reason = %(reason)s::text)
    and (%(number)s::text = '' or external_number = %(number)s::text or external_id = %(number)s::text)
    and (%(before)s::uuid is null or id < %(before)s::uuid)
order by id desc
limit %(limit)s::integer

-- name: tallies
-- How many unsettled messages wait where and why, the most first. Locks nothing.
select
    state,
    channel,
    reason,
    min(sentence) as sentence,
    count(*) as messages
from inbox.message
where settled_at is null
    and (%(branch_ids)s::uuid[] is null or branch_id = any (%(branch_ids)s::uuid[]))
group by state, channel, reason
order by count(*) desc, state, channel, reason nulls first

-- name: steps_of
-- What became of a message, step by step. Locks nothing.
select
    number,
    at,
    actor,
    state,
    reason,
    note,
    corrected is not null as is_correction
from inbox.step
where message_id = %(message_id)s::uuid
order by number

-- name: keys_in_use
-- Which keys of the file messages' own keys are sealed with, and how many. Locks nothing.
select
    sealed_with,
    count(*)
from inbox.message
where sealed_with is not null
group by sealed_with
order by sealed_with

-- name: is_name_taken
-- Whether a message is kept under a name. Locks nothing.
select exists (
    select
    from inbox.message
    where branch_id = %(branch_id)s::uuid
        and channel = %(channel)s::text
        and external_id = %(external_id)s::text
)
