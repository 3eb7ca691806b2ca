-- name: save_source
-- Keep a source, or keep it anew under its code, with its revision one higher; company, currency and kind stay. Locks
-- the row; none where it is another's.
insert into bills.source (
    id, code, name, kind, layout, entity_id, currency, zone, account, methods, channel, payer, grace_days,
    fee_basis_points, mapping, saved_at, saved_by
)
values (
    %(id)s::uuid, %(code)s::text, %(name)s::text, %(kind)s::text, %(layout)s::text, %(entity_id)s::uuid,
    %(currency)s::text, %(zone)s::text, %(account)s::text, %(methods)s::text[], %(channel)s::text, %(payer)s::text,
    %(grace_days)s::smallint, %(fee_basis_points)s::smallint, %(mapping)s::jsonb, %(now)s::timestamptz, %(by)s::text
)
on conflict (code) do update
set
    name = excluded.name,
    layout = excluded.layout,
    zone = excluded.zone,
    account = excluded.account,
    methods = excluded.methods,
    channel = excluded.channel,
    payer = excluded.payer,
    grace_days = excluded.grace_days,
    fee_basis_points = excluded.fee_basis_points,
    mapping = excluded.mapping,
    revision = source.revision + 1,
    saved_at = excluded.saved_at,
    saved_by = excluded.saved_by
where (source.entity_id, source.currency, source.kind) = (excluded.entity_id, excluded.currency, excluded.kind)
returning
    id, code, name, kind, layout, entity_id, currency, zone, account, methods, channel, payer, grace_days,
    fee_basis_points, mapping, revision

-- name: lock_source
-- A source, locked until the transaction ends, with its revision one higher: bills and runs of it take turns, also with
-- who keeps it anew.
update bills.source
set revision = revision + 1
where id = %(source_id)s::uuid
returning revision

-- name: insert_bill
-- Write a bill; nothing where the same bytes were taken in before. The caller holds the source.
insert into bills.bill (
    id, source_id, content_hash, file_name, size_bytes, lines, first_day, last_day, amount_minor, fee_minor, taken_at,
    taken_by, revision
)
values (
    %(id)s::uuid, %(source_id)s::uuid, %(content_hash)s::bytea, %(file_name)s::text, %(size_bytes)s::integer,
    %(lines)s::integer, %(first_day)s::date, %(last_day)s::date, %(amount_minor)s::bigint, %(fee_minor)s::bigint,
    %(now)s::timestamptz, %(by)s::text, %(revision)s::integer
)
on conflict (source_id, content_hash) do nothing

-- name: copy_lines
-- Write the lines of a bill, in their order. Locks nothing but the new rows.
copy bills.line (
    id, bill_id, source_id, row, day, kind, amount_minor, fee_minor, number, keys, wording
) from stdin

-- name: bill_by_hash
-- The bill that these bytes are. Locks nothing.
select
    id, source_id, file_name, lines, first_day, last_day, amount_minor, fee_minor, taken_at, taken_by
from bills.bill
where source_id = %(source_id)s::uuid and content_hash = %(content_hash)s::bytea

-- name: copy_pairs
-- Write pairs. The caller holds the source.
copy bills.pair (
    line_id, source_id, our_kind, our_id, our_day, our_amount_minor, our_number, our_subject, way, probability, run_id
) from stdin

-- name: add_paid_with
-- Write which other lines of our books lines of pairs pay. The caller holds the source.
insert into bills.paid_with (source_id, our_kind, our_id, our_day, line_id)
select %(source_id)s::uuid, our_kind, our_id, our_day, line_id
from unnest(%(line_ids)s::uuid[], %(our_kinds)s::text[], %(our_ids)s::uuid[], %(our_days)s::date[])
    as other (line_id, our_kind, our_id, our_day)

-- name: keep_differences
-- Open differences that are new, and bring those that stand up to what was found now. What somebody closed stays
-- closed. Returns those that are new or changed. The caller holds the source.
insert into bills.difference as kept (
    id, source_id, subject, kind, day, theirs_minor, ours_minor, lines, line_id, our_kind, our_id, our_number, our_day,
    our_subject, state, owner, note, opened_at, changed_at, run_id
)
select
    id, %(source_id)s::uuid, subject, kind, day, theirs_minor, ours_minor, lines, line_id, our_kind, our_id, our_number,
    our_day, our_subject, 'open', '', '', %(now)s::timestamptz, %(now)s::timestamptz, %(run_id)s::uuid
