-- name: not_settled
-- How many events from before a moment the follower that settles has not come to.
select count(*)
from log.follower as follower
join log.event as event on event.position > follower.position
where follower.name = 'settle'
    and event.type = any (%(types)s::text[])
    and event.at < %(end)s::timestamptz;

-- name: parked
-- How many events from before a moment the follower that settles could not apply.
select count(*)
from log.parked_event as parked
join log.event as event on event.position = parked.position
where parked.follower = 'settle' and event.at < %(end)s::timestamptz;

-- name: lost
-- Lines of which goods were handed over before a moment that were not all settled, though the follower that settles has
-- come to all of their orders and could apply it.
with settled as (
    select split.line_id, sum(split.units) as units
    from sharing.split as split
    group by split.line_id
)
select count(*)
from orders.line as line
left join settled on settled.line_id = line.line_id
where line.kind = 'goods'
    and coalesce(settled.units, 0) <> line.handed_over
    and exists (
        select
        from log.event as event
        where event.subject = line.order_id and event.type = any (%(types)s::text[]) and event.at < %(end)s::timestamptz
    )
    and not exists (
        select
        from log.event as waiting
        join log.follower as follower on follower.name = 'settle'
        where waiting.subject = line.order_id and waiting.position > follower.position
    )
    and not exists (
        select
        from log.parked_event as parked
        where parked.follower = 'settle' and parked.subject = line.order_id
    );

-- name: followers_behind
-- How many other followers have not come to events from before a moment, of any type, and the one that is furthest behind.
select
    min(follower.name) filter (where follower.position = furthest.position) as subject,
    count(*) as count
from log.follower as follower
cross join (select min(follower.position) as position from log.follower where follower.name <> 'settle') as furthest
where follower.name <> 'settle'
    and exists (
        select
        from log.event as event
        where event.position > follower.position and event.at < %(end)s::timestamptz
    )
having count(*) > 0;

-- name: differences_standing
-- Differences of reconciliation of a company up to a day that stand, by source, with what they come to.
select
    source.code as subject,
    count(*) as count,
    sum(difference.theirs_minor - difference.ours_minor)::bigint as amount_minor
from bills.difference as difference
join bills.source as source on source.id = difference.source_id
where source.entity_id = %(entity_id)s::uuid
    and source.currency = %(currency)s::text
    and difference.state in ('open', 'told')
    and difference.day <= %(last_day)s::date
group by source.code
order by source.code;

-- name: shares_not_released
-- How many parts of a company have a return window that ended before a moment, and shares that are pending still.
select count(*)
from sharing.pending_part as pending
join sharing.split as split on split.line_id = pending.line_id and split.part_id = pending.part_id
where pending.due_at < %(end)s::timestamptz
    and split.entity_id = %(entity_id)s::uuid
    and split.currency = %(currency)s::text;
