-- name: take_turn
-- Wait until no other transaction gives goods to those who wait; the lock is kept until this one ends.
select pg_advisory_xact_lock(7310003)::text

-- name: try_turn_to_give_back
-- Take the turn of giving back what ran out, where it is free; the lock is kept until this transaction ends.
select pg_try_advisory_xact_lock(7310006)
