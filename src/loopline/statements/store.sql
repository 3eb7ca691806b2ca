-- name: take_turn
-- Take the turn of sealing, without waiting; held until the transaction ends, one that only reads included.
select pg_try_advisory_xact_lock(hashtextextended('statements.seal', 0));

-- name: forget_draft_leaves
-- Take away the leaves of a day that is not sealed: what was begun and never ended. A trigger guards sealed ones.
delete from statements.leaf
where leaf.day = %(day)s::date;

-- name: forget_draft_pages
-- Take away the pages of a day that is not sealed, as above.
delete from statements.page
where page.day = %(day)s::date;

-- name: copy_leaves
-- Write what parties' days hold; nobody reads it before the day is sealed.
copy statements.leaf (party_id, day, line_count, lines_root, opening, moved, kinds) from stdin;

-- name: copy_pages
-- Write lines, some hundreds to a row; nobody reads them before the day is sealed.
copy statements.page (party_id, day, number, line_count, entry_ids, lines) from stdin;

-- name: add_seal
-- Seal a day. A rival that sealed it is an error: two never seal at once.
insert into statements.seal (day, secret, tree_size, lines, leaf_hashes, tree_root, previous_root, root, sealed_at)
values (
  %(day)s::date, %(secret)s::bytea, %(tree_size)s::integer, %(lines)s::bigint, %(leaf_hashes)s::bytea,
  %(tree_root)s::bytea, %(previous_root)s::bytea, %(root)s::bytea, %(sealed_at)s::timestamptz
);

-- name: copy_sealed_parties
-- Write where new parties stand in the trees from a day on.
copy statements.sealed_party (party_id, position, since_day, code) from stdin;
