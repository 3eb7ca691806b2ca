-- What became due to one party, day by day, for the state of its lines.
create index released_amount_by_party on sharing.released_amount (party_id, due_on);
