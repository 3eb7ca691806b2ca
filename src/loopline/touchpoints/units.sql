-- name: take_turn
-- Wait until nobody else who asks from this address tries a code of a unit. Takes its lock until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('unit guess ' || encode(%(asker)s::bytea, 'hex'), 0))

-- name: wrong_guesses
-- How many codes that are none were tried from an address within this hour. Locks nothing.
select coalesce(sum(wrong), 0)::integer
from touchpoints.unit_guess
where asker = %(asker)s::bytea
    and hour = date_trunc('hour', %(now)s::timestamptz, 'UTC')

-- name: count_wrong_guess
-- Count a code that is none. Locks the row of the address.
insert into touchpoints.unit_guess (asker, hour, wrong)
values (%(asker)s::bytea, date_trunc('hour', %(now)s::timestamptz, 'UTC'), 1)
on conflict on constraint unit_guess_pkey do update
set wrong = unit_guess.wrong + 1

-- name: sweep_guesses
-- Forget what was tried in hours that are over. Locks the rows it deletes, and waits for none.
delete from touchpoints.unit_guess
where (asker, hour) in (
    select asker, hour
    from touchpoints.unit_guess
    where hour < date_trunc('hour', %(now)s::timestamptz, 'UTC')
    limit %(limit)s::integer
    for update skip locked
)

-- name: record_unit_scan
-- Count a scan of a unit by a phone, once within some seconds. Locks the row of the phone.
insert into touchpoints.unit_scan (unit_id, visitor, first_at, last_at, scans)
values (%(unit_id)s::uuid, %(visitor)s::uuid, %(now)s::timestamptz, %(now)s::timestamptz, 1)
on conflict on constraint unit_scan_pkey do update
set
    last_at = greatest(unit_scan.last_at, excluded.last_at),
    scans = unit_scan.scans
        + case when excluded.last_at >= unit_scan.last_at + %(within)s::interval then 1 else 0 end

-- name: scans_of_unit
-- How often a unit was scanned since when, by how many phones, and how often by one of them. Locks nothing.
select
    min(first_at) as first_at,
    sum(scans)::integer as scans,
    count(*)::integer as phones,
    coalesce(sum(scans) filter (where visitor = %(visitor)s::uuid), 0)::integer as own_scans
from touchpoints.unit_scan
where unit_id = %(unit_id)s::uuid
having count(*) > 0
