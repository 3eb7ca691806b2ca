-- Which numbers marketplaces declare as tests seldom changes, and every order is held against it: who remembers the terms
-- is told by a mark.
create trigger changes_are_marked after insert or update or delete or truncate on marketplaces.marketplace
    for each statement execute function remembered.leave_mark('marketplaces');

-- What was said of a movement is never changed: the serving role adds, and that is all.
revoke update, delete, truncate on stock.movement_note from loopline_app;
