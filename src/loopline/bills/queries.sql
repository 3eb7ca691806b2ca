-- name: sources_of
-- Sources of some companies, or of all; of some codes, or of all. Locks nothing.
select
    id, code, name, kind, layout, entity_id, currency, zone, account, methods, channel, payer, grace_days,
    fee_basis_points, mapping, revision
from bills.source
where (%(entity_ids)s::uuid[] is null or entity_id = any (%(entity_ids)s::uuid[]))
    and (%(codes)s::text[] is null or code = any (%(codes)s::text[]))
order by code

-- name: last_bills
-- The bills of some sources, the last taken in first. Locks nothing.
select
    id, source_id, file_name, lines, first_day, last_day, amount_minor, fee_minor, taken_at, taken_by
from bills.bill
where source_id = any (%(source_ids)s::uuid[])
order by taken_at desc, id desc
limit %(at_most)s::integer

-- name: bills_by_ids
-- Bills by id. Locks nothing.
select
    id, source_id, file_name, lines, first_day, last_day, amount_minor, fee_minor, taken_at, taken_by
from bills.bill
where id = any (%(bill_ids)s::uuid[])
order by id

-- name: lines_to_match
-- Lines of a source's days that are in no pair, and older ones whose difference stands. `is_repeat`: an earlier line
-- says the same under the same number. `is_settled`: an entry corrects it. Locks nothing.
select
    line.id, line.bill_id, line.row, line.day, line.kind, line.amount_minor, line.fee_minor, line.number, line.keys,
    line.wording,
    line.number <> '' and exists (
        select from bills.line as earlier
        where earlier.source_id = line.source_id
            and earlier.number = line.number
            and earlier.number <> ''
            and earlier.id < line.id
            and earlier.kind = line.kind
            and earlier.amount_minor = line.amount_minor
    ) as is_repeat,
    exists (
        select from bills.difference as difference
        where difference.line_id = line.id and difference.state = 'corrected'
    ) as is_settled
from bills.line as line
where line.source_id = %(source_id)s::uuid
    and line.day <= %(last_day)s::date
    and (
        line.day >= %(first_day)s::date
        or line.id = any (
            array(
                select difference.line_id
                from bills.difference as difference
                where difference.source_id = %(source_id)s::uuid
                    and difference.line_id is not null
                    and difference.our_id is null
                    and difference.state in ('open', 'told')
            )
        )
    )
    and not exists (select from bills.pair as pair where pair.line_id = line.id)
order by line.day, line.id

-- name: ours_standing
-- Lines of our books from before a day whose difference stands, or that an entry corrects. Locks nothing.
select
    our_kind, our_id, our_day, ours_minor, our_number, our_subject
from bills.difference
where source_id = %(source_id)s::uuid
    and our_id is not null
    and line_id is null
    and state in ('open', 'told')
    and our_day < %(first_day)s::date
order by our_day, our_id

-- name: ours_taken
-- Lines of our books of some days that need no match: in a pair already, paid with one, or corrected by an entry
-- (`is_settled`).
-- Locks nothing.
select our_kind, our_id, false as is_settled
from bills.pair
where source_id = %(source_id)s::uuid and our_day between %(first_day)s::date and %(last_day)s::date
union all
select our_kind, our_id, false
from bills.paid_with
where source_id = %(source_id)s::uuid and our_day between %(first_day)s::date and %(last_day)s::date
union all
select our_kind, our_id, true
from bills.difference
where source_id = %(source_id)s::uuid
    and our_id is not null
    and line_id is null
    and state = 'corrected'
    and our_day between %(first_day)s::date and %(last_day)s::date

-- name: pairs_standing
-- What pairs that touch some days come to: both sides, and how they were found. Locks nothing.
select
    pair.way,
    count(*)::integer as pairs,
    sum(line.amount_minor)::bigint as theirs_minor,
    sum(pair.our_amount_minor)::bigint as ours_minor
from bills.pair as pair
inner join bills.line as line on line.id = pair.line_id
where pair.source_id = %(source_id)s::uuid
    and (
        line.day between %(first_day)s::date and %(last_day)s::date
        or pair.our_day between %(first_day)s::date and %(last_day)s::date
    )
group by pair.way
order by pair.way

-- name: unequal_pairs
-- Pairs that touch some days and whose halves differ in amount. Locks nothing.
select
    pair.line_id, line.day, line.kind, line.amount_minor, pair.our_kind, pair.our_id, pair.our_day,
    pair.our_amount_minor, pair.our_number, pair.our_subject
from bills.pair as pair
inner join bills.line as line on line.id = pair.line_id
where pair.source_id = %(source_id)s::uuid
    and line.amount_minor <> pair.our_amount_minor
    and (
        line.day between %(first_day)s::date and %(last_day)s::date
        or pair.our_day between %(first_day)s::date and %(last_day)s::date
    )
order by pair.line_id

-- name: fees_by_day
-- What was kept on lines of some days, by bill and day; what an earlier bill says already counts once. Locks nothing.
select
    line.bill_id,
    line.day,
    sum(line.fee_minor)::bigint as fee_minor,
    count(*) filter (where line.fee_minor <> 0)::integer as lines
