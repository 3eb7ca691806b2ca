"""Stored value between rooms: taken at tills and by programs, used for orders, given back, paid out, and its books."""
