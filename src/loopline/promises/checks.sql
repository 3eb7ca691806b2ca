-- name: replaced_promise_has_its_successor
-- Promises that were replaced by none, or that take the place of one of another order, or of one that stands.
select
  'promise ' || promise.id as subject,
  promise.state || case when successor.id is null then ', nothing in its place' else ', replaced by ' || successor.id end
    as found,
  'a replaced promise has a successor of its own order, and only one that ended has any' as expected,
  'select * from promises.promise where order_id = ' || quote_literal(promise.order_id) as repair
from promises.promise as promise
left join promises.promise as successor on successor.replaces_id = promise.id
where
  (promise.state = 'replaced' and successor.id is null)
  or (
    successor.id is not null
    and (
      promise.state not in ('replaced', 'broken')
      or successor.order_id <> promise.order_id
      or successor.first_due_at <> promise.first_due_at
    )
  )
order by promise.id

-- name: broken_promise_was_late
-- Promises that are called broken although what was promised happened in time, or before they were due.
select
  'promise ' || id as subject,
  'broken at ' || ended_at as found,
  'what is broken was due, and happened later or not at all' as expected,
  'select * from promises.promise where id = ' || quote_literal(id) as repair
from promises.promise
where
  state = 'broken'
  and (
    ended_at < due_at
    or case when kind in ('deliver', 'courier', 'fitting') then arrived_at else handed_over_at end <= due_at
  )
order by id