from bills.line as line
where line.source_id = %(source_id)s::uuid
    and line.day between %(first_day)s::date and %(last_day)s::date
    and not exists (
        select from bills.line as earlier
        where earlier.source_id = line.source_id
            and earlier.number = line.number
            and earlier.number <> ''
            and earlier.id < line.id
            and earlier.bill_id <> line.bill_id
            and earlier.kind = line.kind
            and earlier.amount_minor = line.amount_minor
    )
group by line.bill_id, line.day
having sum(line.fee_minor) <> 0
order by line.bill_id, line.day

-- name: settlements_by_day
-- What gateways and marketplaces of a company should have paid out for each day: lines less fees; what an earlier bill
-- says already counts once. Locks nothing.
select
    source.id as source_id,
    source.code,
    source.payer,
    line.day,
    sum(line.amount_minor - line.fee_minor)::bigint as amount_minor
from bills.source as source
inner join bills.line as line on line.source_id = source.id
where source.entity_id = %(entity_id)s::uuid
    and source.currency = %(currency)s::text
    and source.kind in ('gateway', 'marketplace')
    and source.payer <> ''
    and line.kind <> 'payout'
    and line.day between %(first_day)s::date and %(last_day)s::date
    and not exists (
        select from bills.line as earlier
        where earlier.source_id = line.source_id
            and earlier.number = line.number
            and earlier.number <> ''
            and earlier.id < line.id
            and earlier.bill_id <> line.bill_id
            and earlier.kind = line.kind
            and earlier.amount_minor = line.amount_minor
    )
group by source.id, source.code, source.payer, line.day
having sum(line.amount_minor - line.fee_minor) <> 0
order by source.id, line.day

-- name: last_runs
-- The runs of some sources, the last first. Locks nothing.
select
    id, source_id, first_day, last_day, run_at, run_by, totals, classes, opened, closed
from bills.run
where source_id = any (%(source_ids)s::uuid[])
order by run_at desc, id desc
limit %(at_most)s::integer

-- name: day_shares
-- How many lines of bills were matched on each of some days, and of how many. Locks nothing.
select
    line.day,
    count(*)::integer as lines,
    count(pair.line_id)::integer as matched
from bills.line as line
left join bills.pair as pair on pair.line_id = line.id
where line.source_id = any (%(source_ids)s::uuid[]) and line.day >= %(since)s::date
group by line.day
order by line.day

-- name: class_tallies
-- How many differences stand, by class, with what they come to and the oldest of them. Locks nothing.
select
    difference.kind,
    source.currency,
    count(*)::integer as differences,
    sum(difference.theirs_minor - difference.ours_minor)::bigint as amount_minor,
    min(difference.day) as oldest
from bills.difference as difference
inner join bills.source as source on source.id = difference.source_id
where difference.source_id = any (%(source_ids)s::uuid[]) and difference.state in ('open', 'told')
group by difference.kind, source.currency
order by difference.kind, source.currency

-- name: find_differences
-- Differences of some sources, of a class or all, of some states, from a day on and up to one; after a place in the
-- order: the oldest first. Locks nothing.
select
    id, source_id, subject, kind, day, theirs_minor, ours_minor, lines, line_id, our_kind, our_id, our_number, our_day,
    our_subject, state, owner, note, opened_at, changed_at, entry_id, correction
from bills.difference
where source_id = any (%(source_ids)s::uuid[])
    and (%(kind)s::text is null or kind = %(kind)s::text)
    and state = any (%(states)s::text[])
    and (%(first_day)s::date is null or day >= %(first_day)s::date)
    and (%(last_day)s::date is null or day <= %(last_day)s::date)
    and (%(owner)s::text is null or owner = %(owner)s::text)
    and (%(after_day)s::date is null or (day, id) > (%(after_day)s::date, %(after_id)s::uuid))
order by day, id
limit %(at_most)s::integer

-- name: differences_by_ids
-- Differences of some companies' sources, or of all, by id. Locks nothing.
select
    difference.id, difference.source_id, difference.subject, difference.kind, difference.day, difference.theirs_minor,
    difference.ours_minor, difference.lines, difference.line_id, difference.our_kind, difference.our_id,
    difference.our_number, difference.our_day, difference.our_subject, difference.state, difference.owner,
    difference.note, difference.opened_at, difference.changed_at, difference.entry_id, difference.correction
from bills.difference as difference
inner join bills.source as source on source.id = difference.source_id
where difference.id = any (%(difference_ids)s::uuid[])
    and (%(entity_ids)s::uuid[] is null or source.entity_id = any (%(entity_ids)s::uuid[]))
order by difference.id

-- name: steps_of
-- What became of a difference, the first step first. Locks nothing.
select at, by, state, kind, note
from bills.step
where difference_id = %(difference_id)s::uuid
order by place

-- name: lines_by_ids
-- Lines of bills by id. Locks nothing.
select
    id, bill_id, row, day, kind, amount_minor, fee_minor, number, keys, wording
from bills.line
where id = any (%(line_ids)s::uuid[])
order by id
