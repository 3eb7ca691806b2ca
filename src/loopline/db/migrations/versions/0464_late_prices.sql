-- What of each site's price is for coming later than promised, beside `prices_minor`; null where nobody would come late, and
-- in what was decided before. Nothing is rewritten, and nobody is kept out: the check looks at new rows alone.
alter table sourcing.decision
  add column late_minor bigint[],
  add constraint every_verdict_has_its_lateness check (late_minor is null or cardinality(late_minor) = cardinality(prices_minor))
  not valid;
