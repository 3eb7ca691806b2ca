-- A site that gives work back because it has no time takes no more that day than it has: what it had then, since when.
-- Null in all that is there, which satisfies the rules without being looked at.
alter table fulfilment.capacity
    add column filled_limit integer,
    add column filled_at timestamptz,
    add constraint capacity_filled_limit_not_negative check (filled_limit >= 0) not valid,
    add constraint capacity_filled_has_its_moment check ((filled_limit is null) = (filled_at is null)) not valid;
