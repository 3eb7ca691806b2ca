"""A round on the phone: the shelves in their order, a box for each order, with or without a network."""
