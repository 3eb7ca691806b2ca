-- name: messages_equal_their_history
-- Messages that stand elsewhere than the last step of their history says, or whose history has a hole.
select
    'message ' || message.id as subject,
    message.state || coalesce(' for ' || message.reason, '') as found,
    coalesce(last.state || coalesce(' for ' || last.reason, ''), 'a history') || case
        when last.number is distinct from history.steps then ', every step of it'
        else ''
    end as expected,
    'update inbox.message set state = ' || quote_nullable(last.state) || ' where id = ' || quote_literal(message.id)
        as repair
from inbox.message as message
cross join lateral (
    select count(*) as steps
    from inbox.step as step
    where step.message_id = message.id
) as history
left join lateral (
    select
        step.number,
        step.state,
        step.reason
    from inbox.step as step
    where step.message_id = message.id
    order by step.number desc
    limit 1
) as last on true
where message.state is distinct from last.state
    or message.reason is distinct from last.reason
    or history.steps is distinct from last.number
order by message.id

-- name: conflicts_name_their_first
-- Messages that say they conflict with one of another name, of the same content, or with one that conflicts itself.
select
    'message ' || message.id as subject,
    'conflicts with ' || message.conflicts_with as found,
    'the first message of its name, with other content' as expected,
    'select * from inbox.message where id = ' || quote_literal(message.conflicts_with) as repair
from inbox.message as message
left join inbox.message as first on first.id = message.conflicts_with
where message.conflicts_with is not null
    and (
        first.id is null
        or first.conflicts_with is not null
        or first.branch_id <> message.branch_id
        or first.external_id <> message.external_id
        or first.content_hash = message.content_hash
    )
order by message.id
