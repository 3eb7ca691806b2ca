-- name: copy_returns
-- Write returns of which the caller knows that their numbers are free; a rival's same number is an error, to be tried again.
copy returns.return (
  id, channel, external_number, content_hash, kind, order_id, member_id, site_id, currency, at, opened_at,
  taken_in_by
) from stdin;

-- name: returns_by_number
-- Find what stands under these numbers.
select
  return.id,
  return.channel,
  return.external_number,
  return.content_hash
from unnest(%(channels)s::text[], %(external_numbers)s::text[]) as wanted (channel, external_number)
join returns.return as return
  on return.channel = wanted.channel and return.external_number = wanted.external_number;

-- name: copy_return_lines
-- Write the lines of returns.
copy returns.return_line (
  id, return_id, position, code, sku_id, units, stated_unit_minor, reason, matched_units, blind_state,
  blind_refund_unit_minor, blind_decided_by, blind_decided_at, blind_decision_reason
) from stdin;

-- name: copy_matches
-- Write what return lines belong to.
copy returns.match (return_line_id, position, order_id, line_id, units, how, sold_unit_minor) from stdin;

-- name: lock_return_lines
-- Lock return lines, by id.
select
  return_line.id,
  return_line.sku_id,
  return_line.units,
  return_line.matched_units,
  return_line.received_units,
  return_line.graded_units,
  return_line.reason,
  return_line.blind_state,
  return.currency,
  return.taken_in_by
from returns.return_line as return_line
join returns.return as return on return.id = return_line.return_id
where return_line.id = any(%(return_line_ids)s::uuid[])
order by return_line.id
for update of return_line;

-- name: take_turn_of_deciders
-- Wait until nobody else decides under these names, in their order, and keep it so until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('decides ' || who.decider, 0))
from (
  select decider
  from unnest(%(deciders)s::text[]) as given (decider)
  order by decider
) as who;

-- name: accepted_alone
-- What people accepted since a moment of what they had taken in themselves, by their name and currency.
select
  return_line.blind_decided_by,
  return.currency,
  sum(return_line.blind_refund_unit_minor * (return_line.units - return_line.matched_units))::bigint as amount_minor
from returns.return_line as return_line
join returns.return as return on return.id = return_line.return_id
where return_line.blind_state = 'accepted'
  and return_line.blind_decided_by = any(%(deciders)s::text[])
  and return_line.blind_decided_at > %(since)s::timestamptz
  and return.taken_in_by = return_line.blind_decided_by
group by
  return_line.blind_decided_by,
  return.currency
order by
  return_line.blind_decided_by,
  return.currency;

-- name: decide_blind_lines
-- Write decisions on lines that the caller holds.
update returns.return_line as return_line
set
  blind_state = decision.state,
  blind_refund_unit_minor = decision.refund_unit_minor,
  blind_decided_by = decision.decided_by,
  blind_decided_at = %(decided_at)s::timestamptz,
  blind_decision_reason = decision.reason
from unnest(
  %(return_line_ids)s::uuid[], %(states)s::text[], %(refund_units_minor)s::bigint[], %(decided_bys)s::text[],
  %(reasons)s::text[]
) as decision (return_line_id, state, refund_unit_minor, decided_by, reason)
where return_line.id = decision.return_line_id;

-- name: change_return_lines
-- Add to what was received and graded of lines that the caller holds.
update returns.return_line as return_line
set
  received_units = return_line.received_units + delta.received_units,
  graded_units = return_line.graded_units + delta.graded_units
from unnest(%(return_line_ids)s::uuid[], %(received_units)s::bigint[], %(graded_units)s::bigint[])
  as delta (return_line_id, received_units, graded_units)
where return_line.id = delta.return_line_id;

-- name: receipts_by_id
-- Find receipts that were written before.
select
  receipt.id,
  receipt.return_line_id,
  receipt.units
from returns.receipt as receipt
where receipt.id = any(%(receipt_ids)s::uuid[]);

-- name: copy_receipts
-- Write that units arrived.
copy returns.receipt (id, return_line_id, units, site_id, at) from stdin;

-- name: gradings_by_id
-- Find gradings that were written before.
select
  grading.id,
  grading.return_line_id,
  grading.units,
  grading.grade,
  grading.disposition
from returns.grading as grading
where grading.id = any(%(grading_ids)s::uuid[]);

-- name: copy_gradings
-- Write how units were graded and where they go.
copy returns.grading (id, return_line_id, units, grade, disposition, graded_by, note, at) from stdin;

-- name: add_return_windows
-- Write return windows; one that is there already is left as it is.
insert into returns.return_window (id, channel, category, days, effective_from)
select
  fresh.id,
  fresh.channel,
  fresh.category,
  fresh.days,
  fresh.effective_from
from unnest(
  %(ids)s::uuid[], %(channels)s::text[], %(categories)s::text[], %(days)s::integer[],
  %(effective_froms)s::timestamptz[]
) as fresh (id, channel, category, days, effective_from)
order by fresh.id
on conflict on constraint one_window_from_a_moment do nothing;
