-- name: matches_fit_return_lines
-- Return lines whose matched units differ from the sum of their matches.
select
  'return line ' || return_line.id as subject,
  return_line.matched_units::text || ' matched' as found,
  coalesce(matched.units, 0)::text || ' matched' as expected,
  'update returns.return_line set matched_units = ' || coalesce(matched.units, 0)::text || ' where id = '''
    || return_line.id || ''';' as repair
from returns.return_line as return_line
left join (
  select
    match.return_line_id,
    sum(match.units) as units
  from returns.match as match
  group by match.return_line_id
) as matched on matched.return_line_id = return_line.id
where return_line.matched_units <> coalesce(matched.units, 0)
order by return_line.id;

-- name: received_units_equal_receipts
-- Return lines whose received units differ from the sum of their receipts.
select
  'return line ' || return_line.id as subject,
  return_line.received_units::text || ' received' as found,
  coalesce(received.units, 0)::text || ' received' as expected,
  'update returns.return_line set received_units = ' || coalesce(received.units, 0)::text || ' where id = '''
    || return_line.id || ''';' as repair
from returns.return_line as return_line
left join (
  select
    receipt.return_line_id,
    sum(receipt.units) as units
  from returns.receipt as receipt
  group by receipt.return_line_id
) as received on received.return_line_id = return_line.id
where return_line.received_units <> coalesce(received.units, 0)
order by return_line.id;

-- name: graded_units_equal_gradings
-- Return lines whose graded units differ from the sum of their gradings.
select
  'return line ' || return_line.id as subject,
  return_line.graded_units::text || ' graded' as found,
  coalesce(graded.units, 0)::text || ' graded' as expected,
  'update returns.return_line set graded_units = ' || coalesce(graded.units, 0)::text || ' where id = '''
    || return_line.id || ''';' as repair
from returns.return_line as return_line
left join (
  select
    grading.return_line_id,
    sum(grading.units) as units
  from returns.grading as grading
  group by grading.return_line_id
) as graded on graded.return_line_id = return_line.id
where return_line.graded_units <> coalesce(graded.units, 0)
order by return_line.id;

-- name: returns_have_lines
-- Returns without a line.
select
  'return ' || return.channel || ' ' || return.external_number as subject,
  'no lines' as found,
  'at least one line' as expected,
  'delete from returns.return where id = ''' || return.id || ''';' as repair
from returns.return as return
where not exists (
  select
  from returns.return_line as return_line
  where return_line.return_id = return.id
)
order by return.channel, return.external_number;

-- name: received_announcements_are_returns
-- Announced returns that were received and are no return, and returns whose announcement still stands.
select
  'return ' || announced.channel || ' ' || announced.external_number as subject,
  coalesce(announced.how_ended, 'open') || ', ' || case when return.id is null then 'no return' else 'a return' end
    as found,
  'received, and a return' as expected,
  case
    when return.id is null then
      'update returns.announced set ended_at = null, how_ended = null where id = ''' || announced.id || ''';'
    else
      'update returns.announced set ended_at = ''' || return.opened_at || ''', how_ended = ''received'' where id = '''
        || announced.id || ''';'
  end as repair
from returns.announced as announced
left join returns.return as return on return.id = announced.id
where (announced.how_ended is not distinct from 'received') <> (return.id is not null)
order by announced.channel, announced.external_number;

-- name: ways_are_awaited_as_announced
-- Ways back that do not tell what their announcements do: that goods are awaited, or are no more.
select
  'way back ' || announced.channel || ' ' || announced.external_number as subject,
  case when way.is_awaited then 'awaited' else 'not awaited' end as found,
  case when way.is_awaited then 'not awaited' else 'awaited' end as expected,
  'update returns.announced_way set is_awaited = ' || (not way.is_awaited)::text || ' where announced_id = '''
    || announced.id || ''';' as repair
from returns.announced_way as way
join returns.announced as announced on announced.id = way.announced_id
where way.is_awaited <> (announced.ended_at is null)
order by announced.channel, announced.external_number;
