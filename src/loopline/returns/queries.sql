-- name: lines_of_returns
-- The lines of these returns, in their order, with what each was matched to.
select
  return_line.return_id,
  return_line.id as return_line_id,
  return_line.position,
  return_line.code,
  return_line.sku_id,
  return_line.units,
  return_line.stated_unit_minor,
  return_line.reason,
  return_line.received_units,
  return_line.graded_units,
  return_line.blind_state,
  return_line.blind_refund_unit_minor,
  coalesce(
    (
      select
        jsonb_agg(
          jsonb_build_object(
            'order_id', match.order_id,
            'line_id', match.line_id,
            'units', match.units,
            'how', match.how,
            'sold_unit_minor', match.sold_unit_minor
          )
          order by match.position
        )
      from returns.match as match
      where match.return_line_id = return_line.id
    ),
    '[]'
  ) as matches
from returns.return_line as return_line
where return_line.return_id = any(%(return_ids)s::uuid[])
order by return_line.return_id, return_line.position;

-- name: return_lines_by_id
-- These lines of returns, with what each was matched to.
select
  return_line.return_id,
  return_line.id as return_line_id,
  return_line.position,
  return_line.code,
  return_line.sku_id,
  return_line.units,
  return_line.stated_unit_minor,
  return_line.reason,
  return_line.received_units,
  return_line.graded_units,
  return_line.blind_state,
  return_line.blind_refund_unit_minor,
  coalesce(
    (
      select
        jsonb_agg(
          jsonb_build_object(
            'order_id', match.order_id,
            'line_id', match.line_id,
            'units', match.units,
            'how', match.how,
            'sold_unit_minor', match.sold_unit_minor
          )
          order by match.position
        )
      from returns.match as match
      where match.return_line_id = return_line.id
    ),
    '[]'
  ) as matches
from returns.return_line as return_line
where return_line.id = any(%(return_line_ids)s::uuid[])
order by return_line.id;

-- name: heads_of_returns
-- These returns, without their lines.
select
  return.id,
  return.channel,
  return.external_number,
  return.kind,
  return.order_id,
  return.member_id,
  return.site_id,
  return.currency,
  return.at
from returns.return as return
where return.id = any(%(return_ids)s::uuid[])
order by return.id;

-- name: waiting_blind_lines
-- Lines with units that have no original sale and wait for a person, of returns to some sites (null: to any), the oldest
-- first.
select
  return_line.return_id,
  return_line.id as return_line_id,
  return_line.code,
  return_line.sku_id,
  return_line.units - return_line.matched_units as units,
  return_line.stated_unit_minor,
  return_line.reason
from returns.return_line as return_line
join returns.return as return on return.id = return_line.return_id
where return_line.blind_state = 'waiting'
  and (%(site_ids)s::uuid[] is null or return.site_id = any(%(site_ids)s::uuid[]))
order by return_line.id
limit %(limit)s::bigint;

-- name: lines_to_grade
-- Lines with units that are here, are kept, and were put nowhere yet, of returns to some sites (null: to any), the oldest
-- first. What is without a sale is kept once a person said so.
select
  return_line.return_id,
  return_line.id as return_line_id,
  return_line.code,
  return_line.sku_id,
  least(
    return_line.received_units,
    case when return_line.blind_state = 'refused' then return_line.matched_units else return_line.units end
  ) - return_line.graded_units as units,
  return_line.stated_unit_minor,
  return_line.reason
from returns.return_line as return_line
join returns.return as return on return.id = return_line.return_id
where return_line.received_units > return_line.graded_units
  and return_line.blind_state <> 'waiting'
  and (return_line.blind_state <> 'refused' or return_line.graded_units < return_line.matched_units)
  and (%(site_ids)s::uuid[] is null or return.site_id = any(%(site_ids)s::uuid[]))
order by return_line.id
limit %(limit)s::bigint;

-- name: returns_of_lines
-- What came back of these lines of orders, the oldest first.
select
  match.line_id,
  match.order_id,
  match.return_line_id,
  return_line.return_id,
  match.units
from returns.match as match
join returns.return_line as return_line on return_line.id = match.return_line_id
where match.line_id = any(%(line_ids)s::uuid[])
order by match.line_id, match.return_line_id, match.position;

-- name: match_counts
-- How many return lines have an original sale for all, some or none of their units.
select
  count(*) filter (where return_line.matched_units = return_line.units) as matched,
  count(*) filter (where return_line.matched_units between 1 and return_line.units - 1) as partly,
  count(*) filter (where return_line.matched_units = 0) as blind
from returns.return_line as return_line;

-- name: return_windows
-- All return windows, in order of their moments.
select
  return_window.id,
  return_window.channel,
  return_window.category,
  return_window.days,
  return_window.effective_from
from returns.return_window as return_window
order by return_window.effective_from, return_window.id;

-- name: orders_of_return
-- The orders whose goods came back with a return, and the one it was announced for. Locks nothing.
select match.order_id
from returns.return_line as return_line
join returns.match as match on match.return_line_id = return_line.id
where return_line.return_id = %(return_id)s::uuid
union
select head.order_id
from returns.return as head
where head.id = %(return_id)s::uuid and head.order_id is not null
order by order_id;
