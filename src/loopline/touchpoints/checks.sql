-- name: scan_counts_equal_scans
-- Days of touchpoints that count other scans than there were.
with made as (
    select
        touchpoint_id,
        (at at time zone 'UTC')::date as day,
        count(*) as scans,
        count(member_id) as of_members
    from touchpoints.scan
    group by touchpoint_id, day
)
select
    'scans of ' || touchpoint_id || ' on ' || day as subject,
    coalesce(counted.scans || ', of members ' || counted.of_members, 'no count') as found,
    coalesce(made.scans || ', of members ' || made.of_members, 'no scan') as expected,
    'delete from touchpoints.scan_count where touchpoint_id = ' || quote_literal(touchpoint_id) || ' and day = '
        || quote_literal(day)
        || case
            when made.scans is null then ''
            else '; insert into touchpoints.scan_count values (' || quote_literal(touchpoint_id) || ', '
                || quote_literal(day) || ', ' || made.scans || ', ' || made.of_members || ')'
        end as repair
from touchpoints.scan_count as counted
full join made using (touchpoint_id, day)
where (counted.scans, counted.of_members) is distinct from (made.scans, made.of_members)
order by touchpoint_id, day

-- name: touches_are_of_something
-- Scans of codes that are not there, claims and ties of scans that are not.
select
    pieces.piece as subject,
    'no ' || pieces.missing as found,
    'it' as expected,
    pieces.repair
from (
    select
        'scan ' || scan.id as piece,
        'touchpoint ' || scan.touchpoint_id as missing,
        'delete from touchpoints.scan where id = ' || quote_literal(scan.id) as repair
    from touchpoints.scan as scan
    where not exists (select from touchpoints.touchpoint as one where one.id = scan.touchpoint_id)
    union all
    select
        'claim of ' || claim.scan_id,
        'scan of somebody unknown',
        'delete from touchpoints.claim where scan_id = ' || quote_literal(claim.scan_id)
    from touchpoints.claim as claim
    where not exists (select from touchpoints.scan as one where one.id = claim.scan_id and one.member_id is null)
    union all
    select
        'tie of ' || tie.scan_id || ' as ' || tie.role,
        'scan of that member',
        'delete from touchpoints.tie where scan_id = ' || quote_literal(tie.scan_id) || ' and role = '
            || quote_literal(tie.role)
    from touchpoints.tie as tie
    where not exists (
        select
        from touchpoints.scan as one
        left join touchpoints.claim as claim on claim.scan_id = one.id
        where one.id = tie.scan_id
            and coalesce(one.member_id, claim.member_id) = tie.member_id
    )
) as pieces
order by pieces.piece

-- name: live_rooms_have_their_codes
-- Live rooms that nobody can scan their way into.
select
    'live room ' || room.code as subject,
    'no code' as found,
    'one touchpoint' as expected,
    'select * from touchpoints.live_room where id = ' || quote_literal(room.id) as repair
from touchpoints.live_room as room
where not exists (select from touchpoints.touchpoint as one where one.live_room_id = room.id)
order by room.code
