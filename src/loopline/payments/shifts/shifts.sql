-- name: hold_tills
-- Hold tills until the transaction ends, one after the other in the order of their ids.
select pg_advisory_xact_lock(7310009, hashtext(till_id::text))::text
from (
    select till_id
    from unnest(%(till_ids)s::uuid[]) as wanted (till_id)
    order by till_id
) as held

-- name: till_of_shift
-- The till of a shift, where it is one of these sites'.
select till_id
from payments.shift
where id = %(shift_id)s::uuid
    and (%(everything)s::boolean or site_id = any(%(site_ids)s::uuid[]))

-- name: shift_by_id
-- A shift as it stands.
select
    id, till_id, site_id, entity_id, currency, opened_by, opened_at, float_minor, float_pieces, float_note, left_minor,
    taken_over_from, closed_by, closed_at, z_number, expected_minor, counted_minor, counted_pieces, note
from payments.shift
where id = %(shift_id)s::uuid

-- name: shifts_by_ids
-- Shifts as they stand.
select
    id, till_id, site_id, entity_id, currency, opened_by, opened_at, float_minor, float_pieces, float_note, left_minor,
    taken_over_from, closed_by, closed_at, z_number, expected_minor, counted_minor, counted_pieces, note
from payments.shift
where id = any(%(shift_ids)s::uuid[])
order by id

-- name: open_shift_of_till
-- The shift of a till that is open.
select
    id, till_id, site_id, entity_id, currency, opened_by, opened_at, float_minor, float_pieces, float_note, left_minor,
    taken_over_from, closed_by, closed_at, z_number, expected_minor, counted_minor, counted_pieces, note
from payments.shift
where till_id = %(till_id)s::uuid
    and closed_at is null

-- name: last_shift
-- The latest shift of a till; of one that was taken over at the same moment the one that is open.
select
    id, till_id, site_id, entity_id, currency, opened_by, opened_at, float_minor, float_pieces, float_note, left_minor,
    taken_over_from, closed_by, closed_at, z_number, expected_minor, counted_minor, counted_pieces, note
from payments.shift
where till_id = %(till_id)s::uuid
order by opened_at desc, closed_at desc nulls first
limit 1

-- name: open_shifts_of_sites
-- The shifts that are open at sites, the first opened first.
select
    id, till_id, site_id, entity_id, currency, opened_by, opened_at, float_minor, float_pieces, float_note, left_minor,
    taken_over_from, closed_by, closed_at, z_number, expected_minor, counted_minor, counted_pieces, note
from payments.shift
where site_id = any(%(site_ids)s::uuid[])
    and closed_at is null
order by opened_at, id

-- name: shifts_since
-- The shifts of tills that were open at a moment or after it, each till's in their order.
select
    id, till_id, site_id, entity_id, currency, opened_by, opened_at, float_minor, float_pieces, float_note, left_minor,
    taken_over_from, closed_by, closed_at, z_number, expected_minor, counted_minor, counted_pieces, note
from payments.shift
where till_id = any(%(till_ids)s::uuid[])
    and (closed_at is null or closed_at > %(since)s::timestamptz)
order by till_id, opened_at, id

-- name: left_in_drawer
-- What the last shift of a till counted, and the cash that was rung up since; no row where it never had one.
select
    (counted_minor + coalesce((
        select sum(amount_minor)
        from payments.till_move
        where till_id = %(till_id)s::uuid
            and shift_id is null
            and method = %(cash)s::text
            and currency = %(currency)s::text
    ), 0))::bigint as left_minor
from payments.shift
where till_id = %(till_id)s::uuid
    and currency = %(currency)s::text
order by z_number desc
limit 1

-- name: add_shift
-- Open a shift of a till that has none open; the caller holds the till.
insert into payments.shift (
    id, till_id, site_id, entity_id, currency, opened_by, opened_at, float_minor, float_pieces, float_note, left_minor,
    taken_over_from
)
values (
    %(id)s::uuid,
    %(till_id)s::uuid,
    %(site_id)s::uuid,
    %(entity_id)s::uuid,
    %(currency)s::text,
    %(opened_by)s::uuid,
    %(now)s::timestamptz,
    %(float_minor)s::bigint,
    %(float_pieces)s::jsonb,
    %(float_note)s::text,
    %(left_minor)s::bigint,
    %(taken_over_from)s::uuid
)

-- name: gather_waiting
-- Give a shift what its till took while none was open: the count that opened it has seen that.
update payments.till_move
set shift_id = %(shift_id)s::uuid, counted = 'opening'
where till_id = %(till_id)s::uuid
    and shift_id is null
    and currency = %(currency)s::text

-- name: expected_in_drawer
-- What a drawer should hold: the float, and the cash that its shift moved.
select
    (float_minor + coalesce((
        select sum(amount_minor)
        from payments.till_move
        where shift_id = shift.id
            and counted = 'shift'
            and method = %(cash)s::text
    ), 0))::bigint as expected_minor
from payments.shift as shift
where id = %(shift_id)s::uuid

