-- name: try_turn_of_long_errands
-- Take the turn of errands that take long until the connection ends, unless somebody has it. Waits for nobody.
select pg_try_advisory_lock(7310012);

-- name: turn_of_long_errands
-- Take the turn of errands that take long until the connection ends. Waits a second for whoever has it.
select set_config('lock_timeout', '1s', false), pg_advisory_lock(7310012)::text;
