-- name: add_losses
-- Keep what is lost by dispositions, in the order given: the last of each holds. Locks nothing but the new rows.
insert into insight.returned_loss (disposition, percent, set_at, set_by)
select
    given.disposition,
    given.percent,
    %(now)s::timestamptz,
    %(by)s::text
from unnest(%(dispositions)s::text[], %(percents)s::integer[]) with ordinality as given (disposition, percent, place)
order by given.place

-- name: losses_in_force
-- The last word on each disposition. Locks nothing.
select distinct on (disposition)
    disposition,
    percent,
    set_at,
    set_by
from insight.returned_loss
order by
    disposition,
    number desc
