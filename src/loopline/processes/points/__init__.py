"""Points between rooms: what sales earn, where they stand with orders, what is deferred for them, and the programme."""
