-- name: lock_books
-- Take the turn of closing months of some books, in the order of their names; held until the transaction ends. Locks no row.
select pg_advisory_xact_lock(hashtextextended('closing.close ' || books.name, 0))
from unnest(%(names)s::text[]) as books (name)
order by books.name;

-- name: add_close
-- Close a month; a rival that did is an error. The caller has the turn of these books.
insert into closing.close (
    id, entity_id, currency, month, zone, start_at, end_at, cut, entries, entries_of_before, estimate_entry_id,
    inversion_entry_id, estimate_before_minor, came_back_minor, still_expected_minor, notices, digest_before, digest,
    closed_at, closed_by, comment, recovery_basis_points, arrives_within_days, on_way
)
values (
    %(id)s::uuid, %(entity_id)s::uuid, %(currency)s::text, %(month)s::date, %(zone)s::text, %(start_at)s::timestamptz,
    %(end_at)s::timestamptz, %(cut)s::integer, %(entries)s::bigint, %(entries_of_before)s::bigint,
    %(estimate_entry_id)s::uuid, %(inversion_entry_id)s::uuid, %(estimate_before_minor)s::bigint,
    %(came_back_minor)s::bigint, %(still_expected_minor)s::bigint, %(notices)s::jsonb, %(digest_before)s::bytea,
    %(digest)s::bytea, %(closed_at)s::timestamptz, %(closed_by)s::text, %(comment)s::text,
    %(recovery_basis_points)s::integer, %(arrives_within_days)s::integer, %(on_way)s::jsonb
);

-- name: copy_balances
-- Write the balances of a close.
copy closing.balance (close_id, purpose, opening_minor, debit_minor, credit_minor, closing_minor) from stdin;

-- name: copy_expectations
-- Write what a close expects to come back.
copy closing.expectation (
    close_id, category, units, returnable_minor, expected_minor, basis, seen_units, seen_minor, seen_back_minor, right_minor
) from stdin;

-- name: insert_recovery
-- Say what recovering goods costs, under the next version; two at once would draw the same, and the second is refused by
-- the key.
insert into closing.recovery (currency, version, basis_points, arrives_within_days, set_at, set_by, comment)
select
    %(currency)s::text,
    coalesce(max(version), 0) + 1,
    %(basis_points)s::integer,
    %(arrives_within_days)s::integer,
    %(now)s::timestamptz,
    %(by)s::text,
    %(comment)s::text
from closing.recovery
where currency = %(currency)s::text;
