"""The till of a store: a page that rings up without a network, and the server's side of its outbox."""
