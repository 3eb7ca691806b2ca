-- name: try_turn_of_long_errands
-- Take the turn of errands that take long until the connection ends, unless somebody has it. Waits for nobody.
select pg_try_advisory_lock(7310012);
