-- Who looked at a member is read whenever somebody opens a member's page, and the log of access grows with every parcel.
create index access_by_member on customers.access using gin (member_ids);
