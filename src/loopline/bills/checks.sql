-- name: bills_have_their_lines
-- Bills whose lines are not as many, or do not come to as much, as when they were taken in.
select
    'bill ' || bill.id as subject,
    coalesce(written.lines, 0) || ' lines of ' || coalesce(written.amount_minor, 0) as found,
    bill.lines || ' lines of ' || bill.amount_minor as expected,
    'select * from bills.line where bill_id = ' || quote_literal(bill.id) as repair
from bills.bill as bill
left join (
    select bill_id, count(*) as lines, sum(amount_minor) as amount_minor, sum(fee_minor) as fee_minor
    from bills.line
    group by bill_id
) as written on written.bill_id = bill.id
where (bill.lines, bill.amount_minor, bill.fee_minor)
    is distinct from (written.lines, written.amount_minor, written.fee_minor)
order by bill.id

-- name: bill_lines_stand_in_one_place
-- Lines within the days of a run that stand nowhere, and lines that stand as matched and as a difference of one side.
select
    'line ' || line.row || ' of bill ' || line.bill_id as subject,
    case when pair.line_id is null then 'neither matched nor a difference' else 'matched, and a difference too' end
        as found,
    'a line is matched or a difference' as expected,
    'select * from bills.difference where line_id = ' || quote_literal(line.id) as repair
from bills.line as line
left join bills.pair as pair on pair.line_id = line.id
left join bills.difference as difference on difference.line_id = line.id
where (
    pair.line_id is null
    and difference.id is null
    and exists (
        select from bills.run as run
        inner join bills.bill as bill on bill.id = line.bill_id
        where run.source_id = line.source_id
            and line.day between run.first_day and run.last_day
            and run.revision > bill.revision
    )
)
or (
    pair.line_id is not null
    and line.amount_minor = pair.our_amount_minor
    and difference.state in ('open', 'told', 'corrected')
)
order by line.id

-- name: runs_add_up
-- Runs whose differences by class do not add up to what theirs differs from ours.
select
    'run ' || run.id as subject,
    coalesce(summed.amount_minor, 0) || ' by class' as found,
    (run.totals ->> 'theirs_minor')::bigint - (run.totals ->> 'ours_minor')::bigint || ' in all' as expected,
    'select * from bills.run where id = ' || quote_literal(run.id) as repair
from bills.run as run
left join lateral (
    select sum((class ->> 'theirs_minor')::bigint - (class ->> 'ours_minor')::bigint)::bigint as amount_minor
    from jsonb_array_elements(run.classes) as class
) as summed on true
where coalesce(summed.amount_minor, 0)
    <> (run.totals ->> 'theirs_minor')::bigint - (run.totals ->> 'ours_minor')::bigint
order by run.id
