-- Processes remember what is published alone. A draft that is saved or tried leaves no mark; each version that is published, or
-- ended, does; so does whatever is typed by hand.
drop trigger changes_are_marked on pricing.promotion;
create trigger changes_are_marked after update on pricing.promotion
    for each row when (old.published_at is not null or new.published_at is not null)
    execute function remembered.leave_mark('pricing');
create trigger additions_are_marked after insert on pricing.promotion
    for each row when (new.published_at is not null)
    execute function remembered.leave_mark('pricing');
create trigger removals_are_marked after delete or truncate on pricing.promotion
    for each statement execute function remembered.leave_mark('pricing');
