-- name: take_turn
-- Wait until no other transaction gives goods to those who wait; the lock is kept until this one ends.
select pg_advisory_xact_lock(7310003)::text
