-- What a parcel from a site costs, and how many tasks a site takes on an ordinary day, seldom change: who remembers them
-- is told by a mark.
create trigger changes_are_marked after insert or update or delete or truncate on sourcing.site_cost
    for each statement execute function remembered.leave_mark('site_costs');
create trigger changes_are_marked after insert or update or delete or truncate on fulfilment.site_limit
    for each statement execute function remembered.leave_mark('site_limits');