-- name: close_shift
-- Close a shift that is open, with the next number of its till; the caller holds the till, so that nobody else does and
-- nothing moves meanwhile.
update payments.shift as closing
set
    closed_by = %(closed_by)s::uuid,
    closed_at = %(now)s::timestamptz,
    z_number = (
        select coalesce(max(earlier.z_number), 0) + 1
        from payments.shift as earlier
        where earlier.till_id = closing.till_id
    ),
    expected_minor = %(expected_minor)s::bigint,
    counted_minor = %(counted_minor)s::bigint,
    counted_pieces = %(counted_pieces)s::jsonb,
    note = %(note)s::text
where id = %(shift_id)s::uuid
    and closed_at is null
returning
    id, till_id, site_id, entity_id, currency, opened_by, opened_at, float_minor, float_pieces, float_note, left_minor,
    taken_over_from, closed_by, closed_at, z_number, expected_minor, counted_minor, counted_pieces, note

-- name: add_moves
-- Keep what tills moved; what is kept by its id or its source stays as it is and is not returned.
insert into payments.till_move (
    id, till_id, shift_id, kind, method, currency, amount_minor, counted, source_id, note, moved_by, moved_at,
    recorded_at
)
select
    id,
    till_id,
    shift_id,
    kind,
    method,
    currency,
    amount_minor,
    counted,
    source_id,
    note,
    moved_by,
    moved_at,
    %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[],
    %(till_ids)s::uuid[],
    %(shift_ids)s::uuid[],
    %(kinds)s::text[],
    %(methods)s::text[],
    %(currencies)s::text[],
    %(amounts_minor)s::bigint[],
    %(counted)s::text[],
    %(source_ids)s::uuid[],
    %(notes)s::text[],
    %(moved_by)s::text[],
    %(moved_at)s::timestamptz[]
) as moved (
    id, till_id, shift_id, kind, method, currency, amount_minor, counted, source_id, note, moved_by, moved_at
)
order by source_id, method, id
on conflict do nothing
returning id

-- name: move_by_id
-- What a till moved, by its id.
select
    id, till_id, shift_id, kind, method, currency, amount_minor, counted, source_id, note, moved_by, moved_at
from payments.till_move
where id = %(move_id)s::uuid

-- name: totals_of_shifts
-- What shifts moved, by kind, method and the count that saw it.
select
    shift_id,
    kind,
    method,
    counted,
    count(*) as times,
    sum(amount_minor)::bigint as amount_minor
from payments.till_move
where shift_id = any(%(shift_ids)s::uuid[])
group by shift_id, kind, method, counted
order by shift_id, kind, method, counted

-- name: moves_by_hand
-- What people put into a drawer and took out of it in a shift, and what came after its count, in their order.
select
    id, till_id, shift_id, kind, method, currency, amount_minor, counted, source_id, note, moved_by, moved_at
from payments.till_move
where shift_id = %(shift_id)s::uuid
    and (source_id is null or counted = 'later')
order by moved_at, id

-- name: shifts_of_sites
-- The shifts that were opened in a time, of these sites, the latest first, each with its cash and what came later. Those
-- that are shown are found first: what moved is summed up for them alone.
with shift as (
    select *
    from payments.shift
    where opened_at >= %(start)s::timestamptz
        and opened_at < %(end)s::timestamptz
        and (%(everything)s::boolean or site_id = any(%(site_ids)s::uuid[]))
    order by opened_at desc, id desc
    limit %(at_most)s::integer
)
select
    shift.id, shift.till_id, shift.site_id, shift.entity_id, shift.currency, shift.opened_by, shift.opened_at,
    shift.float_minor, shift.float_pieces, shift.float_note, shift.left_minor, shift.taken_over_from, shift.closed_by,
    shift.closed_at, shift.z_number, shift.expected_minor, shift.counted_minor, shift.counted_pieces, shift.note,
    moved.sales,
    moved.cash_minor,
    moved.later,
    moved.later_minor
from shift
cross join lateral (
    select
        count(distinct source_id) filter (where kind = 'sale') as sales,
        coalesce(sum(amount_minor) filter (where counted = 'shift' and method = %(cash)s::text), 0)::bigint
            as cash_minor,
        count(*) filter (where counted = 'later') as later,
        coalesce(sum(amount_minor) filter (where counted = 'later' and method = %(cash)s::text), 0)::bigint
            as later_minor
    from payments.till_move
    where shift_id = shift.id
) as moved
order by shift.opened_at desc, shift.id desc

-- name: given_by_method
-- How much of refunds was given by each of some methods: those by which it was taken, or its own.
select
    refund.id,
    coalesce(payment.method, refund.method) as method,
    sum(coalesce(part.amount_minor, refund.amount_minor))::bigint as amount_minor
from payments.refund as refund
left join payments.refund_part as part on part.refund_id = refund.id
left join payments.payment as payment on payment.id = part.payment_id
where refund.id = any(%(refund_ids)s::uuid[])
    and coalesce(payment.method, refund.method) = any(%(methods)s::text[])
group by refund.id, coalesce(payment.method, refund.method)
order by refund.id, method