from unnest(
    %(ids)s::uuid[], %(subjects)s::text[], %(kinds)s::text[], %(days)s::date[], %(theirs_minor)s::bigint[],
    %(ours_minor)s::bigint[], %(lines)s::integer[], %(line_ids)s::uuid[], %(our_kinds)s::text[], %(our_ids)s::uuid[],
    %(our_numbers)s::text[], %(our_days)s::date[], %(our_subjects)s::uuid[]
) as found (
    id, subject, kind, day, theirs_minor, ours_minor, lines, line_id, our_kind, our_id, our_number, our_day, our_subject
)
order by subject collate "C"
on conflict (source_id, subject) do update
set
    kind = excluded.kind,
    theirs_minor = excluded.theirs_minor,
    ours_minor = excluded.ours_minor,
    our_kind = excluded.our_kind,
    our_id = excluded.our_id,
    our_number = excluded.our_number,
    our_day = excluded.our_day,
    our_subject = excluded.our_subject,
    changed_at = excluded.changed_at,
    run_id = excluded.run_id
where kept.state in ('open', 'told')
    and (kept.kind, kept.theirs_minor, kept.ours_minor, kept.our_id)
    is distinct from (excluded.kind, excluded.theirs_minor, excluded.ours_minor, excluded.our_id)
returning kept.id, kept.state, kept.kind, kept.opened_at = %(now)s::timestamptz and kept.run_id = %(run_id)s::uuid as is_new

-- name: close_met
-- Close differences whose line, of theirs or of ours, has met its other half, but for those found again. An entry that
-- corrected one stays. Returns them. The caller holds the source.
update bills.difference as difference
set state = 'matched', changed_at = %(now)s::timestamptz, run_id = %(run_id)s::uuid
where difference.source_id = %(source_id)s::uuid
    and difference.state in ('open', 'told', 'explained')
    and not difference.subject = any (%(subjects)s::text[])
    and (
        difference.line_id = any (%(line_ids)s::uuid[])
        or (
            difference.line_id is null
            and (difference.our_kind, difference.our_id) in (
                select our_kind, our_id
                from unnest(%(our_kinds)s::text[], %(our_ids)s::uuid[]) as met (our_kind, our_id)
            )
        )
    )
returning difference.id, difference.state, difference.kind, false as is_new

-- name: write_run
-- Write down what a run found, once: in the transaction that began it. The caller holds the source.
insert into bills.run (id, source_id, first_day, last_day, run_at, run_by, totals, classes, opened, closed, revision)
values (
    %(id)s::uuid, %(source_id)s::uuid, %(first_day)s::date, %(last_day)s::date, %(now)s::timestamptz, %(by)s::text,
    %(totals)s::jsonb, %(classes)s::jsonb, %(opened)s::integer, %(closed)s::integer, %(revision)s::integer
)

-- name: insert_steps
-- Write down what became of differences. Locks nothing but the new rows.
insert into bills.step (difference_id, at, by, state, kind, note)
select difference_id, %(now)s::timestamptz, %(by)s::text, state, kind, note
from unnest(%(difference_ids)s::uuid[], %(states)s::text[], %(kinds)s::text[], %(notes)s::text[])
    as step (difference_id, state, kind, note)

-- name: lock_differences
-- Differences of some companies' sources, or of all, locked in the order of their ids.
select
    difference.id, difference.source_id, difference.subject, difference.kind, difference.day, difference.theirs_minor,
    difference.ours_minor, difference.lines, difference.line_id, difference.our_kind, difference.our_id,
    difference.our_number, difference.our_day, difference.our_subject, difference.state, difference.owner,
    difference.note, difference.opened_at, difference.changed_at, difference.entry_id, difference.correction
from bills.difference as difference
where difference.id = any (%(difference_ids)s::uuid[])
    and exists (
        select from bills.source as source
        where source.id = difference.source_id
            and (%(entity_ids)s::uuid[] is null or source.entity_id = any (%(entity_ids)s::uuid[]))
    )
order by difference.id
for no key update

-- name: settle_differences
-- Write where differences stand now. The caller has locked them.
update bills.difference as difference
set
    state = told.state,
    owner = told.owner,
    note = told.note,
    entry_id = told.entry_id,
    correction = told.correction,
    changed_at = %(now)s::timestamptz
from unnest(
    %(ids)s::uuid[], %(states)s::text[], %(owners)s::text[], %(notes)s::text[], %(entry_ids)s::uuid[],
    %(corrections)s::text[]
) as told (id, state, owner, note, entry_id, correction)
where difference.id = told.id
